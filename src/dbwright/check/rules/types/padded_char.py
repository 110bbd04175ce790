"""A char(n) column pads its values with blanks.

## What it finds

Columns of the type `character(n)` with values that are shorter than n, which PostgreSQL fills up
with blanks. Without statistics only a notice, for n above `short_length`. Codes that always fill
the length (a country, a currency, a hash) are left alone.

## Why it matters

The blanks are stored, cached and sent, and they count or don't count depending on the operation:
comparison ignores them, LIKE and regular expressions do not, and a cast to text drops them.

Compared with a parameter of the type text the column is cast, and its index is not used.

## How to fix

Change it to `varchar(n)`, or to `text` with a CHECK where the length matters. The change writes
the table again and blocks reads meanwhile.

## When to ignore

The column belongs to an application that pads on purpose, for example to write files with fixed
columns.

## Sources

- PostgreSQL manual, Character Types: "There is no performance difference among these three
  types, apart from increased storage space when using the blank-padded type".
- PostgreSQL wiki, Don't Do This: Don't use char(n).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.types._columns import TypeChanges, by_hand, own_columns
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE TABLE customers (id bigint PRIMARY KEY, name character(40) NOT NULL);
INSERT INTO customers SELECT n, 'Customer ' || n FROM generate_series(1, 100) n;
ANALYZE customers;
""",
    objects=("public.customers.name",),
)

GOOD = """
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, country character(2) NOT NULL);
INSERT INTO customers SELECT n, 'Customer ' || n, 'NL' FROM generate_series(1, 100) n;
ANALYZE customers;
"""


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def padded_char(
    catalog: Catalog,
    statistics: Statistics | None,
    *,
    padded_share: Annotated[float, "so much of the sampled values must be padded"] = 0.1,
    short_length: Annotated[int, "without statistics, char(n) up to this n is left alone"] = 3,
) -> Iterator[Fault]:
    changes = TypeChanges(catalog, statistics)
    for table, column in own_columns(catalog.columns_by_type.get("character", ())):
        if column.length is None or column.length == 1 or column.is_array:
            continue
        counted = statistics.of_column(table, column) if statistics else None
        sample = counted.sample if counted else ()
        share = sum(value.endswith(" ") for value in sample) / len(sample) if sample else None
        if column.length <= short_length if share is None else share < padded_share:
            continue
        type_ = f"character varying({column.length})"
        obstacle = changes.obstacle(table, column)
        known = "" if share is None else f"; {share:.0%} of its sampled values are padded"
        yield Fault(
            object=table.column_ref(column),
            message=f"{table.qualified}.{quote(column.name)} is char({column.length})" + known,
            evidence={
                "length": column.length,
                "sampled_values": len(sample),
                "padded_fraction": None if share is None else round(share, 3),
                "rows": changes.rows(table),
            },
            severity=Severity.NOTICE if share is None else None,
            confidence=Confidence.LOW if share is None else None,
            fix=None
            if obstacle
            else changes.fix(
                table,
                column,
                type_,
                keeps_collation=True,
                risk="the table is written again while nobody can read; comparisons stop ignoring "
                "blanks at the end of what they are given",
            ),
            advice=by_hand(obstacle, type_),
        )
