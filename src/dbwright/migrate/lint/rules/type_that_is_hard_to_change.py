"""A new column has a type that is mostly changed later, by writing the table anew.

## What it finds

New columns of type json, char(n), money, timestamp without time zone, or time with time zone.

## Why it matters

json has no equality, so DISTINCT and GROUP BY over the row fail; char(n) pads with blanks; money
depends on a setting; a timestamp without a zone does not say which moment it is. Changing any of
them once there are rows writes them all anew.

## How to fix

jsonb, text or varchar(n), numeric, timestamptz.

## When to ignore

The type is what another system wants.

## Sources

- PostgreSQL wiki, Don't Do This.
- ankane/strong_migrations, Adding a json column.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import commands, qualified
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement

BAD = (
    MigrationExample(
        "ALTER TABLE users ADD COLUMN doc json;",
        "CREATE TABLE users (id bigint);",
        objects=("public.users.doc",),
    ),
    MigrationExample(
        "CREATE TABLE notes (code char(4), at timestamp);",
        objects=("public.notes.at", "public.notes.code"),
    ),
)
GOOD = (
    MigrationExample("CREATE TABLE notes (code text, at timestamptz, doc jsonb);"),
    MigrationExample(
        "ALTER TABLE users ADD COLUMN a int;", "CREATE TABLE users (doc json, at timestamp);"
    ),
)
BETTER = {
    "json": "jsonb",
    "character": "text, or varchar(n)",
    "money": "numeric",
    "timestamp without time zone": "timestamptz",
    "time with time zone": "timestamptz, or time",
}


@hazard(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def type_that_is_hard_to_change(file: JudgedMigration) -> Iterator[HazardFault]:
    for table in file.after.tables:
        if table.is_partition:
            continue
        had = file.before.find_table(table.qualified)
        known = set() if had is None else {column.position for column in had.columns}
        for column in table.columns:
            better = BETTER.get(column.base_type)
            if better is None or column.position in known or column.domain or column.inherited:
                continue
            step = _step(file, table.qualified, column.name)
            if step is not None:
                yield HazardFault(
                    table.column_ref(column),
                    f"the new column {column.name} of {table.qualified} is {column.type}",
                    {"better": better},
                    advice=f"{better}, while it is empty.",
                    step=step,
                )


def _step(file: JudgedMigration, table: str, column: str) -> JudgedStatement | None:
    """The statement that makes the column."""
    for step in file.steps:
        if step.kind == "CreateStmt" and qualified(step, file, step.node["relation"]) == table:
            return step
        for command in commands(step, file, "AT_AddColumn"):
            made = (command.definition("ColumnDef") or {}).get("colname")
            if (command.table, made) == (table, column):
                return step
    return None
