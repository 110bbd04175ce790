"""A unique key of several columns lets rows in twice where one of them is NULL.

## What it finds

A UNIQUE constraint or index of two or more columns, one of which may be NULL, where nothing else
keeps the other columns unique while it is NULL (a partial unique index, an index over an
expression, a CHECK about the NULL). A column that marks deleted rows, such as `deleted_at`, is a
warning, everything else a notice.

## Why it matters

NULLs are never equal: any number of rows may agree in all the other columns as long as one is NULL.
With `UNIQUE (email, deleted_at)` no two living rows are kept apart at all.

## How to fix

Add a unique index over the other columns for the rows where it is NULL. From version 15 on the
key can be declared NULLS NOT DISTINCT instead.

## When to ignore

NULL means that the rule does not apply to the row.

## Sources

- PostgreSQL manual, Unique Constraints: "two null values are not considered equal".
- PostgreSQL manual, CREATE INDEX: NULLS NOT DISTINCT; Partial Indexes, example
  "Setting up a Partial Unique Index".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.fixes import create_index
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.keys._constraint import column_list
from dbwright.check.rules.keys._entity import words
from dbwright.model.catalog import Catalog, Index, Table, TableKind
from dbwright.model.finding import Confidence, Fix, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics
from dbwright.sql.lexer import significant

BAD = Example(
    """
CREATE TABLE users (
    id bigint PRIMARY KEY,
    email text NOT NULL,
    deleted_at timestamptz,
    UNIQUE (email, deleted_at)
);
CREATE TABLE folders (id bigint PRIMARY KEY, parent_id bigint REFERENCES folders, name text);
CREATE UNIQUE INDEX folders_name ON folders (name, parent_id) WHERE name IS NOT NULL;
""",
    objects=("public.users.users_email_deleted_at_key", "public.folders_name"),
)

GOOD = """
CREATE TABLE users (
    id bigint PRIMARY KEY,
    email text NOT NULL,
    phone text UNIQUE,
    deleted_at timestamptz,
    UNIQUE (id, phone)
);
CREATE UNIQUE INDEX ON users (email) WHERE deleted_at IS NULL;
CREATE TABLE folders (
    id bigint PRIMARY KEY, parent_id bigint, name text NOT NULL, UNIQUE (parent_id, name)
);
CREATE UNIQUE INDEX ON folders (name) WHERE parent_id IS NULL;
"""

GOOD_15 = Example(
    """
CREATE TABLE folders (
    id bigint PRIMARY KEY, parent_id bigint, name text NOT NULL,
    UNIQUE NULLS NOT DISTINCT (parent_id, name)
);
""",
    oldest=15,
)

GONE = frozenset({"deleted", "archived", "removed", "discarded", "trashed", "destroyed"})


@rule(severity=Severity.NOTICE, confidence=Confidence.MEDIUM, bad=BAD, good=(GOOD, GOOD_15))
def unique_over_nullable_columns(
    catalog: Catalog, statistics: Statistics | None
) -> Iterator[Fault]:
    for table in catalog.tables:
        for index in table.indexes:
            if not _is_key_of_several(index):
                continue
            nullable = _open(table, index)
            if not nullable:
                continue
            gone = [name for name in nullable if not GONE.isdisjoint(words(name))]
            kind = "constraint" if index.constraint else "index"
            name = index.constraint or index.name
            yield Fault(
                object=table.constraint_ref(name) if index.constraint else index.ref,
                message=f"the unique {kind} {quote(name)} of {table.qualified} "
                f"({column_list(filter(None, index.columns))}) does not count rows whose "
                f"{' or '.join(map(quote, nullable))} is NULL",
                evidence={
                    "columns": [name for name in index.columns if name],
                    "nullable": nullable,
                    "null_fraction": _null_fraction(statistics, table, nullable),
                },
                severity=Severity.WARNING if gone else None,
                confidence=Confidence.HIGH if gone else None,
                advice="Declare the key NULLS NOT DISTINCT (version 15 and later), or make the "
                "columns NOT NULL."
                if len(nullable) > 1
                else "",
                fix=_fix(catalog, table, index, nullable),
            )


def _is_key_of_several(index: Index) -> bool:
    return (
        index.unique
        and len(index.keys) > 1
        and index.valid
        and not index.primary
        and not index.nulls_not_distinct
        and index.parent is None
        and None not in index.columns
        and (not index.partial or index.predicate is not None)
    )


def _open(table: Table, index: Index) -> list[str]:
    """The columns whose NULL lets any number of rows in."""
    own = {name for name in index.columns if name is not None}
    nullable = [name for name in index.columns if name and not table.column(name).not_null]
    if not nullable or _unique_anyway(table, index, own):
        return []
    return [name for name in nullable if not _covered(table, index, name)]


def _unique_anyway(table: Table, index: Index, own: set[str]) -> bool:
    """Is a part of the columns unique and never NULL by itself (a key that others reference)?"""
    return any(
        other is not index
        and other.unique
        and other.valid
        and not other.partial
        and None not in other.columns
        and own.issuperset(filter(None, other.columns))
        and all(name and table.column(name).not_null for name in other.columns)
        for other in table.indexes
    )


def _covered(table: Table, index: Index, name: str) -> bool:
    """Does the index itself, another one or a CHECK already say what its NULL means?"""
    if index.predicate is not None and _speaks_of(index.predicate, name):
        return True
    for other in table.indexes:
        if other.unique and other is not index:
            texts = [key.expression or "" for key in other.keys] + [other.predicate or ""]
            if any(_speaks_of(text, name) for text in texts):
                return True
    return any(
        name in check.columns and (check.expression is None or _about_nulls(check.expression))
        for check in table.checks
    )


def _speaks_of(text: str, column: str) -> bool:
    return bool(text) and any(token.text == quote(column) for token in significant(text))


def _about_nulls(expression: str) -> bool:
    told = {"null", "num_nonnulls", "num_nulls"}
    return any(token.lower in told for token in significant(expression))


def _null_fraction(
    statistics: Statistics | None, table: Table, nullable: list[str]
) -> float | None:
    found = [statistics.of_column(table, name) for name in nullable] if statistics else []
    shares = [column.null_fraction for column in found if column is not None]
    return round(max(shares), 4) if shares else None


def _fix(catalog: Catalog, table: Table, index: Index, nullable: list[str]) -> Fix | None:
    """A unique index of the other columns, for the rows where the one is NULL."""
    if len(nullable) != 1 or table.kind is TableKind.FOREIGN:
        return None
    others = [name for name in index.columns if name and name not in nullable]
    condition = f"{quote(nullable[0])} IS NULL"
    where = condition if index.predicate is None else f"{index.predicate} AND {condition}"
    return create_index(
        catalog,
        table,
        [quote(name) for name in others],
        name_from=others,
        suffix="key",
        unique=True,
        where=where,
        risk="fails where such rows are there twice already: repair them, drop the invalid "
        "index, and run it again",
    )
