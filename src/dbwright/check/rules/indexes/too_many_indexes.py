"""A table that is mostly written carries many indexes.

## What it finds

A table, or a partitioned table with its partitions, with at least `min_indexes` indexes that was
written to more often than all of them together were scanned. Updates that touched no index (HOT)
are not counted as writes.

## Why it matters

Each INSERT, and each UPDATE that is not HOT, writes an entry to every index; more indexes also mean
fewer HOT updates, more write-ahead log, and longer vacuums.

## How to fix

Begin with the indexes in the evidence that are scanned least: drop those that nobody needs, join
those that overlap. Keys and unique indexes stay.

## When to ignore

Each index serves a query that must be fast, and the writes are fast enough.

## Sources

- PostgreSQL manual, Indexes, Introduction: "indexes that are seldom or never used in queries
  should be removed".
- PostgreSQL manual, Heap-Only Tuples (HOT).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, Table, TableKind
from dbwright.model.finding import Confidence, Severity
from dbwright.model.index_use import count
from dbwright.model.statistics import Statistics

COLUMNS = ", ".join(f"c{n} int" for n in range(1, 9))
INDEXES = "".join(f"CREATE INDEX ON readings (c{n});\n" for n in range(1, 9))
ROWS = "INSERT INTO readings SELECT n, n, n, n, n, n, n, n, n FROM generate_series(1, 3000) n;"

BAD = (
    Example(
        f"""
CREATE TABLE readings (id bigint PRIMARY KEY, {COLUMNS});
{INDEXES}{ROWS}
SELECT pg_stat_force_next_flush();
""",
        oldest=15,
        options={"min_writes": 1000},
        objects=("public.readings",),
        fix_mends=False,
    ),
    Example(
        f"""
CREATE TABLE readings (id bigint PRIMARY KEY, {COLUMNS}) PARTITION BY RANGE (id);
CREATE TABLE readings_1 PARTITION OF readings FOR VALUES FROM (0) TO (2000);
CREATE TABLE readings_2 PARTITION OF readings FOR VALUES FROM (2000) TO (4000);
{INDEXES}{ROWS}
SELECT pg_stat_force_next_flush();
""",
        oldest=15,
        options={"min_writes": 2500},
        objects=("public.readings",),
        fix_mends=False,
    ),
)

GOOD = Example(
    f"""
CREATE TABLE readings (id bigint PRIMARY KEY, {COLUMNS});
CREATE INDEX ON readings (c1);
CREATE INDEX ON readings (c2);
{ROWS}
SELECT pg_stat_force_next_flush();
""",
    oldest=15,
    options={"min_writes": 1000},
)


@dataclass(slots=True)
class _Counts:
    """Of a table with all its partitions."""

    writes: int = 0
    updated: int = 0
    hot_updated: int = 0
    scans: int = 0
    heap_bytes: int = 0
    index_bytes: int = 0


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    needs=("statistics.tables", "statistics.indexes"),
    bad=BAD,
    good=GOOD,
)
def too_many_indexes(
    catalog: Catalog,
    statistics: Statistics,
    *,
    min_indexes: Annotated[int, "so many indexes, keys included, are many"] = 8,
    min_writes: Annotated[int, "tables with fewer writes are left alone"] = 10_000,
) -> Iterator[Fault]:
    for table in catalog.tables:
        if len(table.indexes) < min_indexes or table.is_partition:
            continue
        counts = _Counts()
        _count(catalog, statistics, table, counts)
        if counts.writes < min_writes or counts.writes <= counts.scans:
            continue
        yield Fault(
            object=table.ref,
            message=f"{table.qualified} has {len(table.indexes)} indexes, was written "
            f"{counts.writes:,} times and read through them {counts.scans:,} times",
            evidence={
                "indexes": len(table.indexes),
                "writes_to_indexes": counts.writes,
                "index_scans": counts.scans,
                "hot_update_fraction": round(counts.hot_updated / counts.updated, 3)
                if counts.updated
                else None,
                "index_bytes": counts.index_bytes,
                "heap_bytes": counts.heap_bytes,
                "least_scanned": _least_scanned(catalog, statistics, table),
            },
            advice="Look at the least scanned indexes first: drop those that no query needs, on "
            "standbys neither, and join those that overlap.",
        )


def _count(catalog: Catalog, statistics: Statistics, table: Table, counts: _Counts) -> None:
    if table.kind is TableKind.PARTITIONED:
        for child in catalog.children(table):
            _count(catalog, statistics, child, counts)
    counted = statistics.of(table) if table.stores_rows else None
    if counted is not None:
        counts.writes += counted.inserted + counted.updated - counted.hot_updated
        counts.updated += counted.updated
        counts.hot_updated += counted.hot_updated
        counts.scans += counted.index_scans
        counts.heap_bytes += counted.heap_bytes or 0
        counts.index_bytes += counted.index_bytes or 0


def _least_scanned(catalog: Catalog, statistics: Statistics, table: Table) -> list[str]:
    """Up to five indexes that are no keys, the least used first, each with its scans."""
    scans = [
        (count(catalog, statistics, table, index).scans or 0, index.qualified)
        for index in table.indexes
        if not index.unique and not index.backs_constraint
    ]
    return [f"{name}: {number} scans" for number, name in sorted(scans)[:5]]
