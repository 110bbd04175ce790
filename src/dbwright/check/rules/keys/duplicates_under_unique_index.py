"""A unique index did not keep equal rows out.

## What it finds

Values that stand more than once in the columns of a valid unique index. Only indexes with a text
column under a collation that may change are looked at, for that is how it comes: the operating
system's sort order changed (a new glibc or ICU, a standby or a restored copy on another system),
and the index, sorted by the old one, no longer finds what is there. Reads table rows: runs only
with `--data`, and stops at the first few.

## Why it matters

The index is corrupt: rows exist that it does not find, queries give wrong answers, and neither
REINDEX nor a restored dump will go through before the rows are repaired.

## How to fix

Look at the rows with index scans switched off, decide which of the equal ones stays, then REINDEX
INDEX CONCURRENTLY, and all other indexes over text columns as well.

## When to ignore

Never.

## Sources

- PostgreSQL wiki, Locale data changes.
- PostgreSQL manual, Managing Collations; REINDEX; F.1 amcheck.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Answers, Fault, Question, rule
from dbwright.check.rules.keys._trust import harmless_names, may_evaluate
from dbwright.model.catalog import Catalog, Column, Index, Table
from dbwright.model.finding import Severity
from dbwright.model.names import quote

TABLES = """
CREATE TABLE users (id bigint PRIMARY KEY, email text, closed boolean DEFAULT false);
CREATE UNIQUE INDEX users_email ON users (email) WHERE NOT closed;
INSERT INTO users VALUES (1, 'a@example.com'), (2, 'b@example.com'), (3, NULL), (4, NULL);
"""

# What a changed collation does, made by hand: the index misses rows for a while.
BAD = Example(
    TABLES
    + """
UPDATE pg_index SET indisready = false WHERE indexrelid = 'users_email'::regclass;
INSERT INTO users VALUES (5, 'a@example.com');
UPDATE pg_index SET indisready = true WHERE indexrelid = 'users_email'::regclass;
""",
    options={"any_collation": True},
    objects=("public.users_email",),
    fix_mends=False,
)

GOOD = Example(TABLES, options={"any_collation": True})

TEXTS = frozenset({"text", "character varying", "character", "citext", "public.citext"})
FIXED = frozenset({"C", "POSIX"})
FIXED_COLLATIONS = frozenset(
    {'pg_catalog."C"', 'pg_catalog."POSIX"', "pg_catalog.ucs_basic", "pg_catalog.pg_c_utf8"}
)
"""Sorted by code points, which no update changes."""

LIMIT = 5


def _checked(catalog: Catalog, any_collation: bool) -> Iterator[tuple[Table, Index]]:
    fixed = _database_is_fixed(catalog)
    harmless = harmless_names(catalog)
    for table in catalog.tables:
        if not table.stores_rows or table.persistence == "temporary":
            continue
        for index in table.indexes:
            if (
                index.unique
                and index.valid
                and index.ready
                and None not in index.columns
                and (not index.partial or _is_readable(index.predicate, harmless))
                and any(
                    any_collation or not _is_fixed(table.column(key.column), key.collation, fixed)
                    for key in index.keys
                    if key.column and table.column(key.column).base_type in TEXTS
                )
            ):
                yield table, index


def _is_readable(predicate: str | None, harmless: set[tuple[str, str]]) -> bool:
    return predicate is not None and may_evaluate(predicate, harmless)


def _database_is_fixed(catalog: Catalog) -> bool:
    database = catalog.database
    if database is None:
        return False
    if database.locale_provider == "builtin":
        return True
    return database.locale_provider == "libc" and database.collate in FIXED


def _is_fixed(column: Column, index_collation: str | None, database_fixed: bool) -> bool:
    collation = index_collation or column.collation
    return database_fixed if collation is None else collation in FIXED_COLLATIONS


def questions(
    catalog: Catalog,
    *,
    sample_rows: Annotated[int, "how many rows of each table are looked at"] = 1_000_000,
    any_collation: Annotated[bool, "look at those that no update can change as well"] = False,
) -> Iterator[Question]:
    for table, index in _checked(catalog, any_collation):
        names = [quote(name) for name in index.columns if name]
        known = [] if index.nulls_not_distinct else [f"{name} IS NOT NULL" for name in names]
        where = " AND ".join([*known, *([f"({index.predicate})"] if index.predicate else [])])
        # With ctid the rows come from the table itself: never from the index in doubt alone.
        yield Question(
            index.qualified,
            f"SELECT count(*) FROM (SELECT ctid, * FROM ONLY {table.qualified} "
            f"LIMIT {sample_rows}) {quote(table.name)}"
            + (f" WHERE {where}" if where else "")
            + f" GROUP BY {', '.join(names)} HAVING count(*) > 1 LIMIT {LIMIT}",
        )


@rule(severity=Severity.CRITICAL, bad=BAD, good=GOOD, questions=questions)
def duplicates_under_unique_index(
    catalog: Catalog,
    answers: Answers,
    *,
    sample_rows: Annotated[int, "how many rows of each table are looked at"] = 1_000_000,
    any_collation: Annotated[bool, "look at those that no update can change as well"] = False,
) -> Iterator[Fault]:
    for table, index in _checked(catalog, any_collation):
        groups = answers.get(index.qualified)
        if not groups:
            continue
        at_least = "at least " if len(groups) == LIMIT else ""
        values = "value stands" if len(groups) == 1 else "values stand"
        yield Fault(
            object=index.ref,
            message=f"{at_least}{len(groups)} {values} more than once in {table.qualified} "
            f"under the unique index {index.qualified}: it is corrupt",
            evidence={
                "values_found": len(groups),
                "rows_found": sum(int(group[0]) for group in groups),
                "rows_looked_at_most": sample_rows,
                "columns": [name for name in index.columns if name],
            },
            advice="SET enable_indexscan, enable_indexonlyscan and enable_bitmapscan to off, look "
            "at the equal rows, keep one of each, then REINDEX INDEX CONCURRENTLY.",
        )
