"""A table's rows are no longer safe from a crash.

## What it finds

SET UNLOGGED on a table that was there before.

## Why it matters

After a crash or a switch to the standby the table is empty: what is not in the log is nowhere
else.

## How to fix

Leave it logged. For a large load, COPY into a new unlogged table and SET LOGGED before it is used.

## When to ignore

Its rows can be had again at any time.

## Sources

- PostgreSQL manual, CREATE TABLE, UNLOGGED.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import commands, table_ref
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY);"
BAD = MigrationExample("ALTER TABLE users SET UNLOGGED;", BEFORE, objects=("public.users",))
GOOD = (
    MigrationExample("CREATE UNLOGGED TABLE queue (id bigint);"),
    MigrationExample("ALTER TABLE users SET (fillfactor = 90);", BEFORE),
)


@hazard(severity=Severity.ERROR, bad=BAD, good=GOOD)
def makes_a_table_unlogged(step: JudgedStatement, file: JudgedMigration) -> Iterator[HazardFault]:
    for command in commands(step, file, "AT_SetUnLogged"):
        if not file.is_new(command.table, step):
            yield HazardFault(
                table_ref(file, command.table),
                f"{command.table} becomes unlogged: a crash empties it, and standbys have no rows "
                "of it",
                advice="Leave it logged.",
            )
