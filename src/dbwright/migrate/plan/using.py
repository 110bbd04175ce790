"""The expressions by which a column changes its type: the statement's own, and that of the way back
which its file has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbwright.migrate.plan.situation import Situation
from dbwright.model.catalog import Table
from dbwright.sql.parse import SyntaxProblem, parse
from dbwright.sql.scope.canonical import canonical_expression

__all__ = ["using_back", "using_of"]


def using_of(command: Mapping[str, Any]) -> str | None:
    """The expression behind USING; None where there is none, or one that says no more than the
    column's own name."""
    expression = command["def"]["ColumnDef"].get("raw_default")
    if expression is None:
        return None
    fields = expression.get("ColumnRef", {}).get("fields", ())
    if fields and fields[-1].get("String", {}).get("sval") == command["name"]:
        return None
    return canonical_expression(expression)


def using_back(situation: Situation, table: Table, column: str) -> str | None:
    """That by which the DOWN part of the file gives the column its type again; None where it says
    nothing of it."""
    for text in situation.ways_back:
        try:
            statements = parse(text).statements
        except SyntaxProblem:
            continue  # it was read as a part of the file, and is refused when it is run
        for statement in statements:
            if statement.kind != "AlterTableStmt":
                continue
            if situation.named(statement.node["relation"]) != table:
                continue
            for node in statement.node.get("cmds", ()):
                command = node["AlterTableCmd"]
                if command["subtype"] == "AT_AlterColumnType" and command["name"] == column:
                    return using_of(command)
    return None
