"""A new table counts its rows with a number that may run out.

## What it finds

Primary keys of one column of type integer or smallint, made in a new table.

## Why it matters

integer ends at 2.1 billion, and a sequence counts failed inserts as well; to widen a key later is
to write the table anew, with all foreign keys that point to it.

## How to fix

bigint: four bytes more a row, which alignment often takes anyway.

## When to ignore

The table will always be small, such as a list of countries.

## Sources

- PostgreSQL manual, Numeric Types, Serial Types.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import qualified
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration

BAD = MigrationExample("CREATE TABLE users (id serial PRIMARY KEY);", objects=("public.users.id",))
GOOD = (
    MigrationExample("CREATE TABLE users (id bigint PRIMARY KEY);"),
    MigrationExample("CREATE TABLE users (id uuid PRIMARY KEY);"),
    MigrationExample("ALTER TABLE a ADD COLUMN b int;", "CREATE TABLE a (id int PRIMARY KEY);"),
)


@hazard(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def narrow_key(file: JudgedMigration) -> Iterator[HazardFault]:
    for step in file.steps:
        if step.kind != "CreateStmt" or "partbound" in step.node:
            continue
        name = qualified(step, file, step.node["relation"])
        table = file.after.find_table(name)
        if table is None or table.primary_key is None or file.before.find_table(name) is not None:
            continue
        columns = table.primary_key.columns
        if len(columns) != 1 or any(columns == key.columns for key in table.foreign_keys):
            continue
        column = table.column(columns[0])
        if column.type in ("integer", "smallint"):
            yield HazardFault(
                table.column_ref(column),
                f"the key {column.name} of the new table {name} is {column.type}",
                advice="bigint, while the table is empty.",
                step=step,
            )
