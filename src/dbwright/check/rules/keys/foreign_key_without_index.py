"""A foreign key has no index on its own columns.

## What it finds

A FOREIGN KEY whose columns are not the leading columns, in any order, of a usable index of the
referencing table. A partial index counts only if its predicate is `column IS NOT NULL` of one of
the key's columns.

## Why it matters

Each DELETE or UPDATE of a referenced key reads the whole referencing table to look for children,
and does so while it holds a row lock; joins from the parent read it whole as well.

PostgreSQL makes an index for the referenced side only (it is a key); for the referencing side it
leaves the choice to you.

## How to fix

Make the index. It is built CONCURRENTLY, so reads and writes go on.

## When to ignore

The referenced rows are never deleted, their key never changes, and nobody asks for the children
of one parent. A small referencing table is reported as a notice only.

## Sources

- PostgreSQL manual, 5.5.5 Foreign Keys: "it is often a good idea to index the referencing columns
  too".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.fixes import create_index
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, ForeignKey, Index, Table
from dbwright.model.finding import Fix, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

BAD = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users
);
"""

GOOD = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users,
    seller_id bigint REFERENCES users
);
CREATE INDEX ON orders (user_id, id);
CREATE INDEX ON orders (seller_id) WHERE seller_id IS NOT NULL;
"""


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def foreign_key_without_index(
    catalog: Catalog,
    statistics: Statistics | None,
    *,
    small_rows: Annotated[int, "a referencing table with fewer rows is only a notice"] = 1000,
) -> Iterator[Fault]:
    for table in catalog.tables:
        for key in table.foreign_keys:
            if key.inherited or any(_serves(index, key) for index in table.indexes):
                continue
            counted = statistics.of(table) if statistics else None
            rows = counted.best_rows if counted else None
            yield Fault(
                object=table.constraint_ref(key.name),
                message=f"{table.qualified} ({', '.join(map(quote, key.columns))}) references "
                f"{key.references} and has no index"
                + (f"; it holds {rows:,.0f} rows" if rows else ""),
                evidence={
                    "columns": key.columns,
                    "references": key.references,
                    "rows": rows,
                    "size_bytes": counted.heap_bytes if counted else None,
                },
                severity=Severity.NOTICE if rows is not None and rows < small_rows else None,
                fix=_fix(catalog, table, key, counted.heap_bytes if counted else None),
            )


def _serves(index: Index, key: ForeignKey) -> bool:
    leading = index.columns[: len(key.columns)]
    if not index.valid or index.method not in ("btree", "hash") or set(leading) != set(key.columns):
        return False
    return not index.partial or any(
        index.predicate == f"({quote(column)} IS NOT NULL)" for column in key.columns
    )


def _fix(catalog: Catalog, table: Table, key: ForeignKey, size_bytes: int | None) -> Fix:
    return create_index(
        catalog,
        table,
        [quote(column) for column in key.columns],
        name_from=key.columns,
        size_bytes=size_bytes,
    )
