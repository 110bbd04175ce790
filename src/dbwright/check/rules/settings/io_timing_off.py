"""The server doesn't measure how long reading takes.

## What it finds

`track_io_timing` is off.

## Why it matters

Without it neither EXPLAIN (ANALYZE, BUFFERS) nor pg_stat_statements nor pg_stat_database can tell
a query that waits for the disk from one that computes.

## How to fix

Switch it on; a reload is enough. `pg_test_timing` shows what reading the clock costs on the
machine: below 100 ns it is not felt.

## When to ignore

The machine's clock is slow (some virtual machines).

## Sources

- PostgreSQL manual, Cumulative Query and Index Statistics: track_io_timing; pg_test_timing.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import server_wide, wrong_setting
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

BAD = Example(settings={"track_io_timing": "off"}, objects=("track_io_timing",))
GOOD = Example(settings={"track_io_timing": "on"})


@rule(severity=Severity.NOTICE, needs=("catalog.settings",), bad=BAD, good=GOOD)
def io_timing_off(catalog: Catalog) -> Iterator[Fault]:
    setting = server_wide(catalog, "track_io_timing")
    if setting is not None and setting.value == "off":
        yield wrong_setting(
            catalog,
            setting,
            "track_io_timing is off: nothing tells how long reading from disk takes",
            should_be="on",
            risk="look at pg_test_timing first",
        )
