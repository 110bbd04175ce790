"""A column is added as NOT NULL without a value for the rows that are there.

## What it finds

ADD COLUMN … NOT NULL (or PRIMARY KEY) without a default, an identity or an expression, on a table
that was there before, unless it is known to be empty. As a warning: a new column that is NOT NULL,
and whose default the same file takes away (as Django does).

## Why it matters

The migration fails as soon as there is one row; on an empty copy, where it was tried, it does not.
And the running application, which does not know the column, can insert no more.

## How to fix

Give it a DEFAULT, which costs nothing where it is a constant; or add it nullable, fill it in
batches, and make it NOT NULL by way of a validated CHECK.

## When to ignore

The table is empty wherever the file runs, and nobody inserts yet.

## Sources

- PostgreSQL manual, ALTER TABLE, ADD COLUMN.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.size import rows_of
from dbwright.migrate.lint.statement import (
    Command,
    adds_required_columns,
    column_ref,
    commands,
    found_column,
)
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY);"
ADD = "ALTER TABLE users ADD COLUMN email text NOT NULL;"
BAD = (
    MigrationExample(ADD, BEFORE, objects=("public.users.email",)),
    MigrationExample(
        "ALTER TABLE users ADD COLUMN email text NOT NULL DEFAULT '';"
        "ALTER TABLE users ALTER email DROP DEFAULT;",
        BEFORE,
        objects=("public.users.email",),
        severity="warning",
    ),
    MigrationExample(ADD, BEFORE, {"public.users": 8192}),
)
GOOD = (
    MigrationExample("ALTER TABLE users ADD COLUMN email text NOT NULL DEFAULT '';", BEFORE),
    MigrationExample(ADD, BEFORE, {"public.users": 0}),
    MigrationExample(f"{BEFORE}{ADD}"),
    MigrationExample(
        "ALTER TABLE users ADD COLUMN n bigint NOT NULL GENERATED ALWAYS AS IDENTITY;", BEFORE
    ),
)


@hazard(severity=Severity.ERROR, bad=BAD, good=GOOD, planned=True)
def not_null_without_default(
    step: JudgedStatement, file: JudgedMigration, run: JudgedRun
) -> Iterator[HazardFault]:
    if step.effects.refusal is not None:
        return
    required = set(adds_required_columns(step, file))
    for command in commands(step, file, "AT_AddColumn", "AT_ColumnDefault"):
        if file.is_new(command.table, step) or rows_of(run, step, command.table) == 0:
            continue
        name = (command.definition("ColumnDef") or {}).get("colname", command.name)
        if found_column(file.before, command.table, name) is not None:
            continue
        if name in required:
            yield HazardFault(
                column_ref(command.table, name),
                f"{name} of {command.table} is NOT NULL without a default: it fails on "
                "the first row that is there, and who does not know it can't insert",
                advice="Give it a DEFAULT, or add it nullable and fill it.",
            )
        elif command.kind == "AT_ColumnDefault" and _left_without(command, file):
            yield HazardFault(
                column_ref(command.table, name),
                f"the new column {name} of {command.table} is NOT NULL, and its default is taken "
                "away: the application that runs now does not know it, and can't insert",
                advice="Keep the default until every running application writes the column.",
                severity=Severity.WARNING,
                detail="default",
            )


def _left_without(command: Command, file: JudgedMigration) -> bool:
    """Is the column left NOT NULL with nothing that gives it a value?"""
    made = found_column(file.after, command.table, command.name)
    given = made is None or made.default or made.identity or made.generated
    return made is not None and made.not_null and not given
