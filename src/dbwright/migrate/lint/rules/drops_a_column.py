"""A column is dropped that the running application may use.

## What it finds

DROP COLUMN on a table that was there before, of a column that was there before. The message tells
which indexes and constraints go with it.

## Why it matters

The version of the application that runs while the migration does reads and writes the column, and
many read all columns that they knew at their start: each of these queries fails. The values are
gone.

## How to fix

In two deployments: first one whose application no longer uses the column (with the column
nullable, or with a default); then this migration.

## When to ignore

This is the second deployment.

## Sources

- ankane/strong_migrations, Removing a column.
- PostgreSQL manual, ALTER TABLE, DROP COLUMN.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.migrate.lint.example import MigrationExample
from dbwright.migrate.lint.hazard import HazardFault, hazard
from dbwright.migrate.lint.statement import commands, found_column
from dbwright.model.catalog import Index, Table
from dbwright.model.finding import Severity
from dbwright.model.judged import JudgedMigration, JudgedStatement
from dbwright.sql.lexer import significant

BEFORE = "CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE);"
DROP = "ALTER TABLE users DROP COLUMN email;"
BAD = (
    MigrationExample(DROP, BEFORE, objects=("public.users.email",)),
    MigrationExample(
        DROP, f"{BEFORE} CREATE INDEX by_email ON users (id) WHERE email IS NOT NULL;"
    ),
)
GOOD = (
    MigrationExample(f"{BEFORE}{DROP}"),
    MigrationExample(
        "ALTER TABLE users ADD COLUMN age integer; ALTER TABLE users DROP COLUMN age;", BEFORE
    ),
)


@hazard(severity=Severity.WARNING, bad=BAD, good=GOOD, planned=True)
def drops_a_column(step: JudgedStatement, file: JudgedMigration) -> Iterator[HazardFault]:
    for command in commands(step, file, "AT_DropColumn"):
        then = step.renamed.get(command.table, command.table)
        table = file.before.find_table(then)
        column = found_column(file.before, then, command.name)
        if table is None or column is None or file.is_new(command.table, step):
            continue
        lost = _lost_with(table, column.name)
        also = f", and with it {', '.join(lost)}" if lost else ""
        yield HazardFault(
            table.column_ref(column),
            f"{column.name} of {command.table} is dropped{also}: an application that still knows "
            "it fails, and its values are gone",
            {"type": column.type, "lost_with_it": lost},
            advice="First deploy an application that does not use it.",
        )


def _lost_with(table: Table, column: str) -> list[str]:
    """Indexes and constraints that hold the column."""
    names = [index.name for index in table.indexes if column in _columns_of(index)]
    names += [key.name for key in table.foreign_keys if column in key.columns]
    names += [check.name for check in table.checks if column in check.columns]
    return list(dict.fromkeys(names))


def _columns_of(index: Index) -> set[str]:
    """Its columns, also those of its expressions and its predicate."""
    texts = (index.predicate, *(key.expression for key in index.keys))
    words = {
        token.text.strip('"').replace('""', '"')
        for text in texts
        for token in significant(text or "")
        if token.kind in ("word", "identifier")
    }
    return {*words, *index.include, *(name for name in index.columns if name is not None)}
