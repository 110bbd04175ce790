"""A column may be NULL, but never is.

## What it finds

Columns that may be NULL and hold none in any row looked at, where NOT NULL is most likely meant:
they reference another table, have a default, or are boolean. Not columns that an ON DELETE SET NULL
empties. Reads table rows: runs only with `--data`.

## Why it matters

Each query, form and program has to think of a NULL that never comes, and nothing keeps the first
one from coming by mistake.

NULL in a boolean makes a third answer that neither `WHERE done` nor `WHERE NOT done` finds.

## How to fix

Declare it NOT NULL: first as a CHECK that is validated while reads and writes go on, which spares
SET NOT NULL the scan under its lock.

## When to ignore

The column is to be empty one day.

## Sources

- PostgreSQL manual, Not-Null Constraints: "In most database designs the majority of columns
  should be marked not null."
- PostgreSQL manual, ALTER TABLE, SET NOT NULL: "if a valid CHECK constraint is found which proves
  no NULL can exist, then the table scan is skipped".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.fixes import scan_seconds
from dbwright.check.rule import Answers, Fault, Question, rule
from dbwright.check.rules.keys._constraint import constraint_name
from dbwright.model.catalog import Catalog, Column, Table, TableKind
from dbwright.model.finding import Confidence, Fix, LockMode, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id bigint REFERENCES users,
    paid boolean,
    placed_at timestamptz DEFAULT now(),
    note text
);
INSERT INTO users VALUES (1);
INSERT INTO orders SELECT n, 1, true, now(), 'note' FROM generate_series(1, 20) n;
""",
    options={"min_rows": 10},
    objects=("public.orders.user_id", "public.orders.paid", "public.orders.placed_at"),
)

GOOD = Example(
    """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id bigint REFERENCES users ON DELETE SET NULL,
    paid boolean NOT NULL DEFAULT false,
    placed_at timestamptz DEFAULT now(),
    note text
);
INSERT INTO users VALUES (1);
INSERT INTO orders SELECT n, 1, true, now(), 'note' FROM generate_series(1, 20) n;
INSERT INTO orders VALUES (21, NULL, true, NULL, NULL);
""",
    options={"min_rows": 10},
)


def _asked(catalog: Catalog) -> Iterator[tuple[Table, list[tuple[Column, str]]]]:
    for table in catalog.tables:
        if table.is_partition or table.kind is TableKind.FOREIGN or table.inherits:
            continue
        if table.persistence == "temporary":
            continue
        found = [(column, _reason(table, column)) for column in table.columns]
        meant = [(column, reason) for column, reason in found if reason]
        if meant:
            yield table, meant


def _reason(table: Table, column: Column) -> str:
    """Why NOT NULL is likely meant; empty if nothing says so."""
    if column.not_null or column.generated is not None:
        return ""
    references = False
    for key in table.foreign_keys:
        if column.name in key.columns:
            if "SET NULL" in (key.on_delete, key.on_update):
                return ""
            references = True
    if any(c.validated and c.expression == _not_null(column) for c in table.checks):
        return ""
    if references:
        return "it references another table"
    if column.default is not None and not column.default.startswith("NULL"):
        return "it has a default"
    return "it is boolean" if column.base_type == "boolean" and not column.is_array else ""


def _not_null(column: Column) -> str:
    return f"({quote(column.name)} IS NOT NULL)"


def questions(
    catalog: Catalog,
    *,
    sample_rows: Annotated[int, "how many rows of each table are looked at"] = 100_000,
) -> Iterator[Question]:
    for table, columns in _asked(catalog):
        names = [quote(column.name) for column, _ in columns]
        yield Question(
            table.qualified,
            f"SELECT count(*), ARRAY[{', '.join(f'count({name})' for name in names)}] FROM "
            f"(SELECT {', '.join(names)} FROM {table.qualified} LIMIT {sample_rows}) rows",
        )


@rule(severity=Severity.NOTICE, bad=BAD, good=GOOD, questions=questions)
def never_null_but_nullable(
    catalog: Catalog,
    statistics: Statistics | None,
    answers: Answers,
    *,
    sample_rows: Annotated[int, "how many rows of each table are looked at"] = 100_000,
    min_rows: Annotated[int, "tables with fewer rows are left alone"] = 1000,
) -> Iterator[Fault]:
    for table, columns in _asked(catalog):
        answer = answers.get(table.qualified)
        if not answer or answer[0][0] < min_rows:
            continue
        rows, filled = answer[0]
        counted = statistics.of(table) if statistics else None
        size = counted.heap_bytes if counted else None
        for (column, reason), count in zip(columns, filled, strict=True):
            if count < rows:
                continue
            ref = table.column_ref(column)
            everything = rows < sample_rows
            yield Fault(
                object=ref,
                message=f"{ref.name} may be NULL but is not in any of {rows:,} rows, and {reason}",
                evidence={
                    "rows_looked_at": rows,
                    "all_rows": everything,
                    **({"default": column.default} if column.default else {}),
                },
                confidence=None if everything else Confidence.MEDIUM,
                fix=_fix(table, column, size),
            )


def _fix(table: Table, column: Column, size_bytes: int | None) -> Fix:
    alter = f"ALTER TABLE {table.qualified}"
    check = quote(constraint_name(table, table.name, column.name, "not_null"))
    name = quote(column.name)
    return Fix(
        up=f"{alter} ADD CONSTRAINT {check} CHECK ({name} IS NOT NULL) NOT VALID;\n"
        f"{alter} VALIDATE CONSTRAINT {check};\n"
        f"{alter} ALTER COLUMN {name} SET NOT NULL;\n"
        f"{alter} DROP CONSTRAINT {check};",
        down=f"{alter} ALTER COLUMN {name} DROP NOT NULL;",
        lock=LockMode.ACCESS_EXCLUSIVE,
        seconds=scan_seconds(size_bytes),
        risk="run the statements one by one: only the second reads the table, and under a weak "
        "lock; see first that no program writes NULL",
    )
