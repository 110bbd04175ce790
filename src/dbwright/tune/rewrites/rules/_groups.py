"""The first row of each group: as DISTINCT ON, and through an index from the table of the groups.

Both give a subquery with the columns that the original gives, so that it can stand in its place.
Which of them is cheaper depends on the indexes and the sizes of the groups: the planner says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dbwright.model.catalog import Catalog, Table
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.keys import holds
from dbwright.tune.rewrites.rules._parts import constant_kind, qualified
from dbwright.tune.rewrites.source import Level, Named
from dbwright.tune.rewrites.trees import all_of, column, column_refs, comparison, integer, put

__all__ = [
    "PLAIN",
    "FirstRows",
    "all_columns",
    "qualified_names",
    "reads_system_column",
    "relation",
    "subselect",
    "takes_one",
]

PLAIN = {"limitOption": "LIMIT_OPTION_DEFAULT", "op": "SETOP_NONE"}
SYSTEM = frozenset("ctid tableoid xmin xmax cmin cmax".split())
"""Columns that a subquery does not hand on."""
GROUPS = "each_group"
PICKED = "picked"


@dataclass(frozen=True)
class FirstRows:
    """Of the rows that `from_` and `where` give, the first of each group, as `order` sorts."""

    targets: list[Node]
    from_: list[Node]
    where: list[Node]
    groups: list[Named]
    """The columns that tell the groups apart, of one relation."""
    order: list[Node]
    """SortBy nodes, all names in them with their relation."""
    with_ties: bool = False
    """All the rows that come first together."""
    null_group: bool = True
    """Do rows whose group is not known make a group?"""
    filters: list[Node] = field(default_factory=list)
    """Conditions that follow from the sort: no row without a value."""
    sort: list[tuple[int, Node]] = field(default_factory=list)
    """How the whole is sorted: by which of the groups' columns, each with its SortBy."""

    def distinct_on(self) -> Node:
        """`SELECT DISTINCT ON (groups) … ORDER BY groups, order`."""
        keys = [qualified(named) for named in self.groups]
        known = [] if self.null_group else _known(self.groups)
        where = all_of([*self.where, *known, *self.filters])
        return {
            "SelectStmt": {
                "distinctClause": keys,
                "targetList": self.targets,
                "fromClause": self.from_,
                **({} if where is None else {"whereClause": where}),
                "sortClause": [*map(_sort, keys), *self.order],
                **PLAIN,
            }
        }

    def from_groups(self, catalog: Catalog) -> Iterator[Node]:
        """`SELECT picked.* FROM each_group CROSS JOIN LATERAL (… LIMIT 1) picked`, for each table
        that has a row for every group, as a foreign key says."""
        table = self.groups[0].table
        names = [named.column.name for named in self.groups]
        if self.null_group and not all(named.not_null for named in self.groups):
            return
        for key in table.foreign_keys:
            other = catalog.find_table(key.references)
            if sorted(key.columns) != sorted(names) or other is None:
                continue
            if holds(catalog, table, key):
                targets = dict(zip(key.columns, key.referenced_columns, strict=True))
                yield self._lateral(other, [targets[name] for name in names])

    def _lateral(self, groups: Table, keys: list[str]) -> Node:
        ties = [
            comparison(qualified(named), "=", column(GROUPS, key))
            for named, key in zip(self.groups, keys, strict=True)
        ]
        option = "LIMIT_OPTION_WITH_TIES" if self.with_ties else "LIMIT_OPTION_COUNT"
        first = {
            "targetList": self.targets,
            "fromClause": self.from_,
            "whereClause": all_of([*ties, *self.where, *self.filters]),
            "sortClause": self.order,
            "limitCount": integer(1),
            "limitOption": option,
            "op": "SETOP_NONE",
        }
        join = {
            "jointype": "JOIN_INNER",
            "larg": relation(groups, GROUPS),
            "rarg": subselect({"SelectStmt": first}, PICKED, lateral=True),
        }
        sort: list[Node] = [
            {"SortBy": {**own, "node": column(GROUPS, keys[number])}} for number, own in self.sort
        ]
        return {
            "SelectStmt": {
                "targetList": [_target(_star(PICKED))],
                "fromClause": [{"JoinExpr": join}],
                **({"sortClause": sort} if sort else {}),
                **PLAIN,
            }
        }


def takes_one(inner: Level) -> bool:
    """Is it a plain SELECT … ORDER BY … LIMIT 1?"""
    more = (
        "distinctClause groupClause havingClause windowClause limitOffset lockingClause "
        "withClause valuesLists"
    ).split()
    if inner.set_operation or any(inner.fields.get(name) for name in more):
        return False
    one = constant_kind(inner.fields.get("limitCount", {})) == ("ival", "1")
    ties = inner.fields.get("limitOption") == "LIMIT_OPTION_WITH_TIES"
    return bool(one and not ties and inner.fields.get("sortClause"))


def reads_system_column(level: Level) -> bool:
    """Does it ask for what only a table has (or for a whole row, as a table's type), or name a
    table with its schema?"""
    aliases = {item.alias for item in level.items}
    for fields in column_refs(dict(level.fields)):
        names = [part["String"]["sval"] for part in fields["fields"] if "String" in part]
        whole = len(fields["fields"]) == 1 and aliases.intersection(names)
        if whole or SYSTEM.intersection(names) or len(fields["fields"]) > 2:
            return True
    return False


def relation(table: Table, alias: str) -> Node:
    """The table in FROM, under this alias."""
    named = {"schemaname": table.schema, "relname": table.name, "inh": True, "relpersistence": "p"}
    return {"RangeVar": {**named, "alias": {"aliasname": alias}}}


def subselect(query: Node, alias: str, *, lateral: bool = False) -> Node:
    """The query in FROM, under this alias."""
    own: dict[str, Any] = {"subquery": query, "alias": {"aliasname": alias}}
    return {"RangeSubselect": {**own, **({"lateral": True} if lateral else {})}}


def all_columns(alias: str) -> list[Node]:
    """`alias.*`"""
    return [_target(_star(alias))]


def qualified_names(level: Level, node: Any) -> Any | None:
    """The tree with its relation before each column name; None where one is unclear. (A bare name
    in ORDER BY would be an output column's, where there is one.)"""
    if isinstance(node, dict):
        if "ColumnRef" in node:
            named = level.named(node["ColumnRef"])
            return None if named is None or named.level.path != level.path else qualified(named)
        if "SubLink" in node:
            return None
        for name, child in node.items():
            new = qualified_names(level, child)
            if new is None and child is not None:
                return None
            node = put(node, (name,), new)
        return node
    if isinstance(node, list):
        found = [qualified_names(level, child) for child in node]
        return None if any(each is None for each in found) else found
    return node


def _known(groups: list[Named]) -> list[Node]:
    return [
        {"NullTest": {"arg": qualified(named), "nulltesttype": "IS_NOT_NULL"}}
        for named in groups
        if not named.not_null
    ]


def _sort(node: Node) -> Node:
    direction = {"sortby_dir": "SORTBY_DEFAULT", "sortby_nulls": "SORTBY_NULLS_DEFAULT"}
    return {"SortBy": {"node": node, **direction}}


def _star(alias: str) -> Node:
    return {"ColumnRef": {"fields": [{"String": {"sval": alias}}, {"A_Star": {}}]}}


def _target(value: Node) -> Node:
    return {"ResTarget": {"val": value}}
