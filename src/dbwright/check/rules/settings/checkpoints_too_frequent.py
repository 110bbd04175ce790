"""Checkpoints come because the log is full, not because it is time.

## What it finds

More than half of the checkpoints since the counters began were requested (by `max_wal_size` being
reached), and they came more often than every half `checkpoint_timeout`.

## Why it matters

After each checkpoint every page that changes is written whole to the log: many checkpoints mean
several times the log, more writing, and waves of slow queries.

## How to fix

Raise `max_wal_size`, so that time decides. The figure given holds three times what the server
writes in one `checkpoint_timeout`, where that is known.

## When to ignore

There is no room for more log, crash recovery must be very short, or the checkpoints were asked
for by hand (CHECKPOINT, backups, bulk loads).

## Sources

- PostgreSQL manual, Reliability and the Write-Ahead Log: WAL Configuration.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import (
    seconds,
    server_wide,
    shown,
    size_bytes,
    size_text,
    wrong_setting,
)
from dbwright.model.catalog import Catalog
from dbwright.model.checkpoints import checkpoint_seconds, enough_wal, too_many_requested
from dbwright.model.finding import Confidence, Severity
from dbwright.model.statistics import Statistics

CHECKPOINTS = "CHECKPOINT; CHECKPOINT; CHECKPOINT; SELECT pg_sleep(0.5);"
FEW = {"min_days": 0, "min_checkpoints": 3}

BAD = (
    Example(
        f"SELECT pg_stat_reset_shared('bgwriter'); {CHECKPOINTS}",
        own_server=True,
        newest=16,
        options=FEW,
        objects=("max_wal_size",),
        fix_mends=False,  # what was counted stays counted
    ),
    Example(
        f"SELECT pg_stat_reset_shared('checkpointer'); {CHECKPOINTS}",
        own_server=True,
        oldest=17,
        options=FEW,
        objects=("max_wal_size",),
        fix_mends=False,
    ),
)
GOOD = Example(own_server=True, options={"min_days": 0})


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    needs=("catalog.settings", "statistics.checkpoints"),
    bad=BAD,
    good=GOOD,
)
def checkpoints_too_frequent(
    catalog: Catalog,
    statistics: Statistics,
    *,
    min_days: Annotated[float, "the counters must have run so many days"] = 1.0,
    min_checkpoints: Annotated[int, "fewer checkpoints say nothing"] = 20,
) -> Iterator[Fault]:
    setting = server_wide(catalog, "max_wal_size")
    timeout = catalog.setting("checkpoint_timeout")
    counted = statistics.checkpoints
    if setting is None or timeout is None or counted is None or counted.since is None:
        return
    total = counted.timed + counted.requested
    if not too_many_requested(
        statistics, seconds(timeout), min_days=min_days, min_checkpoints=min_checkpoints
    ):
        return
    yield wrong_setting(
        catalog,
        setting,
        f"{counted.requested} of {total} checkpoints since {counted.since:%Y-%m-%d} did not wait "
        f"for checkpoint_timeout ({shown(timeout)}): max_wal_size is {shown(setting)}",
        should_be=size_text(enough_wal(statistics, size_bytes(setting), seconds(timeout))),
        evidence={
            "requested_checkpoints": counted.requested,
            "timed_checkpoints": counted.timed,
            "counted_since": f"{counted.since:%Y-%m-%d}",
            "mean_interval_seconds": round(checkpoint_seconds(statistics) or 0),
        },
        risk="pg_wal grows up to that size, and crash recovery takes longer",
    )
