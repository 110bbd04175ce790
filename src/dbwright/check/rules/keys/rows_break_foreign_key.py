"""Rows break a foreign key that is marked valid.

## What it finds

Rows whose foreign key points to no row, although the constraint is marked valid. PostgreSQL lets
that happen when triggers were off (`session_replication_role = replica`, DISABLE TRIGGER ALL), or
after damage to an index. Reads table rows: runs only with `--data`, and stops at the first few.

## Why it matters

The planner and every reader trust the constraint; joins lose rows silently, and the next dump
can't be restored.

## How to fix

Look at the rows, repair or delete them, then validate the constraint again.

## When to ignore

Never: either the data or the constraint is wrong.

## Sources

- PostgreSQL manual, ALTER TABLE, DISABLE TRIGGER: "the integrity of the constraint cannot be
  guaranteed if the triggers are not executed".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Answers, Fault, Question, rule
from dbwright.model.catalog import Catalog, ForeignKey, Table, TableKind
from dbwright.model.finding import Severity
from dbwright.model.names import qualify, quote

TABLES = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users);
CREATE INDEX ON orders (user_id);
INSERT INTO users VALUES (1);
INSERT INTO orders VALUES (1, 1), (2, NULL);
"""

BAD = Example(
    TABLES
    + """
SET session_replication_role = replica;
INSERT INTO orders VALUES (3, 99);
""",
    objects=("public.orders.orders_user_id_fkey",),
    fix_mends=False,
)

GOOD = Example(TABLES)

LIMIT = 5


def _checked(catalog: Catalog) -> Iterator[tuple[Table, ForeignKey]]:
    for table in catalog.tables:
        if table.kind is TableKind.TABLE:
            for key in table.foreign_keys:
                if key.validated and key.enforced:
                    yield table, key


def _key(table: Table, key: ForeignKey) -> str:
    return f"{table.qualified}.{quote(key.name)}"


def questions(
    catalog: Catalog,
    *,
    sample_rows: Annotated[int, "how many rows of each table are looked at"] = 1_000_000,
) -> Iterator[Question]:
    for table, key in _checked(catalog):
        join = " AND ".join(
            f"p.{quote(parent)} = c.{quote(child)}"
            for child, parent in zip(key.columns, key.referenced_columns, strict=True)
        )
        # MATCH SIMPLE: a row with any NULL among the columns is not checked.
        known = " AND ".join(f"c.{quote(column)} IS NOT NULL" for column in key.columns)
        yield Question(
            _key(table, key),
            f"SELECT {', '.join(f'c.{quote(column)}::text' for column in key.columns)} "
            f"FROM (SELECT * FROM ONLY {table.qualified} LIMIT {sample_rows}) c "
            f"WHERE {known} AND NOT EXISTS (SELECT FROM "
            f"{qualify(key.referenced_schema, key.referenced_table)} p WHERE {join}) "
            f"LIMIT {LIMIT}",
        )


@rule(severity=Severity.CRITICAL, bad=BAD, good=GOOD, questions=questions)
def rows_break_foreign_key(
    catalog: Catalog,
    answers: Answers,
    *,
    sample_rows: Annotated[int, "how many rows of each table are looked at"] = 1_000_000,
) -> Iterator[Fault]:
    for table, key in _checked(catalog):
        rows = answers.get(_key(table, key))
        if not rows:
            continue
        at_least = "at least " if len(rows) == LIMIT else ""
        yield Fault(
            object=table.constraint_ref(key.name),
            message=f"{at_least}{len(rows)} rows of {table.qualified} point to no row of "
            f"{key.references}, although {quote(key.name)} is marked valid",
            evidence={
                "rows_found": len(rows),
                "rows_looked_at_most": sample_rows,
                "columns": key.columns,
            },
            advice=f"SELECT the rows of {table.qualified} without a match in {key.references}, "
            "repair or delete them, then drop the constraint and add it again NOT VALID, and "
            "VALIDATE it.",
        )
