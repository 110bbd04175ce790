"""Common table expressions: which there are, how often each is read, and whether it must be one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.sql.parse import Node, walk
from dbwright.sql.scope.functions import AGGREGATES
from dbwright.tune.rewrites.rules._parts import all_named, calls_odd
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import Path, call_name, put

__all__ = ["ALWAYS", "DEFAULT", "NEVER", "CommonTable", "common_tables", "has_choice"]

ALWAYS = "CTEMaterializeAlways"
DEFAULT = "CTEMaterializeDefault"
NEVER = "CTEMaterializeNever"
SAME_EACH_TIME = frozenset("bit_and bit_or bit_xor bool_and bool_or count every max min".split())
"""Aggregates that do not mind the order of rows."""
EXACT_OF_EXACT = ("avg", "sum")
EXACT = ("smallint", "integer", "bigint", "numeric", "interval", "money")


@dataclass(frozen=True, slots=True)
class CommonTable:
    """A WITH query that is a SELECT, not recursive, and calls nothing volatile."""

    source: Source
    path: Path
    """To its CommonTableExpr's fields."""
    name: str
    materialized: str
    uses: int

    def as_(self, materialized: str) -> str | None:
        """The query with another word on its materialization."""
        tree = put(self.source.tree, (*self.path, "ctematerialized"), materialized)
        return self.source.with_tree(tree)


def common_tables(source: Source) -> Iterator[CommonTable]:
    """Those of all levels whose names are given once, so that it is known who reads them."""
    if not any(level.fields.get("withClause") for level in source.levels):
        return
    names = [fields["ctename"] for kind, fields in walk(source.tree) if kind == "CommonTableExpr"]
    for level in source.levels:
        clause = level.fields.get("withClause", {})
        for number, entry in enumerate(clause.get("ctes", ())):
            fields: Node = entry["CommonTableExpr"]
            name = fields["ctename"]
            unclear = clause.get("recursive") or names.count(name) > 1
            if unclear or "SelectStmt" not in fields["ctequery"] or calls_odd(fields["ctequery"]):
                continue
            path = (*level.path, "withClause", "ctes", number, "CommonTableExpr")
            word = fields.get("ctematerialized", DEFAULT)
            yield CommonTable(source, path, name, word, _uses(source, name))


def has_choice(table: CommonTable) -> bool:
    """May it give other rows when it is computed again: those that a LIMIT cuts off among equals,
    the numbers of rows in the same place, what aggregates make of the order of rows (sums of
    floating-point numbers among it)?"""
    source, within = table.source, (*table.path, "ctequery")
    for level in source.levels:
        if level.path[: len(within)] != within:
            continue
        first_of_each = level.fields.get("distinctClause", [{}]) != [{}]
        if level.fields.get("limitCount") or level.fields.get("limitOffset") or first_of_each:
            return True
        calls = (node for _, kind, node in source.expressions(level) if kind == "FuncCall")
        if any(_chooses(level, call) for call in calls):
            return True
    return False


def _chooses(level: Level, call: Node) -> bool:
    name = call_name(call)
    if "over" in call:
        return True
    if name in EXACT_OF_EXACT:
        named = all_named(level, call.get("args", []))
        return named is None or any(one.column.base_type not in EXACT for one in named)
    return name in AGGREGATES and name not in SAME_EACH_TIME


def _uses(source: Source, name: str) -> int:
    return sum(
        kind == "RangeVar" and fields["relname"] == name and not fields.get("schemaname")
        for kind, fields in walk(source.tree)
    )
