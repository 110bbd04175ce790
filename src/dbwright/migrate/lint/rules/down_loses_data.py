"""The way back removes what the way there did not make.

## What it finds

A DOWN part that drops tables or columns, or empties tables, that were there before its own UP
part.

## Why it matters

Who takes the migration back after a failed deployment loses rows that were there before it.

## How to fix

Let DOWN take back what UP did, and nothing else; keep what UP is to remove under another name
until nobody goes back any more.

## When to ignore

The values can be had again from elsewhere.

## Sources

- dbwright, how-to: change a schema.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import (
    column_ref,
    commands,
    found_column,
    list_name,
    named,
    qualified,
    table_ref,
)
from dbwright.model.effects import Effects
from dbwright.model.finding import ObjectRef, Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement
from dbwright.sql.parse import SyntaxProblem, parse

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY, email text);"
BAD = (
    MigrationExample(
        "-- UP\nALTER TABLE users ADD COLUMN name text;\n-- DOWN\nDROP TABLE users;",
        BEFORE,
        objects=("public.users",),
    ),
    MigrationExample(
        "-- UP\nALTER TABLE users ADD COLUMN name text;\n"
        "-- DOWN\nALTER TABLE users DROP COLUMN name, DROP COLUMN email;",
        BEFORE,
        objects=("public.users.email",),
    ),
)
GOOD = (
    MigrationExample(
        "-- UP\nALTER TABLE users ADD COLUMN name text;\n"
        "-- DOWN\nALTER TABLE users DROP COLUMN name;",
        BEFORE,
    ),
    MigrationExample(f"-- UP\n{BEFORE}\n-- DOWN\nDROP TABLE users;"),
)


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def down_loses_data(file: JudgedMigration) -> Iterator[HazardFault]:
    if not file.steps:
        return
    for statement in file.down or ():
        try:
            (parsed,) = parse(statement.text).statements
        except (SyntaxProblem, ValueError):
            continue  # `rehearse` runs it, and says what the server does
        known = file.steps[-1].session
        step = JudgedStatement(
            statement, parsed.kind, parsed.node, Effects(statement.text), session=known
        )
        for ref, what in _lost(step, file):
            yield HazardFault(
                ref,
                f"taken back, this migration {what}, which was there before it",
                advice="Let DOWN take back what UP did, and nothing else.",
                step=step,
            )


def _lost(step: JudgedStatement, file: JudgedMigration) -> Iterator[tuple[ObjectRef, str]]:
    for name in _tables(step, file):
        if file.before.find_table(name) is not None:
            verb = "drops" if step.kind == "DropStmt" else "empties"
            yield table_ref(file, name), f"{verb} {name}"
    for command in commands(step, file, "AT_DropColumn"):
        if found_column(file.before, command.table, command.name) is not None:
            ref = column_ref(command.table, command.name)
            yield ref, f"drops {command.name} of {command.table}"


def _tables(step: JudgedStatement, file: JudgedMigration) -> list[str]:
    """Those that lose all their rows."""
    node = step.node
    if step.kind == "DropStmt" and node.get("removeType") == "OBJECT_TABLE":
        return [named(step, file, list_name(one["List"]["items"])) for one in node["objects"]]
    if step.kind == "TruncateStmt":
        return [qualified(step, file, one["RangeVar"]) for one in node["relations"]]
    if step.kind == "DeleteStmt" and "whereClause" not in node:
        return [qualified(step, file, node["relation"])]
    return []
