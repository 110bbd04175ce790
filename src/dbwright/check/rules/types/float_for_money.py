"""Amounts of money are stored as floating-point numbers.

## What it finds

Columns of the types `real` and `double precision` whose name speaks of money (price, cost, fee,
tax, salary …) and not of something measured or computed (rate, average, score …). Names that only
perhaps mean money (amount, balance, credit …) give a notice.

## Why it matters

0.1 has no exact floating-point value: sums drift by cents, the same rows added in another order
give another sum, and comparing with `=` fails.

`real` holds only 6 digits: above 100,000.00 it can't tell one cent from the next.

## How to fix

Change it to `numeric(19,4)`, or to `bigint` with the smallest unit. Compare the sums before and
after. The change writes the table again and blocks reads meanwhile.

## When to ignore

The figure is an estimate or an index without a claim to be exact.

## Sources

- PostgreSQL manual, Floating-Point Types: "If you require exact storage and calculations
  (such as for monetary amounts), use the numeric type instead".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.types._columns import TypeChanges, by_hand, own_columns
from dbwright.check.rules.types._words import money_words
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE TABLE products (
    id bigint PRIMARY KEY,
    unit_price double precision NOT NULL DEFAULT 0,
    amount real
);
""",
    objects=("public.products.unit_price", "public.products.amount"),
)

GOOD = """
CREATE TABLE products (
    id bigint PRIMARY KEY,
    unit_price numeric(12, 2) NOT NULL,
    tax_rate double precision,
    weight real
);
"""

DIGITS = {"real": 6, "double precision": 15}
TARGET = "numeric(19,4)"


@rule(severity=Severity.WARNING, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def float_for_money(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    changes = TypeChanges(catalog, statistics)
    for name, pairs in catalog.columns_by_name.items():
        found, certain = money_words(name)
        if not found:
            continue
        for table, column in own_columns(pairs):
            base, digits = column.base_type, DIGITS.get(column.base_type)
            if digits is None or column.is_array:
                continue
            obstacle = changes.obstacle(table, column)
            yield Fault(
                object=table.column_ref(column),
                message=f"{table.qualified}.{quote(column.name)} is {base}, which keeps {digits} "
                "digits and no exact cents",
                evidence={
                    "type": column.type,
                    "words": sorted(found),
                    "exact_digits": digits,
                    "rows": changes.rows(table),
                },
                severity=None if certain else Severity.NOTICE,
                confidence=None if certain else Confidence.LOW,
                fix=None
                if obstacle
                else changes.fix(
                    table,
                    column,
                    TARGET,
                    risk="the table is written again while nobody can read; values are rounded to "
                    "four decimals, for good",
                ),
                advice=by_hand(obstacle, TARGET),
            )
