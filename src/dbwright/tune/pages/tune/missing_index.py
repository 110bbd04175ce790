"""An index that the workload would use is missing.

## What it finds

A set of indexes that makes the workload cheapest within the room that was given: b-trees over
several columns with INCLUDE, partial and expression indexes, GIN, GiST, BRIN and hash. For each it
says what it saves alone and beside the others, its size, what it costs the writes, and the queries
that use it.

## Why it matters

Queries of the workload read far more of the table than they need. The planner of a server with the
same schema and statistics takes the index as soon as it is there.

The set is chosen as a whole, because indexes compete: two that are each worth having may do the
same work. The report says how far the set can be from the best possible one.

## How to fix

Run the statements of the fix: `CREATE INDEX CONCURRENTLY` blocks neither reads nor writes, can't
run inside a transaction, and leaves an invalid index behind where it fails (drop it and build it
again). `--prove measured` tries the whole set on a copy with rows first; `--apply` writes it as a
migration.

## When to ignore

Where the workload that was read is not what production runs: a quiet hour, a counter that was
reset yesterday. Where a table is written far more often than this workload shows.

## Sources

- [PostgreSQL: Indexes](https://www.postgresql.org/docs/current/indexes.html)
- [PostgreSQL: CREATE INDEX, Building Indexes Concurrently](https://www.postgresql.org/docs/current/sql-createindex.html)
"""

from __future__ import annotations

from dbwright.model.finding import Confidence, Severity
from dbwright.tune.pages.page import finding_page

page = finding_page(severity=Severity.WARNING, confidence=Confidence.MEDIUM)
