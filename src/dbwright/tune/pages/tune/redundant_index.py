"""An index is there that the workload does not need.

## What it finds

An index that can be dropped while the workload stays as cheap, for one of these reasons (the
evidence's `reason`):

- `repeated`: another index of the table has the same keys and serves all that it does.
- `prefix`: another index begins with its keys.
- `unused`: it has at least `min_bytes`, its counter stood at no scan for at least `min_days`, and
  no plan of the workload has it.

One that a new index would replace is told with that one (`tune/missing-index`), whose fix drops it.

Never advised: an index that is unique, backs a constraint, is the replica identity, the order of
CLUSTER or a part of a partitioned index; the last one by which the server finds the rows that
reference a key; and one that could not be made again from the catalog.

Each is hidden on the twin, on top of those found before it, and all queries that used it are
planned again: it is told only where the workload costs at most 0.1 % more, and no query more than
1 % more, with the advised indexes and without them.

## Why it matters

Every INSERT and most UPDATEs write to the index, vacuum reads it, and it takes cache and disk. The
planner of a server with the same schema and statistics finds plans as cheap for the whole workload
when it is gone.

An UPDATE that changes an indexed column can't be a heap-only one (HOT): where no other index has
that column, a superfluous one makes all the others of the table be written as well.

## How to fix

Run the statement of the fix: `DROP INDEX CONCURRENTLY` blocks neither reads nor writes, waits for
transactions that use the table, and can't run inside a transaction. (The index of a partitioned
table can't be dropped that way: it takes a lock that blocks all for a moment.) The way back makes
the very same index again, which takes as long as building it.

Before dropping one that is `unused`, look at `pg_stat_user_indexes` on each standby: scans there
are not counted on the primary. Confidence is low where standbys were seen.

## When to ignore

A report that runs once a quarter or a year, and is not in the workload nor in the counters' window.
An index that is there for a release to come, or that a hint of pg_hint_plan names.

## Sources

- [PostgreSQL: Examining Index Usage](https://www.postgresql.org/docs/current/indexes-examine.html)
- [PostgreSQL: DROP INDEX](https://www.postgresql.org/docs/current/sql-dropindex.html)
- [PostgreSQL: The Cumulative Statistics System, pg_stat_all_indexes](https://www.postgresql.org/docs/current/monitoring-stats.html)
- [PostgreSQL: Heap-Only Tuples (HOT)](https://www.postgresql.org/docs/current/storage-hot.html)
"""

from __future__ import annotations

from dbwright.model.described import Threshold
from dbwright.model.finding import Confidence, Severity
from dbwright.tune.pages.page import finding_page

__all__ = ["MIN_BYTES", "MIN_DAYS", "page"]

MIN_DAYS = 14.0
MIN_BYTES = 1_000_000

FOUND = """
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_customer_placed ON orders (customer_id, placed);

-- the fix:
DROP INDEX CONCURRENTLY public.orders_customer;
"""

page = finding_page(
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    thresholds=(
        Threshold("min_days", float, MIN_DAYS, "younger counters say nothing of unused indexes"),
        Threshold("min_bytes", int, MIN_BYTES, "smaller unused indexes are left alone"),
    ),
    found=("sql", FOUND.strip()),
)
