"""A foreign key has no index on its own columns.

## What it finds

A FOREIGN KEY whose columns are not the leading columns, in any order, of a usable index of the
referencing table (also that of an exclusion constraint). Some of them are enough where they find
few rows alone: they are a key of this table, or what they reference is a key of the other one. A
partial index counts only if its predicate is `column IS NOT NULL` of one of the key's columns.

## Why it matters

Each DELETE or UPDATE of a referenced key reads the whole referencing table to look for children,
and does so while it holds a row lock; joins from the parent read it whole as well.

PostgreSQL makes an index for the referenced side only (it is a key); for the referencing side it
leaves the choice to you.

## How to fix

Make the index. It is built CONCURRENTLY, so reads and writes go on.

## When to ignore

The referenced rows are never deleted, their key never changes, and nobody asks for the children
of one parent. Short lists are like that (currencies, statuses): where the server has counted that
the referenced table is short and nothing of it was deleted, and its key is a code or a smallint,
it is not told; where only the key looks like that, and for small tables, it is a notice.

## Sources

- PostgreSQL manual, Foreign Keys: "it is often a good idea to index the referencing columns
  too".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.fixes import create_index
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.keys._entity import words
from dbwright.model.catalog import Catalog, Column, ForeignKey, Table
from dbwright.model.finding import Confidence, Fix, Severity
from dbwright.model.names import quote
from dbwright.model.serving import serves_foreign_key
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
CREATE TABLE carts (shop bigint, id bigint PRIMARY KEY, UNIQUE (shop, id));
CREATE TABLE items (
    shop bigint,
    cart_id bigint,
    line integer,
    PRIMARY KEY (cart_id, line),
    FOREIGN KEY (shop, cart_id) REFERENCES carts (shop, id)
);
CREATE TABLE currencies (code text PRIMARY KEY);
INSERT INTO currencies VALUES ('EUR'), ('USD');
VACUUM ANALYZE currencies;
ALTER TABLE orders ADD currency_code text REFERENCES currencies;
"""

LIST_NAMES = frozenset("abbreviation code iso iso2 iso3 iso_code kind status symbol type".split())
"""How the key of a list is called, where nothing tells how long the list is."""
GENERATED_NAMES = frozenset("id uuid guid cuid ulid oid".split())
"""How a key is called that an application may generate."""


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def foreign_key_without_index(
    catalog: Catalog,
    statistics: Statistics | None,
    *,
    small_rows: Annotated[int, "a referencing table with fewer rows is only a notice"] = 1000,
    list_rows: Annotated[int, "a referenced list of codes with fewer rows needs no index"] = 300,
) -> Iterator[Fault]:
    for table in catalog.tables:
        told: set[tuple[str, ...]] = set()
        for key in table.foreign_keys:
            if key.inherited or key.columns in told:
                continue  # one index serves every key over the same columns
            parent = catalog.find_table(key.references)
            if any(serves_foreign_key(index, key, parent) for index in table.indexes):
                continue
            counted = statistics.of(table) if statistics else None
            rows = counted.best_rows if counted else None
            is_list, certain = (
                _is_list(parent, key, statistics, list_rows) if parent else (False, False)
            )
            if certain:
                continue
            told.add(key.columns)
            small = rows is not None and rows < small_rows
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
                severity=Severity.NOTICE if small or is_list else None,
                confidence=Confidence.LOW if is_list else None,
                advice=f"Leave it if no row of {key.references} is ever deleted: of a short list "
                "each value has many rows, and an index on it is seldom read."
                if is_list
                else "",
                fix=_fix(catalog, table, key, counted.heap_bytes if counted else None),
            )


def _is_list(
    parent: Table, key: ForeignKey, statistics: Statistics | None, list_rows: int
) -> tuple[bool, bool]:
    """Is the parent a short list of codes, whose rows stay? And is that certain?"""
    if len(key.referenced_columns) > 1 or key.on_delete not in ("NO ACTION", "RESTRICT"):
        return False, False
    column = parent.column(key.referenced_columns[0])
    word = words(column.name)[-1:]
    named = column.base_type == "smallint" or not LIST_NAMES.isdisjoint(word)
    counted = statistics.of(parent) if statistics else None
    if counted is None or counted.rows is None:
        return named and _made_by_hand(column), False
    short = counted.rows < list_rows and not counted.deleted and _made_by_hand(column)
    return short, short and named


def _made_by_hand(column: Column) -> bool:
    """Are its values given by people, not by a sequence or a program?"""
    if column.base_type == "smallint":
        return True
    return (
        column.identity is None
        and column.default is None
        and column.base_type != "uuid"
        and GENERATED_NAMES.isdisjoint(words(column.name)[-1:])
    )


def _fix(catalog: Catalog, table: Table, key: ForeignKey, size_bytes: int | None) -> Fix:
    return create_index(
        catalog,
        table,
        [quote(column) for column in key.columns],
        name_from=key.columns,
        size_bytes=size_bytes,
    )
