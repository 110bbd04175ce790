"""The planner takes columns that depend on each other for independent.

## What it finds

Conditions on several columns of one table, and groupings by several, of which the planner expects
three times more or fewer rows (or groups) than there are, and extended statistics that mend it:
on a copy with rows each kind is tried alone, for the constants of the workload and for values of
rows, and only what at least halves the error is shown. Statistics that are declared and were never
computed are found too. Without rows nothing can be known, and nothing is said.

## Why it matters

The planner multiplies the shares of rows that each condition leaves. Where a postcode says the
town, it expects far too few rows, and takes a nested loop or an index that it should not; a
grouping by both is expected to have far too many groups, and gets a sort or too much memory.

A plan chosen for ten rows is run for ten thousand. Every join above starts from that number.

## How to fix

CREATE STATISTICS on the columns, with the kinds that help, then ANALYZE. `dependencies` serves
equalities where one column says the other, `mcv` combinations of common values (also in ranges and
IN), `ndistinct` what is grouped by. On a partitioned table conditions need statistics on each
partition, and groupings on the parent. Expressions can be in them from version 14 on.

## When to ignore

The plans are right in spite of the estimate, as they often are for a single small table. Each
statistics object makes ANALYZE and planning a little slower.

## Sources

- PostgreSQL manual, Extended Statistics; Multivariate Statistics Examples; CREATE STATISTICS.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.finding import Severity
from dbwright.model.report import Skipped
from dbwright.tune.advisors.advisor import Advice, advisor
from dbwright.tune.advisors.example import AdvisorExample
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.statistics.asked import questions
from dbwright.tune.statistics.correlated import correlated, without_rows
from dbwright.tune.statistics.known import Limits

PART = "tune/correlated-columns"

ADDRESSES = """
CREATE TABLE addresses (id int PRIMARY KEY, city text NOT NULL, zip text NOT NULL);
INSERT INTO addresses
SELECT n, 'city ' || n % 500 / 5, 'zip ' || n % 500 FROM generate_series(1, 50000) n;
"""
BY_ADDRESS = """
-- calls: 1000
SELECT id FROM addresses WHERE city = 'city 7' AND zip = 'zip 36';
"""
ORDERS = """
CREATE TABLE orders (id int PRIMARY KEY, status text NOT NULL, shipped_at date);
INSERT INTO orders
SELECT n, CASE WHEN n % 10 = 0 THEN 'open' ELSE 'shipped' END,
       CASE WHEN n % 10 <> 0 THEN date '2025-01-01' + n % 300 END
FROM generate_series(1, 50000) n;
"""

BAD = (
    AdvisorExample(ADDRESSES, BY_ADDRESS, rows=True, objects=("public.addresses",)),
    AdvisorExample(
        ORDERS,
        "SELECT count(*) FROM orders WHERE status = 'open' AND shipped_at IS NULL;",
        rows=True,
        objects=("public.orders",),
    ),
    AdvisorExample(
        ADDRESSES,
        "SELECT city, zip, count(*) FROM addresses GROUP BY city, zip;",
        rows=True,
        objects=("public.addresses",),
    ),
)
GOOD = (
    AdvisorExample(
        """
        CREATE TABLE shirts (id int PRIMARY KEY, size int NOT NULL, color int NOT NULL);
        INSERT INTO shirts SELECT n, n % 7, n % 11 FROM generate_series(1, 50000) n;
        """,
        """
        SELECT id FROM shirts WHERE size = 3 AND color = 4;
        SELECT size, color, count(*) FROM shirts GROUP BY size, color;
        """,
        rows=True,
    ),
    AdvisorExample(
        ADDRESSES + "CREATE STATISTICS address_stats (dependencies) ON city, zip FROM addresses;",
        BY_ADDRESS,
        rows=True,
    ),
    AdvisorExample(ADDRESSES, BY_ADDRESS),
)


@advisor(severity=Severity.WARNING, bad=BAD, good=GOOD)
def correlated_columns(
    bench: Workbench,
    *,
    threshold: Annotated[float, "times more or fewer rows than expected"] = 3.0,
    min_rows: Annotated[float, "expected or there, whichever is more"] = 100.0,
    seconds: Annotated[float, "after which no further table is begun"] = 120.0,
) -> Iterator[Advice | Skipped]:
    asked = questions(bench.queries, bench.snapshot.catalog)
    several = [question for question in asked if len(question.keys) > 1]
    limits = Limits(threshold, min_rows)
    if several and bench.copy is None:
        yield without_rows(bench, several, limits, PART)
    elif bench.copy is not None:
        yield from correlated(bench, bench.copy, several, limits, PART, seconds)
