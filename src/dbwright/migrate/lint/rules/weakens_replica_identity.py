"""Subscribers can no longer tell which row was changed, or get all of each.

## What it finds

REPLICA IDENTITY NOTHING or FULL on a table that was there before.

## Why it matters

With NOTHING, UPDATE and DELETE of a published table fail on the spot; with FULL each writes the
whole old row to the log, and a subscriber without an index reads its whole table for each.

## How to fix

Keep the primary key, or REPLICA IDENTITY USING INDEX of a unique index over columns that are NOT
NULL.

## When to ignore

The table is not published and never will be (NOTHING), or hardly changes (FULL).

## Sources

- PostgreSQL manual, Logical Replication, Publication.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import commands, table_ref
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY);"
BAD = (
    MigrationExample("ALTER TABLE users REPLICA IDENTITY NOTHING;", BEFORE),
    MigrationExample("ALTER TABLE users REPLICA IDENTITY FULL;", BEFORE),
)
GOOD = MigrationExample("ALTER TABLE users REPLICA IDENTITY DEFAULT;", BEFORE)
KINDS = {
    "n": ("NOTHING", "UPDATE and DELETE fail where it is published"),
    "f": ("FULL", "each change writes the whole old row to the log"),
}


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD)
def weakens_replica_identity(step: JudgedStatement, file: JudgedMigration) -> Iterator[HazardFault]:
    for command in commands(step, file, "AT_ReplicaIdentity"):
        kind = (command.definition("ReplicaIdentityStmt") or {}).get("identity_type", "")
        if kind in KINDS and not file.is_new(command.table, step):
            word, effect = KINDS[kind]
            yield HazardFault(
                table_ref(file, command.table),
                f"{command.table} gets REPLICA IDENTITY {word}: {effect}",
                advice="Keep the primary key, or name a unique index.",
            )
