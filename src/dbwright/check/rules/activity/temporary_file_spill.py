"""Sorts and hashes spill to disk.

## What it finds

A database whose queries write at least `daily_bytes` a day to temporary files. Where it is not
known since when that is counted, at least ten times as much in all (a notice).

## Why it matters

A sort, hash or materialization that does not fit into `work_mem` is written to disk and read again:
the query is many times slower, and a runaway one fills the disk.

## How to fix

Find the queries: `log_temp_files = 0`, pg_stat_statements (temp_blks_written), `EXPLAIN (ANALYZE,
BUFFERS)` shows "Disk:". An index that gives the order, or fewer rows and columns before the sort,
is best; else raise `work_mem` for the role or the transaction that needs it, not for all.

## When to ignore

Nightly reports and index builds on a server with room.

## Sources

- PostgreSQL manual, Memory: work_mem, hash_mem_multiplier; What to Log:
  log_temp_files; pg_stat_database: temp_bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.activity._counters import counters, per_day, size, started
from dbwright.check.rules.activity._sessions import brief
from dbwright.model.catalog import Catalog
from dbwright.model.finding import ObjectRef, Severity
from dbwright.model.names import quote
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import Statistics

SORT = "SELECT n FROM generate_series(1, 50000) n ORDER BY n DESC;"
FLUSH = "SELECT pg_stat_force_next_flush();"
OPTIONS: dict[str, object] = {"daily_bytes": 10_000}

BAD = Example(f"SET work_mem = '64kB'; {SORT} {FLUSH}", oldest=15, options=OPTIONS, fix_mends=False)
GOOD = Example(f"SET work_mem = '64MB'; {SORT} {FLUSH}", oldest=15, options=OPTIONS)

UNKNOWN_DAYS = 10
SHOWN = 3


@rule(severity=Severity.WARNING, needs=("statistics.databases",), bad=BAD, good=GOOD)
def temporary_file_spill(
    catalog: Catalog,
    statistics: Statistics,
    snapshot: Snapshot,
    *,
    daily_bytes: Annotated[int, "so much a day"] = 5_000_000_000,
) -> Iterator[Fault]:
    counted = counters(catalog, statistics)
    if counted is None or not counted.temporary_bytes:
        return
    rate = per_day(statistics, counted.temporary_bytes)
    if rate is None and counted.temporary_bytes < UNKNOWN_DAYS * daily_bytes:
        return
    if rate is not None and rate < daily_bytes:
        return
    work_mem = catalog.setting("work_mem")
    often = "" if rate is None else f", about {size(rate)} a day"
    yield Fault(
        object=ObjectRef("database", quote(counted.name)),
        message=f"queries in {quote(counted.name)} wrote {size(counted.temporary_bytes)} to "
        f"temporary files {started(counted.since)}{often}",
        evidence={
            "temporary_files": counted.temporary_files,
            "temporary_bytes": counted.temporary_bytes,
            "daily_bytes": None if rate is None else round(rate),
            "counted_since": f"{counted.since:%Y-%m-%d}" if counted.since else None,
            "work_mem_bytes": int(work_mem.value) * 1024 if work_mem else None,
            "queries": _queries(snapshot),
        },
        severity=Severity.NOTICE if rate is None else None,
        advice="Set log_temp_files to find the queries; give them an index for their order, or "
        "their role more work_mem.",
    )


def _queries(snapshot: Snapshot) -> list[str]:
    """Those that wrote most, where pg_stat_statements was read."""
    queries = snapshot.workload.queries if snapshot.workload else ()
    spilled = sorted(
        (query for query in queries if query.temporary_blocks),
        key=lambda query: (-(query.temporary_blocks or 0), query.text),
    )
    return [brief(query.text) or "" for query in spilled[:SHOWN]]
