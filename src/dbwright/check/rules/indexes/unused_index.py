"""An index was never used since the counters began.

## What it finds

A valid index without a single scan, larger than `min_bytes`, on a server whose counters have run
for at least `min_days` and whose tables are used. Never one that backs a primary key, a unique or
an exclusion constraint, is unique, is the replica identity, belongs to a partitioned index, or is
the only one that a foreign key has.

## Why it matters

Every INSERT and most UPDATEs write to the index, vacuum reads it, and it takes cache and disk.

## How to fix

Drop it CONCURRENTLY. The fix down makes exactly the same index again.

## When to ignore

A standby uses it (its scans are counted there only: look at `pg_stat_user_indexes` on every
standby), or a job that runs more rarely than the counters are old. The message says since when
they count.

## Sources

- PostgreSQL manual, pg_stat_all_indexes.
- mastodon/mastodon#17768: operators dropped needed indexes because a tool told them to.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.activity import Activity
from dbwright.model.catalog import Catalog, Index
from dbwright.model.finding import Confidence, Severity
from dbwright.model.serving import keys_served_only_by
from dbwright.model.statistics import Statistics
from dbwright.sql.index_drop import drop_index

TABLE = """
CREATE TABLE events (id bigint PRIMARY KEY, kind text, note text);
INSERT INTO events SELECT n, 'k' || n % 10, 'note ' || n FROM generate_series(1, 5000) n;
CREATE INDEX events_kind ON events (kind);
ANALYZE events;
"""

BAD = Example(
    TABLE + "SELECT pg_stat_force_next_flush();",
    oldest=15,
    options={"min_days": 0, "min_bytes": 8192},
    objects=("public.events_kind",),
)

GOOD = Example(
    TABLE
    + """
ALTER TABLE events ADD cause_id bigint REFERENCES events;
CREATE INDEX ON events (cause_id);
SET enable_seqscan = off;
SELECT count(*) FROM events WHERE kind = 'k1';
SELECT pg_stat_force_next_flush();
""",
    oldest=15,
    options={"min_days": 0, "min_bytes": 8192},
)


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    needs=("statistics.indexes",),
    bad=BAD,
    good=GOOD,
)
def unused_index(
    catalog: Catalog,
    statistics: Statistics,
    activity: Activity | None,
    *,
    min_days: Annotated[float, "the counters must have run so many days"] = 14.0,
    min_bytes: Annotated[int, "smaller indexes are left alone"] = 1_000_000,
) -> Iterator[Fault]:
    since = statistics.since or catalog.server.started_at
    if since is None:
        return
    days = (statistics.captured_at - since).total_seconds() / 86400
    if days < min_days:
        return
    has_standby = bool(activity and activity.standbys)
    for table in catalog.tables:
        for index in table.indexes:
            counted = statistics.of_index(index)
            if counted is None or counted.scans or not _droppable(index):
                continue
            if (counted.bytes or 0) < min_bytes or keys_served_only_by(index, table, catalog):
                continue
            yield Fault(
                object=index.ref,
                message=f"{index.qualified} on {table.qualified} was not used once "
                f"since {since:%Y-%m-%d}",
                evidence={
                    "size_bytes": counted.bytes,
                    "scans": 0,
                    "counted_since": f"{since:%Y-%m-%d}",
                    "standby_seen": has_standby,
                },
                confidence=Confidence.LOW if has_standby or catalog.server.in_recovery else None,
                fix=drop_index(
                    index, table, risk="look at pg_stat_user_indexes on every standby first"
                ),
            )


def _droppable(index: Index) -> bool:
    return (
        index.valid
        and not index.unique
        and not index.backs_constraint
        and not index.replica_identity
        and index.parent is None
        and not index.partitioned
    )
