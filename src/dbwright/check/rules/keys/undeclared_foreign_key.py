"""A column looks like a foreign key, but none is declared.

## What it finds

A column whose name says that it references another table (`user_id` and `users`, `country_code` and
the key of `countries`, `parent_category_id` and `categories` itself), of exactly the type of that
table's primary key, without a FOREIGN KEY. A name with a role in front (`billing_address_id`), a
bare `parent_id`, a table of another schema, and tables that keep the past (logs, histories, stages)
are a notice. With `--data` it looks for rows without a match: none makes it certain; many make it
silent.

## Why it matters

Nothing keeps rows from pointing to what does not exist: deleted users leave their orders behind,
and joins lose rows silently.

A declared key is also what the planner estimates joins by, and what tools draw diagrams from.

## How to fix

Add the constraint NOT VALID, which only takes a short lock, then validate it while reads and writes
go on. Repair rows without a match before that. Index the column.

## When to ignore

The rows are meant to outlive what they reference, or the other table is filled from elsewhere.

## Sources

- PostgreSQL manual, Foreign Keys; ALTER TABLE, Notes: adding a constraint NOT VALID.
- Bill Karwin, SQL Antipatterns: Keyless Entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.fixes import scan_seconds
from dbwright.check.rule import Answers, Fault, Question, rule
from dbwright.check.rules.keys._constraint import add_foreign_key, constraint_name
from dbwright.check.rules.keys._entity import keeps_the_past
from dbwright.check.rules.keys._implied_reference import ImpliedReference, implied_references
from dbwright.model.catalog import Catalog, ForeignKey, TableKind
from dbwright.model.finding import Confidence, Fix, LockMode, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

TABLES = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE countries (country_code text PRIMARY KEY);
INSERT INTO users VALUES (1), (2);
"""

BAD = Example(
    TABLES
    + """
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    parent_id bigint,
    user_id bigint NOT NULL,
    country_code text,
    created_by_user_id integer
);
INSERT INTO orders VALUES (1, NULL, 1), (2, 1, 2);
""",
    objects=(
        "public.orders.parent_id",
        "public.orders.user_id",
        "public.orders.country_code",
        "public.orders.created_by_user_id",
    ),
)

ORPHANS = Example(
    TABLES
    + """
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint);
INSERT INTO orders SELECT n, 1 + n % 2 FROM generate_series(1, 50) n;
INSERT INTO orders VALUES (51, 99);
""",
    objects=("public.orders.user_id",),
    fix_mends=False,
)

GOOD = (
    TABLES
    + """
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id bigint REFERENCES users,
    stripe_customer_id text,
    owner_type text,
    owner_id bigint
);
CREATE TABLE visits (id bigint PRIMARY KEY, user_id uuid);
CREATE TABLE readings (id bigint PRIMARY KEY, user_id bigint);
INSERT INTO readings SELECT n, n + 1000 FROM generate_series(1, 10) n;
"""
)


def questions(
    catalog: Catalog,
    *,
    sample_rows: Annotated[int, "how many rows of each table are looked at"] = 100_000,
) -> Iterator[Question]:
    for found in implied_references(catalog):
        if found.parent.row_security and not catalog.server.superuser:
            continue  # rows that a policy hides would look like missing ones
        column = quote(found.column.name)
        yield Question(
            found.key,
            "SELECT count(*) AS rows, count(*) FILTER (WHERE NOT EXISTS (SELECT FROM "
            f"{found.parent.qualified} p WHERE p.{quote(found.parent_column)} = c.value)) "
            f"AS orphans FROM (SELECT {column} AS value FROM {found.table.qualified} "
            f"WHERE {column} IS NOT NULL LIMIT {sample_rows}) c",
        )


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    needs=("catalog.constraints", "catalog.indexes"),
    bad=(BAD, ORPHANS),
    good=GOOD,
    questions=questions,
    data_optional=True,
)
def undeclared_foreign_key(
    catalog: Catalog,
    statistics: Statistics | None,
    answers: Answers,
    *,
    sample_rows: Annotated[int, "how many rows of each table are looked at"] = 100_000,
    max_orphans: Annotated[float, "a larger share of rows without a match is no reference"] = 0.2,
) -> Iterator[Fault]:
    for found in implied_references(catalog):
        answer = answers.get(found.key)
        rows, orphans = (answer[0][0], answer[0][1]) if answer else (0, 0)
        if orphans > rows * max_orphans:
            continue
        counted = statistics.of(found.table) if statistics else None
        severity, confidence = _judge(found, rows, orphans)
        yield Fault(
            object=found.table.column_ref(found.column),
            message=f"{found.key} looks like a reference to {found.parent.qualified}, but no "
            f"foreign key is declared{_told(rows, orphans)}",
            evidence={
                "references": found.parent.column_ref(found.parent_column).name,
                "type": found.column.type,
                "rows_looked_at": rows if answer else None,
                "rows_without_match": orphans if answer else None,
                "rows_looked_at_most": sample_rows if answer else None,
            },
            severity=severity,
            confidence=confidence,
            advice=_advice(found, orphans),
            fix=_fix(catalog, found, counted.heap_bytes if counted else None, orphans),
        )


def _told(rows: int, orphans: int) -> str:
    if orphans:
        return f"; {orphans:,} of {rows:,} rows match none"
    return f"; all {rows:,} rows looked at match one" if rows else ""


def _advice(found: ImpliedReference, orphans: int) -> str:
    key = found.parent.column(found.parent_column)
    parts = []
    if key.base_type != found.column.base_type:
        parts.append(
            f"The key is {key.type}, the column {found.column.type}: give it the key's type first."
        )
    if orphans:
        parts.append("Repair or delete the rows without a match, then validate the constraint.")
    return " ".join(parts)


def _judge(
    found: ImpliedReference, rows: int, orphans: int
) -> tuple[Severity | None, Confidence | None]:
    if keeps_the_past(found.table):
        return Severity.NOTICE, Confidence.LOW
    if found.sure:
        return None, Confidence.HIGH if rows and not orphans else None
    # Small numbers are found among any others: a match alone does not make a name sure.
    return Severity.NOTICE, None if rows and not orphans else Confidence.LOW


def _fix(catalog: Catalog, found: ImpliedReference, size_bytes: int | None, orphans: int) -> Fix:
    name = constraint_name(found.table, found.table.name, found.column.name, "fkey")
    key = ForeignKey(
        name,
        (found.column.name,),
        found.parent.schema,
        found.parent.name,
        (found.parent_column,),
        validated=not orphans,
    )
    return Fix(
        up=add_foreign_key(catalog, found.table, key),
        down=f"ALTER TABLE {found.table.qualified} DROP CONSTRAINT {quote(name)};",
        lock=LockMode.SHARE_ROW_EXCLUSIVE,
        scans=found.table.kind is TableKind.PARTITIONED and catalog.server.major < 18,
        seconds=scan_seconds(size_bytes),
        risk="run the statements one by one: validating needs only a weak lock then; and index "
        "the column first if rows of the referenced table are ever deleted",
    )
