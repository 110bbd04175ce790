"""The planner's cost constants do not fit the machine.

## What it finds

`dbwright tune --prove measured` runs queries of the workload on a copy with all rows. From the
times of at least six different plans it fits `random_page_cost`, `cpu_tuple_cost`,
`cpu_index_tuple_cost` and `cpu_operator_cost` so that costs are in proportion to times as nearly as
can be: `seq_page_cost` is the unit, `random_page_cost` is from 1 to 10, the others are from a tenth
of their defaults to ten times as much.

Then it plans the workload with them and runs the queries whose plans change, both ways. It is told
only where these take at least 5 % less time together, which is at least 2 % of the time of all
queries that were measured, and none of them got slower.

## Why it matters

The planner compares plans by constants that say what reading a page or a row costs. Their defaults
are of disks that turn. Where they do not fit the machine, it takes plans that are cheaper by its
count and slower by the clock.

A typical case: with `random_page_cost = 4` and data in memory or on flash, it reads a whole table
where an index would have found the few rows that are wanted.

## How to fix

The fix sets them for the database (`ALTER DATABASE … SET`): no restart, and sessions that begin
from then on have them. The way back puts what was set before.

Try them in one session first (`SET random_page_cost = …`, then `EXPLAIN` of the queries that
matter), and watch the slowest queries for some days: queries that are not in the workload change
their plans as well.

## When to ignore

The times are of the machine that measured them, with the data in its caches. Where production reads
from a slower disk, has less memory, or is another kind of machine, they do not hold: set what its
disk asks for (about 1.1 for flash) rather than what was fitted here. Confidence is low for that
reason.

## Sources

- [PostgreSQL: Query Planning, Planner Cost Constants](https://www.postgresql.org/docs/current/runtime-config-query.html#RUNTIME-CONFIG-QUERY-CONSTANTS)
- [PostgreSQL: ALTER DATABASE](https://www.postgresql.org/docs/current/sql-alterdatabase.html)
- [PostgreSQL: Using EXPLAIN](https://www.postgresql.org/docs/current/using-explain.html)
"""

from __future__ import annotations

from dbwright.model.finding import Confidence, Severity
from dbwright.tune.pages.page import finding_page

FOUND = """
SHOW random_page_cost;  -- 4, on a machine whose data is in memory

-- the fix, for example:
ALTER DATABASE shop SET random_page_cost = '1.2';
"""

page = finding_page(
    severity=Severity.NOTICE,
    confidence=Confidence.LOW,
    asks="needs times: `dbwright tune --prove measured`",
    mark="--prove measured",
    found=("sql", FOUND.strip()),
)
