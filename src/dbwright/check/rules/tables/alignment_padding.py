"""The order of a large table's columns wastes space.

## What it finds

Tables whose rows would be at least `min_share` smaller, and the table at least `min_bytes`
smaller, if its columns stood in another order. Counted from the columns' lengths and alignments
and, for those of varying length, their average width; partitions are added up at their table.

## Why it matters

A value of eight bytes starts at a multiple of eight, so a boolean before a bigint costs eight
bytes in each row: on disk, in memory, in each backup and each scan.

## How to fix

The order of columns can't be changed in place. When the table is next made anew (partitioning, a
copy for a changed type), write the columns of eight bytes first, then those of four, two and one,
then those of varying length; the evidence has the order.

## When to ignore

The table is not made anew for another reason: this alone seldom is worth copying it.

## Sources

- PostgreSQL manual, chapter Database Physical Storage: Table Row Layout; pg_type: typalign.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE TABLE events (seen boolean NOT NULL, id bigint NOT NULL, kind smallint NOT NULL,
                     at timestamptz NOT NULL, done boolean NOT NULL, amount float8 NOT NULL);
INSERT INTO events SELECT true, n, 1, now(), true, 1 FROM generate_series(1, 5000) n;
ANALYZE events;
""",
    objects=("public.events",),
    options={"min_bytes": 50_000},
    fix_mends=False,
)

GOOD = Example(
    """
CREATE TABLE events (id bigint NOT NULL, at timestamptz NOT NULL, amount float8 NOT NULL,
                     kind smallint NOT NULL, seen boolean NOT NULL, done boolean NOT NULL);
INSERT INTO events SELECT n, now(), 1, 1, true, true FROM generate_series(1, 5000) n;
ANALYZE events;
""",
    options={"min_bytes": 50_000},
)

HEADER = 24
"""Bytes before the first column, and of the line pointer's row: 23, aligned."""
POINTER = 4
LARGEST = 8
SHORT = 127
"""Up to here a value of varying length has a one-byte header and is not aligned."""
ASSUMED_WIDTH = 16


@rule(
    severity=Severity.NOTICE,
    confidence=Confidence.MEDIUM,
    needs=("statistics.tables",),
    bad=BAD,
    good=GOOD,
)
def alignment_padding(
    catalog: Catalog,
    statistics: Statistics,
    *,
    min_bytes: Annotated[int, "so much smaller the table must get"] = 500_000_000,
    min_share: Annotated[float, "so much smaller each row must get, of 1"] = 0.1,
) -> Iterator[Fault]:
    for table in catalog.tables:
        if table.is_partition or len(table.columns) < 3:
            continue
        rows = _rows(catalog, table, statistics)
        # A column can't save more than seven bytes: most tables are done here.
        if rows * len(table.columns) * (LARGEST - 1) < min_bytes:
            continue
        now = _row_bytes(table, table.columns, statistics)
        order = sorted(table.columns, key=_rank)
        saved = now - _row_bytes(table, order, statistics)
        if saved * rows >= min_bytes and saved >= min_share * (now + POINTER):
            yield Fault(
                object=table.ref,
                message=f"each row of {table.qualified} holds about {saved} bytes of padding that "
                f"another order of columns saves: {saved * rows / 1e6:,.0f} MB in all",
                evidence={
                    "rows": int(rows),
                    "row_bytes": now,
                    "saved_row_bytes": saved,
                    "saved_bytes": int(saved * rows),
                    "better_order": [quote(column.name) for column in order],
                },
                advice="When the table is next made anew, write its columns in the order given.",
            )


def _rows(catalog: Catalog, table: Table, statistics: Statistics) -> float:
    """Of the table, or of all partitions below it."""
    total = 0.0
    stack = [table]
    while stack:
        this = stack.pop()
        counted = statistics.of(this)
        if this.stores_rows and counted is not None:
            total += counted.best_rows
        if this.partition_key is not None:
            stack += catalog.children(this)
    return total


def _rank(column: Column) -> tuple[int, int]:
    """Fixed lengths first, those with the widest alignment before the others."""
    return (0, -column.type_alignment) if column.type_length > 0 else (1, 0)


def _row_bytes(table: Table, columns: Sequence[Column], statistics: Statistics) -> int:
    """The length of a typical row; after a varying length, half of the largest padding."""
    at = float(HEADER)
    uncertain = False
    for column in columns:
        known = statistics.of_column(table, column)
        if column.generated == "virtual" or (known is not None and known.null_fraction > 0.5):
            continue
        width = column.type_length
        align = column.type_alignment
        if width < 0:
            width = known.average_width if known else ASSUMED_WIDTH
            align = 1 if width < SHORT and column.storage != "plain" else align
        at = at + (align - 1) / 2 if uncertain else -(-at // align) * align
        at += width
        uncertain = uncertain or column.type_length < 0 or bool(known and known.null_fraction)
    return int(-(-at // LARGEST) * LARGEST)
