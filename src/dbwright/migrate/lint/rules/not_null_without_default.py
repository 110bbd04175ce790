"""A column is added as NOT NULL without a value for the rows that are there.

## What it finds

ADD COLUMN … NOT NULL (or PRIMARY KEY) without a default, an identity or an expression, on a table
that was there before, unless it is known to be empty.

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
from dbwright.migrate.lint.statement import column_ref, commands, found_column
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedRun, JudgedStatement

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY);"
ADD = "ALTER TABLE users ADD COLUMN email text NOT NULL;"
BAD = (
    MigrationExample(ADD, BEFORE, objects=("public.users.email",)),
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
DEMANDS = ("CONSTR_NOTNULL", "CONSTR_PRIMARY")
GIVES = ("CONSTR_DEFAULT", "CONSTR_IDENTITY", "CONSTR_GENERATED")
SERIAL = frozenset("serial serial2 serial4 serial8 smallserial bigserial".split())


@hazard(severity=Severity.ERROR, bad=BAD, good=GOOD, planned=True)
def not_null_without_default(
    step: JudgedStatement, file: JudgedMigration, run: JudgedRun
) -> Iterator[HazardFault]:
    if step.effects.refusal is not None:
        return
    for command in commands(step, file, "AT_AddColumn"):
        column = command.definition("ColumnDef")
        if column is None or file.is_new(command.table) or rows_of(run, command.table) == 0:
            continue
        kinds = {one["Constraint"]["contype"] for one in column.get("constraints", ())}
        type_name = column.get("typeName", {}).get("names", [{"String": {}}])[-1]["String"]
        given = kinds.intersection(GIVES) or type_name.get("sval") in SERIAL
        known = found_column(file.before, command.table, column["colname"])
        if given or not kinds.intersection(DEMANDS) or known is not None:
            continue
        made = found_column(file.after, command.table, column["colname"])
        if made is not None and made.domain is not None and _has_default(file, made.domain):
            continue
        yield HazardFault(
            column_ref(command.table, column["colname"]),
            f"{column['colname']} of {command.table} is NOT NULL without a default: it fails on "
            "the first row that is there, and who does not know it can't insert",
            advice="Give it a DEFAULT, or add it nullable and fill it.",
        )


def _has_default(file: JudgedMigration, domain: str) -> bool:
    return any(one.qualified == domain and one.default for one in file.after.types)
