"""Common table expressions: which there are, how often each is read, and whether it must be one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.sql.parse import Node, walk
from dbwright.tune.rewrites.rules._parts import calls_odd
from dbwright.tune.rewrites.source import Source
from dbwright.tune.rewrites.trees import Path, put

__all__ = ["ALWAYS", "DEFAULT", "NEVER", "CommonTable", "common_tables"]

ALWAYS = "CTEMaterializeAlways"
DEFAULT = "CTEMaterializeDefault"
NEVER = "CTEMaterializeNever"


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


def _uses(source: Source, name: str) -> int:
    return sum(
        kind == "RangeVar" and fields["relname"] == name and not fields.get("schemaname")
        for kind, fields in walk(source.tree)
    )
