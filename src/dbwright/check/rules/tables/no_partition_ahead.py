"""The last partition of a table partitioned by time is about to end.

## What it finds

Tables partitioned by ranges of one date or timestamp column that have a partition for the present,
and none for the time within `days_ahead` days (or within one partition's width, where that is
less). Not for SQL files, whose later partitions a job makes.

## Why it matters

When the last partition ends, INSERT fails, or the rows land in the DEFAULT partition, from where
they must be moved before the right partition can be made.

## How to fix

Make the next partitions now, and let a job (pg_partman, cron) keep several ahead.

## When to ignore

A job makes each partition shortly before it is needed, and somebody is told when it fails.

## Sources

- PostgreSQL manual, Partition Maintenance.
- pg_partman, documentation, `premake`: four partitions ahead by default.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.tables._new_partition import new_partitions
from dbwright.check.rules.tables._partitions import (
    Coverage,
    coverage,
    default_partition,
    write_bound,
)
from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import Confidence, Severity
from dbwright.model.snapshot import Snapshot

TABLE = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE events (user_id bigint REFERENCES users, at timestamptz) PARTITION BY RANGE (at);
DO $$ BEGIN
    EXECUTE format('CREATE TABLE events_a PARTITION OF events
                    FOR VALUES FROM (%L) TO (%L)', current_date - 12, current_date + 2);
END $$;
"""

REFERENCED = """
CREATE TABLE readings (at timestamptz PRIMARY KEY) PARTITION BY RANGE (at);
CREATE TABLE alarms (reading_at timestamptz REFERENCES readings);
DO $$ BEGIN
    EXECUTE format('CREATE TABLE readings_a PARTITION OF readings
                    FOR VALUES FROM (%L) TO (%L)', now() - interval '1 hour 50 minutes',
                   now() + interval '10 minutes');
END $$;
"""

BAD = (
    Example(TABLE, objects=("public.events",)),
    Example(REFERENCED, objects=("public.readings",)),
)

GOOD = Example(
    TABLE
    + """
DO $$ BEGIN
    EXECUTE format('CREATE TABLE events_b PARTITION OF events
                    FOR VALUES FROM (%L) TO (%L)', current_date + 2, current_date + 16);
END $$;
"""
)

SOME = 24
"""So many partitions are made at most, and one."""


@rule(severity=Severity.WARNING, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def no_partition_ahead(
    catalog: Catalog,
    snapshot: Snapshot,
    *,
    days_ahead: Annotated[float, "partitions must reach so many days ahead"] = 7.0,
) -> Iterator[Fault]:
    if snapshot.from_files:
        return
    now = catalog.captured_at
    for table in catalog.tables:
        found = coverage(catalog, table)
        if found is None or not found.has(now):
            continue
        width = next(r.width for r in found.ranges if r.start <= now < r.end)
        ahead = min(width, timedelta(days=days_ahead))
        end = found.end_after(now)
        if end - now < ahead:
            yield _fault(catalog, table, found, timedelta(days=days_ahead))


def _fault(catalog: Catalog, table: Table, found: Coverage, ahead: timedelta) -> Fault:
    now = catalog.captured_at
    end = found.end_after(now)
    ends_at = write_bound(found, end).strip("'")
    last = found.last_before(end)
    later = any(r.start > end for r in found.ranges)
    default = default_partition(catalog, table)
    outcome = f"go to {default.qualified}" if default else "be refused"
    fix = None
    if last is not None and last.bounded and not later:
        # Narrow partitions: some are made now, and the rest is a job's work.
        until = min(now + ahead, last.end + SOME * last.width)
        fix = new_partitions(catalog, table, found, last, until)
    return Fault(
        object=table.ref,
        message=f"the partitions of {table.qualified} end at {ends_at}: later rows will {outcome}",
        evidence={
            "column": found.column,
            "partitions": len(found.ranges),
            "ends_at": ends_at,
            "hole_before_later_partitions": later,
            "default_partition": default.qualified if default else None,
        },
        advice="Have a job make partitions ahead of time, and an alarm when it fails.",
        fix=fix,
    )
