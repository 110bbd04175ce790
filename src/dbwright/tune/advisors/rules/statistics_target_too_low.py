"""The statistics of a column are too coarse for the values that are asked for.

## What it finds

Conditions on one column, with the constants of the workload or with values of rows, of which the
planner expects three times more or fewer rows than there are, and the lowest statistics target
that at least halves the error. Each target is tried on a copy with rows. Without rows nothing can
be known, and nothing is said.

## Why it matters

ANALYZE keeps the 100 most common values of a column, and all others count as equally rare. Where
200 values are common, half of them are expected to have a few rows and have thousands.

The plan that is chosen for a few rows is then run for thousands.

## How to fix

ALTER TABLE … ALTER COLUMN … SET STATISTICS, then ANALYZE of the column. The target is how many
common values are kept and how finely the rest is divided; ANALYZE reads 300 times as many rows.

## When to ignore

The plans are right in spite of the estimate. Planning takes longer with thousands of values: for a
column that nearly every statement compares, a target above 1000 is worth measuring.

## Sources

- PostgreSQL manual, Single-Column Statistics; ALTER TABLE, SET STATISTICS.
- PostgreSQL manual, default_statistics_target.
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
from dbwright.tune.statistics.coarse import coarse
from dbwright.tune.statistics.known import Limits

PART = "tune/statistics-target-too-low"

MANY_COMMON = """
CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL);
INSERT INTO orders
SELECT row_number() OVER (), customer FROM (
    SELECT customer FROM generate_series(1, 150) customer, generate_series(1, 250 - customer)
    UNION ALL SELECT 1000 + n FROM generate_series(1, 3000) n
) rows;
"""
BAD = AdvisorExample(
    MANY_COMMON,
    """
    -- calls: 100
    SELECT id FROM orders WHERE customer = 145;
    """,
    rows=True,
    objects=("public.orders.customer",),
)
GOOD = (
    AdvisorExample(
        """
        CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL);
        INSERT INTO orders SELECT n, n % 150 FROM generate_series(1, 29000) n;
        """,
        "SELECT id FROM orders WHERE customer = 145;",
        rows=True,
    ),
    AdvisorExample(
        MANY_COMMON + "ALTER TABLE orders ALTER COLUMN customer SET STATISTICS 300;",
        "SELECT id FROM orders WHERE customer = 145;",
        rows=True,
    ),
)


@advisor(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def statistics_target_too_low(
    bench: Workbench,
    *,
    threshold: Annotated[float, "times more or fewer rows than expected"] = 3.0,
    min_rows: Annotated[float, "expected or there, whichever is more"] = 100.0,
    seconds: Annotated[float, "after which no further table is begun"] = 120.0,
) -> Iterator[Advice | Skipped]:
    asked = questions(bench.queries, bench.snapshot.catalog, alone=True)
    if not asked:
        return
    if bench.copy is None:
        reason = "without rows nobody can tell how many have a value"
        yield Skipped(PART, reason, "tune the live database with --data", (), (PART,))
        return
    yield from coarse(bench, bench.copy, asked, Limits(threshold, min_rows), PART, seconds)
