"""A table partitioned by time has no partition for the present.

## What it finds

Tables partitioned by ranges of one date or timestamp column, none of whose partitions holds the
present moment. Critical where the last one ended within its own width (or seven days): such a
table was in use. A warning where a DEFAULT partition takes the rows; a notice where the last
partition ended long ago, and where SQL files are checked.

## Why it matters

INSERT of a row of today fails with "no partition of relation found for row"; with a DEFAULT
partition the rows pile up there, and the missing partition can't be added until they are moved.

## How to fix

Make the missing partitions, and let a job (pg_partman, cron) make the next ones in time. They are
made as tables of their own and attached, which lets reads and writes go on.

## When to ignore

The table holds past times only and gets no new rows.

## Sources

- PostgreSQL manual, Partition Maintenance; CREATE TABLE, PARTITION OF … DEFAULT.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.tables._new_partition import new_partitions
from dbwright.check.rules.tables._partitions import (
    DAY,
    Coverage,
    coverage,
    default_partition,
    is_aware,
    write_bound,
)
from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import Confidence, Severity
from dbwright.model.snapshot import Snapshot

TABLE = """
CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE INDEX ON events (at);
DO $$ BEGIN
    EXECUTE format('CREATE TABLE events_old PARTITION OF events
                    FOR VALUES FROM (%L) TO (%L)', current_date - 32, current_date - 2);
END $$;
"""

BAD = (
    Example(TABLE, objects=("public.events",)),
    Example(
        TABLE + "CREATE TABLE events_rest PARTITION OF events DEFAULT;",
        objects=("public.events",),
    ),
)

GOOD = (
    Example(
        TABLE
        + """
DO $$ BEGIN
    EXECUTE format('CREATE TABLE events_new PARTITION OF events
                    FOR VALUES FROM (%L) TO (%L)', current_date - 2, current_date + 28);
END $$;
"""
    ),
    Example(
        """
CREATE TABLE readings (at timestamptz, value numeric) PARTITION BY RANGE (at);
CREATE TABLE readings_all PARTITION OF readings FOR VALUES FROM ('2020-01-01') TO (MAXVALUE);
CREATE TABLE sites (region text) PARTITION BY LIST (region);
"""
    ),
)

RECENT = timedelta(days=7)


@rule(severity=Severity.CRITICAL, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def no_partition_for_now(catalog: Catalog, snapshot: Snapshot) -> Iterator[Fault]:
    for table in catalog.tables:
        found = coverage(catalog, table)
        if found is None or _covered(found, catalog):
            continue
        default = default_partition(catalog, table)
        yield _fault(catalog, table, found, default, from_files=snapshot.from_files)


def _covered(found: Coverage, catalog: Catalog) -> bool:
    """Without a time zone, the present is known to half a day only."""
    now = catalog.captured_at
    moments = [now] if is_aware(found) else [now - DAY / 2, now, now + DAY / 2]
    return any(found.has(moment) for moment in moments)


def _fault(
    catalog: Catalog,
    table: Table,
    found: Coverage,
    default: Table | None,
    *,
    from_files: bool,
) -> Fault:
    now = catalog.captured_at
    last = found.last_before(now)
    later = any(r.start > now for r in found.ranges)
    in_use = last is not None and now - last.end <= max(last.width, RECENT)
    since = write_bound(found, last.end).strip("'") if last else None
    outcome = f"new rows go to {default.qualified}" if default else "INSERT of new rows fails"
    quiet = from_files or not in_use
    return Fault(
        object=table.ref,
        message=f"{table.qualified} has no partition for the present"
        + (f", the last one ended at {since}" if since else "")
        + f": {outcome}",
        evidence={
            "column": found.column,
            "partitions": len(found.ranges),
            "last_ends_at": since,
            "later_partitions": later,
            "default_partition": default.qualified if default else None,
        },
        severity=Severity.NOTICE if quiet else Severity.WARNING if default else None,
        confidence=Confidence.LOW if quiet else None,
        advice="Have a job make partitions ahead of time, and an alarm when it fails.",
        fix=new_partitions(catalog, table, found, last, now)
        if last is not None and in_use and not later
        else None,
    )
