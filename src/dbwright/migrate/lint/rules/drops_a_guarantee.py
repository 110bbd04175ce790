"""What the database guaranteed for rows that are there, it guarantees no more.

## What it finds

DROP CONSTRAINT, DROP NOT NULL and DISABLE ROW LEVEL SECURITY on tables that were there before,
unless after the file something says the same again.

## Why it matters

Rows may come in that the application does not expect (NULLs, doubles, references to nothing), and
the constraint can't be added again before they are mended. Without row level security everybody
sees all rows.

## How to fix

First deploy an application that can live with such rows.

## When to ignore

That is done, or the constraint was only the proof for a NOT NULL.

## Sources

- PostgreSQL manual, Constraints.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import commands
from dbwright.model.catalog import Table
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, age int);"
BAD = (
    MigrationExample("ALTER TABLE users ALTER email DROP NOT NULL;", BEFORE),
    MigrationExample("ALTER TABLE users DROP CONSTRAINT users_email_key;", BEFORE),
)
GOOD = (
    MigrationExample(
        "ALTER TABLE users DROP CONSTRAINT users_email_key, ADD UNIQUE (email, age);", BEFORE
    ),
    MigrationExample(
        "ALTER TABLE users ALTER age SET NOT NULL; ALTER TABLE users DROP CONSTRAINT there;",
        f"{BEFORE} ALTER TABLE users ADD CONSTRAINT there CHECK (age IS NOT NULL);",
    ),
    MigrationExample(f"{BEFORE} ALTER TABLE users ALTER email DROP NOT NULL;"),
)


@hazard(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def drops_a_guarantee(step: JudgedStatement, file: JudgedMigration) -> Iterator[HazardFault]:
    for command in commands(
        step, file, "AT_DropConstraint", "AT_DropNotNull", "AT_DisableRowSecurity"
    ):
        before = file.before.find_table(command.table)
        after = file.after.find_table(command.table)
        if before is None or after is None or file.is_new(command.table, step):
            continue
        if command.kind == "AT_DisableRowSecurity":
            if before.row_security and not after.row_security:
                yield HazardFault(
                    before.ref,
                    f"{command.table} is no longer under row level security: everybody who may "
                    "read it sees all rows",
                    severity=Severity.WARNING,
                )
        elif command.kind == "AT_DropNotNull":
            if _demands(before, command.name) and not _demands(after, command.name):
                yield HazardFault(
                    before.column_ref(command.name),
                    f"{command.name} of {command.table} may be NULL from now on",
                )
        elif words := _lost(before, after, command.name):
            yield HazardFault(
                before.constraint_ref(command.name),
                f"{command.name} of {command.table} is dropped: {words}",
            )


def _demands(table: Table, column: str) -> bool:
    return any(one.name == column and one.not_null for one in table.columns)


def _lost(before: Table, after: Table, name: str) -> str:
    """What may come in without the constraint; empty where another one keeps it out."""
    for key in before.keys:
        if key.name == name and not any(set(o.columns) & set(key.columns) for o in after.keys):
            return f"rows may be alike in {', '.join(key.columns)}"
    for foreign in before.foreign_keys:
        if foreign.name == name and foreign.columns not in [o.columns for o in after.foreign_keys]:
            return f"rows may point to what {foreign.references} does not have"
    for check in before.checks:
        proven = all(_demands(after, column) for column in check.columns)
        if check.name == name and not any(
            set(o.columns) & set(check.columns) for o in after.checks
        ):
            null_test = (check.expression or "").rstrip(")").upper().endswith("IS NOT NULL")
            if null_test and proven:
                return ""
            known = check.expression not in (None, "true")
            return f"{check.expression} may be false" if known else "what it asked for may not hold"
    return ""
