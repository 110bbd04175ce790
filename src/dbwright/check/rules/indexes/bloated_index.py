"""An index is mostly empty space.

## What it finds

A b-tree index that is much larger than its entries need: at least `min_wasted_bytes` and
`min_wasted_fraction` of its pages would be gone after building it again. The need is reckoned from
the number of entries and the average widths of the columns, with every entry stored on its own
(without deduplication), all dead rows counted in, and NULLs as wide as values, so the estimate errs
on the small side.

## Why it matters

Each scan and each vacuum reads the empty space too, and it takes cache from what is in use.

## How to fix

`REINDEX INDEX CONCURRENTLY` builds it again while reads and writes go on. It needs room for the new
index beside the old one. Then find out why it grew: long transactions that hold vacuum back, or
deletes of all but a few old rows on each page.

## When to ignore

The table was just emptied and will fill again.

## Sources

- PostgreSQL manual, Routine Reindexing; REINDEX, Rebuilding Indexes Concurrently.
- PostgreSQL manual, Database Page Layout; B-Tree Indexes, Implementation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.fixes import scan_seconds
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, Index, MaterializedView, Table
from dbwright.model.finding import Confidence, Fix, LockMode, Severity
from dbwright.model.statistics import IndexStatistics, Statistics

TABLE = """
CREATE TABLE events (id bigint PRIMARY KEY, user_id int, kind text)
    WITH (autovacuum_enabled = off);
INSERT INTO events SELECT n, n * 7919 % 20000, 'kind ' || n FROM generate_series(1, 20000) n;
CREATE INDEX events_kind ON events (kind, user_id);
CREATE INDEX events_user ON events (user_id) WITH (fillfactor = 20);
"""

BAD = Example(
    TABLE
    + """
DELETE FROM events WHERE id % 10 <> 0;
SELECT pg_stat_force_next_flush();
VACUUM ANALYZE events;
""",
    objects=("public.events_pkey", "public.events_kind", "public.events_user"),
    options={"min_wasted_bytes": 200_000},
    oldest=15,
)

GOOD = (
    Example(TABLE + "VACUUM ANALYZE events;", options={"min_wasted_bytes": 100_000}),
    Example(TABLE + "DELETE FROM events WHERE id % 10 <> 0; VACUUM ANALYZE events;"),
)

PAGE_OVERHEAD = 24 + 16
"""Bytes of the page's header and of the b-tree's own space at its end."""

ENTRY_HEADER = 8
LINE_POINTER = 4
"""Bytes."""

INNER_PAGES = 1.02
"""Pages above the leaves, as a factor; on the large side."""


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    needs=("statistics.tables", "statistics.indexes", "statistics.columns"),
    bad=BAD,
    good=GOOD,
)
def bloated_index(
    catalog: Catalog,
    statistics: Statistics,
    *,
    min_wasted_bytes: Annotated[int, "less waste is not told"] = 50_000_000,
    min_wasted_fraction: Annotated[
        float, "at least this share is waste (a healthy index has up to 0.45)"
    ] = 0.6,
) -> Iterator[Fault]:
    block = catalog.server.block_size
    min_pages = min_wasted_bytes // block
    large = {counted.oid for counted in statistics.indexes if counted.pages > min_pages}
    indexed: tuple[Table | MaterializedView, ...] = catalog.tables + catalog.materialized_views
    for table in indexed if large else ():
        for index in table.indexes:
            counted = statistics.of_index(index) if index.oid in large else None
            if counted is None or index.method != "btree" or not index.valid:
                continue
            needed = _needed_pages(statistics, table, index, counted, block)
            if needed is None:
                continue
            wasted = counted.pages - needed
            if wasted * block < min_wasted_bytes or wasted < min_wasted_fraction * counted.pages:
                continue
            yield Fault(
                object=index.ref,
                message=f"{index.qualified} takes {counted.pages * block / 1e6:,.0f} MB and "
                f"needs about {needed * block / 1e6:,.0f} MB",
                evidence={
                    "table": table.qualified,
                    "size_bytes": counted.pages * block,
                    "needed_bytes": needed * block,
                    "wasted_fraction": round(wasted / counted.pages, 2),
                    "entries": counted.rows,
                },
                fix=_fix(statistics, table, index),
            )


def _needed_pages(
    statistics: Statistics,
    table: Table | MaterializedView,
    index: Index,
    counted: IndexStatistics,
    block: int,
) -> int | None:
    """How many pages it would have after building it again; None where that can't be reckoned.

    Pages and entries were counted at the same moment, by the last vacuum or analyze.
    """
    width = _entry_width(statistics, table, index)
    of_table = statistics.of(table)
    if width is None or counted.rows is None or of_table is None:
        return None
    entries = counted.rows + of_table.dead_rows
    fill = int(dict(index.options).get("fillfactor", "90")) / 100
    on_a_page = max(1, int((block - PAGE_OVERHEAD) * fill / width))
    return math.ceil(entries / on_a_page * INNER_PAGES) + 1


def _entry_width(
    statistics: Statistics, table: Table | MaterializedView, index: Index
) -> int | None:
    """Bytes of an entry with its line pointer; None for expressions and unknown columns."""
    columns = {column.name: column for column in table.columns}
    width = 0
    for name in (*index.columns, *index.include):
        column = columns.get(name) if name is not None else None
        if column is None:
            return None
        own = column.type_length
        if own < 0:
            # Of the rows under a predicate the table's average says nothing.
            found = statistics.of_column(table, column)
            if found is None or index.partial:
                return None
            own = found.average_width
        if column.type_length > 0 or own > 126:  # a short varying value is not aligned
            width = _aligned(width, column.type_alignment)
        width += own
    return _aligned(ENTRY_HEADER + width, 8) + LINE_POINTER


def _aligned(width: int, alignment: int) -> int:
    return -(-width // alignment) * alignment


def _fix(statistics: Statistics, table: Table | MaterializedView, index: Index) -> Fix | None:
    of_table = statistics.of(table)
    if index.exclusion:  # PostgreSQL can't build those CONCURRENTLY
        return None
    return Fix(
        up=f"REINDEX INDEX CONCURRENTLY {index.qualified};",
        down="",
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        scans=True,
        transactional=False,
        seconds=scan_seconds(of_table.heap_bytes if of_table else None),
        risk="needs disk for the new index beside the old one, and leaves an invalid one if it is "
        "cancelled; there is nothing to take back",
    )
