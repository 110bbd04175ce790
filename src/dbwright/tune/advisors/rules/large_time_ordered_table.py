"""A large table whose rows come in order of time is not partitioned.

## What it finds

Tables of at least `large_rows` rows or `large_bytes` bytes (with their indexes) that are hardly
updated, whose rows lie in the order of a time or a counting number (correlation of 0.9 and more),
and which queries of the workload read, or delete from, by ranges of it. The table is partitioned on
a twin by year, month, week or day (or rounds of ids), with each partition's share of the figures,
and the workload is planned there. It is advised where the workload costs a tenth less, also less
than with an index on that column; or where old rows are deleted by age and no query costs more than
a tenth more.

## Why it matters

A query for last week reads, and VACUUM, ANALYZE and index builds handle, what belongs to years.
Deleting old rows one by one costs as much as inserting them did and leaves bloat; dropping a
partition takes a moment.

## How to fix

The fix makes the table, as it is, the first partition of a new one that takes its name. A check,
validated beside running work, proves that its rows fit, so that nothing is copied and the switch
takes a moment. The primary key must contain the partition key, and unique constraints without it
hold in each partition only; where the table would lose one, or has views, triggers, policies or
references to it that would not move, no fix is written, and the finding says what is in the way.

## When to ignore

The queries that cost more afterwards (they are listed first) matter more than those that gain: such
as look-ups by a key that do not name the time.

## Sources

- PostgreSQL manual, Table Partitioning, Best Practices for Declarative Partitioning.
- PostgreSQL manual, ALTER TABLE, ATTACH PARTITION.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.finding import Confidence, Severity
from dbwright.model.report import Skipped
from dbwright.tune.advisors.advisor import Advice, advisor
from dbwright.tune.advisors.example import AdvisorExample
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.partitions.advise import advise_partitions
from dbwright.tune.partitions.candidates import Limits

EVENTS = """
CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL, kind text NOT NULL, note text
);
INSERT INTO events (at, kind, note)
    SELECT now() - (50000 - n) * interval '15 minutes', 'kind ' || n % 7, repeat('x', 100)
    FROM generate_series(1, 50000) n;
"""
INDEXED = EVENTS + "CREATE INDEX ON events (at);"
THRESHOLDS = {"large_rows": 20_000}
WEEK = """
-- calls: 1000
SELECT kind, count(*) FROM events WHERE at >= now() - interval '7 days' GROUP BY kind;
"""
BAD = (
    AdvisorExample(EVENTS, WEEK, thresholds=THRESHOLDS, objects=("public.events",)),
    AdvisorExample(
        INDEXED,
        "-- calls: 1\nDELETE FROM events WHERE at < now() - interval '500 days';",
        thresholds=THRESHOLDS,
        objects=("public.events",),
    ),
)
GOOD = (
    AdvisorExample(EVENTS, WEEK),
    AdvisorExample(
        INDEXED,
        WEEK + "-- calls: 5000\nSELECT * FROM events WHERE id = 4711;",
        thresholds=THRESHOLDS,
    ),
    AdvisorExample(
        EVENTS.replace("(50000 - n)", "(n * 7919 % 50000)"), WEEK, thresholds=THRESHOLDS
    ),
)


@advisor(severity=Severity.WARNING, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def large_time_ordered_table(
    bench: Workbench,
    *,
    large_rows: Annotated[float, "tables of so many rows are looked at"] = 50_000_000,
    large_bytes: Annotated[float, "and those of so many bytes, indexes included"] = 10 * 2.0**30,
    updated_share: Annotated[float, "of the rows written, at most so many are updates"] = 0.2,
    largest_partition_bytes: Annotated[float, "partitions are no larger, if possible"] = 2.0**35,
) -> Iterator[Advice | Skipped]:
    limits = Limits(large_rows, large_bytes, updated_share)
    yield from advise_partitions(bench, limits, largest_partition_bytes)
