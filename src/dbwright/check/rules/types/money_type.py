"""A column is of the type money.

## What it finds

Columns of the type `money`, or an array of it.

## Why it matters

A `money` value has no currency, and how many decimals it has, how it is written and how it is
read back depends on the setting `lc_monetary`: the same dump means other amounts elsewhere.

A value may come back as `$1,000.00`, which no client can compute with. Division rounds, and
fractions of a cent can't be stored.

## How to fix

Change it to `numeric`, and store the currency in a column of its own where there can be more than
one. The change writes the table again and blocks reads meanwhile: on a large table add a new
column, copy in batches, and swap the names instead.

## When to ignore

One currency, one locale, and the type came with an application that you can't change.

## Sources

- PostgreSQL manual, Monetary Types.
- PostgreSQL wiki, Don't Do This: Don't use money.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.types._columns import TypeChanges, by_hand, other_type, own_columns
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

BAD = Example(
    "CREATE TABLE products (id bigint PRIMARY KEY, price money NOT NULL DEFAULT 0);",
    objects=("public.products.price",),
)

GOOD = """
CREATE TABLE products (
    id bigint PRIMARY KEY,
    price numeric(12, 2) NOT NULL,
    currency text NOT NULL
);
"""


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def money_type(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    changes = TypeChanges(catalog, statistics)
    monetary = catalog.setting("lc_monetary")
    for table, column in own_columns(catalog.columns_by_type.get("money", ())):
        type_ = other_type(column, "money", "numeric")
        obstacle = changes.obstacle(table, column)
        yield Fault(
            object=table.column_ref(column),
            message=f"{table.qualified}.{quote(column.name)} is of the type {column.type}, whose "
            "meaning hangs on lc_monetary",
            evidence={
                "type": column.type,
                "lc_monetary": monetary.value if monetary else None,
                "rows": changes.rows(table),
                "size_bytes": changes.size_bytes(table),
            },
            fix=None
            if obstacle
            else changes.fix(
                table,
                column,
                type_,
                risk="the table is written again while nobody can read; clients get plain numbers "
                "instead of text with a currency sign",
            ),
            advice=by_hand(obstacle, type_),
        )
