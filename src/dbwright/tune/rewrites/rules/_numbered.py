"""Subqueries that number rows, and the conditions that decide which of their rows count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rules._ctes import common_tables
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import Path, at

__all__ = ["Numbered", "numbered_rows"]

Holders = tuple[Path, ...]
"""Where conditions stand of which all must hold for a row of a relation to count at all: WHERE, ON
of an inner join, ON of an outer join whose other side is kept."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """A subquery in FROM, or a WITH query with one reader."""

    inner: Level
    around: Level
    alias: str
    holders: Holders


def numbered_rows(source: Source) -> Iterator[Numbered]:
    """The subqueries of all levels, whether or not they number anything."""
    by_path = {level.path: level for level in source.levels}
    single = {table.name: table for table in common_tables(source) if table.uses == 1}
    for around in source.levels:
        for path, node, holders in _entries(around):
            ((kind, fields),) = node.items()
            alias = fields.get("alias", {})
            if alias.get("colnames"):
                continue
            if kind == "RangeSubselect" and alias and not fields.get("lateral"):
                inner = by_path[(*path, kind, "subquery", "SelectStmt")]
                yield Numbered(inner, around, alias["aliasname"], holders)
            elif kind == "RangeVar" and fields["relname"] in single:
                table = single[fields["relname"]]
                listed = at(source.tree, table.path).get("aliascolnames")
                if not listed and not fields.get("schemaname"):
                    own = alias.get("aliasname", table.name)
                    level = by_path[(*table.path, "ctequery", "SelectStmt")]
                    yield Numbered(level, around, own, holders)


def _entries(level: Level) -> Iterator[tuple[Path, Node, Holders]]:
    """What FROM names."""
    pending: list[tuple[Path, Node, Holders]] = [
        ((*level.path, "fromClause", number), node, ((*level.path, "whereClause"),))
        for number, node in enumerate(level.fields.get("fromClause", ()))
    ]
    while pending:
        path, node, holders = pending.pop(0)
        join = node.get("JoinExpr")
        if join is None:
            yield path, node, holders
        elif not join.get("alias"):
            own = ((*path, "JoinExpr", "quals"),)
            left, right = {
                "JOIN_INNER": (holders + own, holders + own),
                "JOIN_LEFT": (holders, own),
                "JOIN_RIGHT": (own, holders),
            }.get(join.get("jointype", "JOIN_INNER"), ((), ()))
            for side, its in (("larg", left), ("rarg", right)):
                pending.append(((*path, "JoinExpr", side), join[side], its))
