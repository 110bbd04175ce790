"""A query that aggregates, taken apart: what it reads, on what conditions, by which groups.

Conditions with constants are left to the readers of a view, for the constants may be others the
next time: their columns become groups of the view. That is sound where equal values of a column are
the same value (so not for a citext), and where what is asked of larger groups can be made of those
of smaller ones; of a single value of each such column there is only one smaller group.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dbwright.model.catalog import Catalog
from dbwright.sql.parse import Node, SyntaxProblem
from dbwright.sql.scope.output_names import output_name
from dbwright.tune.rewrites.source import Level, Source, read_source
from dbwright.tune.rewrites.trees import any_node, column_refs, conjuncts
from dbwright.tune.views.aggregates import is_aggregate, needed_for
from dbwright.tune.views.conditions import is_equality, lifted
from dbwright.tune.views.normal import normal, text_of
from dbwright.tune.workload.weighted import Weighted

__all__ = ["Condition", "Shape", "shape_of", "target_named"]

REFUSED = ("distinctClause", "windowClause", "lockingClause", "withClause", "valuesLists")
OTHER_CLAUSES = ("intoClause", "groupDistinct")


@dataclass(frozen=True, slots=True)
class Condition:
    """One that the view's readers make."""

    node: Node
    columns: tuple[str, ...]
    """Texts of the columns it is about."""
    single: bool
    """Does it let one value of its column pass?"""


@dataclass(frozen=True)
class Shape:
    """A query over groups. Expressions are normal, and known by their texts."""

    weighted: Weighted
    source: Source
    level: Level
    groups: Mapping[str, Node]
    lifted: Mapping[str, Node]
    """Columns and dates that become groups of the view, and are none of the query."""
    conditions: tuple[Condition, ...]
    kept: Mapping[str, Node]
    """Conditions of the view itself."""
    dependent: Mapping[str, Node]
    """Columns that the groups determine (a key's others)."""
    needed: Mapping[str, Node]
    """Aggregates that the view must have."""
    combines: bool
    """Must they be aggregated once more?"""
    guessed: bool
    """Might constants in what the view would hold be others in the calls that were made?"""

    @property
    def tables(self) -> tuple[str, ...]:
        """Qualified, all that it reads, also in subqueries."""
        uses = self.source.statement.relations
        return tuple(dict.fromkeys(use.qualified for use in uses if use.stored and use.qualified))

    @property
    def relations(self) -> str:
        """What it reads, to compare."""
        return "; ".join(
            f"{item.table.qualified if item.table else '?'} {item.alias}"
            for item in self.level.items
        )


def shape_of(weighted: Weighted, catalog: Catalog) -> Shape | None:
    """None for a query that is not one level of groups over tables by name, or whose parts can't
    be told."""
    try:
        source = read_source(weighted.statement, catalog)
    except SyntaxProblem:
        return None
    if source is None or not source.levels:
        return None
    level = source.levels[0]
    if not _is_plain(level):
        return None
    return _Reader(weighted, source, level).read()


def target_named(level: Level, ref: Node) -> Node | None:
    """The expression of the target list whose name in the result a ColumnRef is."""
    names = [field.get("String", {}).get("sval", "") for field in ref["fields"]]
    for part in level.fields.get("targetList", ()):
        target = part["ResTarget"]
        if [target.get("name") or output_name(target["val"])] == names:
            found: Node = target["val"]
            return found
    return None


def _is_plain(level: Level) -> bool:
    fields = level.fields
    known = all(item.table is not None for item in level.items)
    other = any(fields.get(name) for name in (*REFUSED, *OTHER_CLAUSES))
    return (
        bool(level.items) and known and level.plain_from and not level.set_operation and not other
    )


class _Reader:
    def __init__(self, weighted: Weighted, source: Source, level: Level) -> None:
        self._weighted = weighted
        self._source = source
        self._level = level
        self._groups: dict[str, Node] = {}
        self._lifted: dict[str, Node] = {}
        self._conditions: list[Condition] = []
        self._kept: dict[str, Node] = {}
        self._calls: dict[str, Node] = {}
        self._dependent: dict[str, Node] = {}

    def read(self) -> Shape | None:
        fields = self._level.fields
        # Conditions of joins stay in the view, so they must be the same each time.
        if any_node(fields.get("fromClause", []), ("A_Const", "FuncCall", "ParamRef")):
            return None
        if not self._read_groups() or not self._read_conditions():
            return None
        parts = [part["ResTarget"]["val"] for part in fields["targetList"]]
        parts += [fields["havingClause"]] if "havingClause" in fields else []
        parts += [
            node
            for node in (key["SortBy"]["node"] for key in fields.get("sortClause", ()))
            # ORDER BY 1, or by a name of the result
            if "A_Const" not in node
            and ("ColumnRef" not in node or target_named(self._level, node["ColumnRef"]) is None)
        ]
        if not all(self._read_result(part) for part in parts) or not self._calls:
            return None
        combines = not fields.get("groupClause") or any(
            not condition.single for condition in self._conditions if self._adds(condition)
        )
        needed = dict(self._needed(combines))
        if None in needed.values() or not (self._groups or self._lifted):
            return None
        return Shape(
            self._weighted,
            self._source,
            self._level,
            self._groups,
            self._lifted,
            tuple(self._conditions),
            self._kept,
            self._dependent,
            {text: node for text, node in needed.items() if node is not None},
            combines,
            self._is_guessed(),
        )

    def _is_guessed(self) -> bool:
        query = self._weighted.query
        known = query.example is not None or query.slowest is not None
        held = [*self._groups.values(), *self._lifted.values(), *self._calls.values()]
        return not known and "$" in query.text and any_node(held, ("A_Const",))

    def _adds(self, condition: Condition) -> bool:
        """Is it about a column that the query does not group by itself?"""
        return any(text in self._lifted for text in condition.columns)

    def _read_groups(self) -> bool:
        for part in self._level.fields.get("groupClause", ()):
            node = self._group(part)
            if node is None or any_node(node, ("SubLink", "GroupingSet")):
                return False
            found = normal(self._level, node)
            text = None if found is None else text_of(found)
            if found is None or text is None or not column_refs(found):
                return False
            self._groups[text] = found
        return True

    def _group(self, part: Node) -> Node | None:
        """GROUP BY 1 is the first of the target list; a name is first one of a column."""
        targets = self._level.fields["targetList"]
        number = part.get("A_Const", {}).get("ival", {}).get("ival")
        if number is not None:
            known = 0 < number <= len(targets)
            return targets[number - 1]["ResTarget"]["val"] if known else None
        ref = part.get("ColumnRef")
        if ref is not None and self._level.named(ref) is None:
            return target_named(self._level, ref)
        return part

    def _read_conditions(self) -> bool:
        for written in conjuncts(self._level.fields.get("whereClause")):
            node = normal(self._level, written)
            text = None if node is None else text_of(node)
            if node is None or text is None:
                return False
            if not any_node(node, ("A_Const", "SQLValueFunction", "ParamRef", "FuncCall")):
                self._kept[text] = node
                continue
            columns = lifted(self._level, node, self._source.catalog)
            if columns is None:
                return False
            single = len(columns) == 1 and is_equality(node)
            self._conditions.append(Condition(node, tuple(columns), single))
            self._lifted.update(
                (name, column) for name, column in columns.items() if name not in self._groups
            )
        return True

    def _read_result(self, node: Any) -> bool:
        """The aggregates of an expression of the result, and columns that are neither in them nor
        groups."""
        if isinstance(node, list):
            return all(map(self._read_result, node))
        if not isinstance(node, Mapping):
            return True
        if len(node) == 1:
            ((kind, fields),) = node.items()
            if kind in ("SubLink", "GroupingFunc", "A_Star", "ParamRef"):
                return False
            if kind[:1].isupper() and isinstance(fields, Mapping):
                known = self._known(kind, fields, node)
                if known is not None:
                    return known
        return all(self._read_result(child) for child in node.values())

    def _known(self, kind: str, fields: Node, node: Node) -> bool | None:
        """None where its parts have to be looked at."""
        if kind == "FuncCall" and "over" in fields:
            return False
        if kind not in ("String", "TypeName", "A_Const", "Integer"):
            found = normal(self._level, node)
            if found is not None and text_of(found) in self._groups:
                return True
        if kind == "FuncCall" and is_aggregate(fields, self._source.catalog):
            return self._aggregate(node)
        if kind == "ColumnRef":
            return self._column(node)
        return None

    def _aggregate(self, node: Node) -> bool:
        found = normal(self._level, node)
        text = None if found is None else text_of(found)
        if found is None or text is None or any_node(found, ("SubLink", "ParamRef")):
            return False
        self._calls[text] = found
        return True

    def _column(self, node: Node) -> bool:
        """One that the groups determine, else the server would have refused it."""
        found = normal(self._level, node)
        text = None if found is None else text_of(found)
        if found is None or text is None:
            return False
        self._dependent[text] = found
        return True

    def _needed(self, combines: bool) -> Iterator[tuple[str, Node | None]]:
        for text, call in self._calls.items():
            if not combines:
                yield text, call
                continue
            needed = needed_for(call, self._argument_type(call))
            if needed is None:
                yield text, None
                return
            for node in needed:
                yield text_of(node) or "", node

    def _argument_type(self, call: Node) -> str | None:
        arguments = call["FuncCall"].get("args", [])
        if len(arguments) != 1 or "ColumnRef" not in arguments[0]:
            return None
        named = self._level.named(arguments[0]["ColumnRef"])
        return None if named is None or named.column.is_array else named.column.base_type
