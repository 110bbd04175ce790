"""A query to be rewritten: its tree, its levels, and what each column name means.

Names are resolved as the catalog has them; what can't be told for sure is None, and a rewrite then
leaves the query alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.statistics import Statistics
from dbwright.sql.parse import Node, parse
from dbwright.sql.scope import CatalogRelations, Statement, analyse
from dbwright.sql.scope.canonical import deparse
from dbwright.sql.scope.nouns import RelationUse
from dbwright.tune.rewrites.keys import never_null
from dbwright.tune.rewrites.trees import Path, at, kind_of, put
from dbwright.tune.rewrites.writing import written

__all__ = ["Item", "Level", "Named", "Source", "read_source"]


@dataclass(frozen=True, slots=True)
class Item:
    """One relation in a FROM clause."""

    alias: str
    table: Table | None
    """None for what is no table of the catalog (a subquery, a CTE, a view, a function)."""
    columns: tuple[str, ...] | None
    """None where they are not known."""
    nullable: bool
    """May an outer join fill it with NULLs?"""
    aliased: bool = False
    path: Path = ()
    never_null: frozenset[str] = frozenset()
    """Columns of the table that no row has a NULL in."""


@dataclass(frozen=True, slots=True)
class Named:
    """What a column name means."""

    level: Level
    item: Item
    column: Column
    table: Table

    @property
    def not_null(self) -> bool:
        """Is it never NULL in any row that the query sees?"""
        return not self.item.nullable and self.column.name in self.item.never_null


@dataclass(frozen=True)
class Level:
    """One SELECT of the query."""

    path: Path
    """To its fields."""
    fields: Mapping[str, Any]
    parent: Level | None
    items: tuple[Item, ...]
    plain_from: bool
    """Are all of its FROM clause relations by name, and joins of them without USING, NATURAL,
    ONLY, an alias for the join or TABLESAMPLE?"""

    @cached_property
    def plain(self) -> bool:
        """Is it a SELECT … FROM … WHERE, and perhaps ORDER BY, with nothing else?"""
        other = (
            "distinctClause groupClause havingClause windowClause limitCount limitOffset "
            "lockingClause withClause valuesLists intoClause"
        ).split()
        return not self.set_operation and not any(self.fields.get(name) for name in other)

    @property
    def set_operation(self) -> bool:
        return bool(self.fields.get("op", "SETOP_NONE") != "SETOP_NONE")

    def named(self, fields: Node) -> Named | None:
        """What a ColumnRef means here; None where it is no column of a known table, or unclear."""
        names = [part["String"]["sval"] for part in fields["fields"] if "String" in part]
        if len(names) != len(fields["fields"]) or len(names) > 2:
            return None
        level: Level | None = self
        while level is not None:
            found = [item for item in level.items if _may_have(item, names)]
            if found:
                return _named(level, found, names[-1])
            level = level.parent
        return None


@dataclass(frozen=True)
class Source:
    """A SELECT."""

    text: str
    tree: Node
    """`{"SelectStmt": …}`."""
    statement: Statement
    catalog: Catalog
    statistics: Statistics | None = None
    """Only for figures: whether a rewrite is worth it, the planner says."""

    @cached_property
    def levels(self) -> tuple[Level, ...]:
        """Every SELECT of it, outermost first."""
        uses = {use.location: use for use in self.statement.relations}
        found: dict[Path, Level] = {}
        for path, fields in _selects(self.tree, ()):
            parent = _parent(path, found, self.tree)
            items = tuple(_items(fields, path, uses, self.catalog))
            plain = all(map(_is_plain, fields.get("fromClause", ())))
            found[path] = Level(path, fields, parent, items, plain)
        return tuple(found.values())

    def expressions(self, level: Level) -> Sequence[tuple[Path, str, Node]]:
        """The nodes of the level itself, outermost first: not those of SELECTs inside of it."""
        return self._expressions[level.path]

    @cached_property
    def _expressions(self) -> Mapping[Path, Sequence[tuple[Path, str, Node]]]:
        """By level, in one walk: every rewrite asks for them."""
        found: dict[Path, list[tuple[Path, str, Node]]] = {each.path: [] for each in self.levels}
        pending: list[tuple[Any, Path, Path | None]] = [(self.tree, (), None)]
        while pending:
            node, path, level = pending.pop()
            level = path if path in found else level
            if isinstance(node, Mapping):
                own = kind_of(node)
                if own is not None and level is not None:
                    found[level].append((path, own, node[own]))
                children = [(child, (*path, name), level) for name, child in node.items()]
            elif isinstance(node, list):
                children = [(child, (*path, n), level) for n, child in enumerate(node)]
            else:
                continue
            pending += reversed(children)
        return found

    def with_node(self, path: Path, new: Any) -> str | None:
        """The text with another expression at the path; None where it can't be written."""
        return written(self.text, put(self.tree, path, new), at(self.tree, path), new)

    def with_tree(self, tree: Node) -> str | None:
        """Another query as text, written anew; None where it can't be written."""
        return deparse("SelectStmt", tree["SelectStmt"])

    def with_level(self, level: Level, **fields: Any) -> str | None:
        """The text with other fields of a level; None takes a field away."""
        changed = {**level.fields, **fields}
        kept = {name: value for name, value in changed.items() if value is not None}
        return self.with_tree(put(self.tree, level.path, kept))


def read_source(text: str, catalog: Catalog, statistics: Statistics | None = None) -> Source | None:
    """The query, ready to be rewritten; None for what is no SELECT, or not understood whole.

    Raises SyntaxProblem.
    """
    statements = parse(text).statements
    if len(statements) != 1 or statements[0].kind != "SelectStmt":
        return None
    statement = analyse(text, CatalogRelations(catalog))
    if statement.unresolved:
        return None
    return Source(text, {"SelectStmt": statements[0].node}, statement, catalog, statistics)


def _selects(node: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    if isinstance(node, Mapping):
        for name, child in node.items():
            if isinstance(child, Mapping) and (name == "SelectStmt" or _is_arm(name, child)):
                yield (*path, name), child
            yield from _selects(child, (*path, name))
    elif isinstance(node, list):
        for number, child in enumerate(node):
            yield from _selects(child, (*path, number))


def _is_arm(name: str, node: Node) -> bool:
    return name in ("larg", "rarg") and "op" in node


def _parent(path: Path, found: Mapping[Path, Level], tree: Node) -> Level | None:
    """The SELECT whose relations it may name."""
    above = [other for other in found if path[: len(other)] == other]
    if not above:
        return None
    nearest = found[max(above, key=len)]
    between = path[len(nearest.path) :]
    apart = "CommonTableExpr" in between or "larg" in between[-1:] or "rarg" in between[-1:]
    if "RangeSubselect" in between:
        position = len(nearest.path) + between.index("RangeSubselect") + 1
        fields: Any = tree
        for step in path[:position]:
            fields = fields[step]
        apart = not fields.get("lateral")
    return nearest.parent if apart else nearest


def _items(
    fields: Mapping[str, Any],
    path: Path,
    uses: Mapping[int | None, RelationUse],
    catalog: Catalog,
) -> Iterator[Item]:
    pending = [
        ((*path, "fromClause", n), node) for n, node in enumerate(fields.get("fromClause", ()))
    ]
    while pending:
        place, node = pending.pop(0)
        ((kind, own),) = node.items()
        if kind == "JoinExpr":
            pending[:0] = [((*place, kind, side), own[side]) for side in ("larg", "rarg")]
            continue
        alias = own.get("alias", {})
        use = uses.get(own.get("location")) if kind == "RangeVar" else None
        if use is None:
            yield Item(alias.get("aliasname", ""), None, None, True, bool(alias), place)
            continue
        table = catalog.find_table(use.qualified) if use.qualified and use.stored else None
        renamed = bool(alias.get("colnames"))
        if table is None or renamed:
            columns = None if renamed else use.columns
            yield Item(use.alias, None, columns, use.nullable, bool(alias), place)
            continue
        known = frozenset(c.name for c in table.columns if never_null(catalog, table, c.name))
        yield Item(use.alias, table, use.columns, use.nullable, bool(alias), place, known)


def _is_plain(node: Node) -> bool:
    ((kind, fields),) = node.items()
    if kind == "JoinExpr":
        odd = fields.get("usingClause") or fields.get("isNatural") or fields.get("alias")
        return not odd and _is_plain(fields["larg"]) and _is_plain(fields["rarg"])
    # ONLY a partitioned table has no rows at all, whatever its keys say.
    whole = kind == "RangeVar" and bool(fields.get("inh"))
    return whole and not fields.get("alias", {}).get("colnames")


def _may_have(item: Item, names: list[str]) -> bool:
    if len(names) == 2:
        return item.alias == names[0]
    return item.columns is None or names[0] in item.columns


def _named(level: Level, found: list[Item], name: str) -> Named | None:
    if len(found) != 1 or found[0].table is None:
        return None
    item, table = found[0], found[0].table
    if not any(column.name == name for column in table.columns):
        return None
    return Named(level, item, table.column(name), table)
