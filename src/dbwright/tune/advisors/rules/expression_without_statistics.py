"""The planner has no statistics of an expression that queries compare or group by.

## What it finds

Conditions and groupings on an expression (`lower(email)`, `date_trunc('month', placed)`) of which
the planner expects three times more or fewer rows (or groups) than there are, and where statistics
of the expression at least halve the error. They are tried on a copy with rows, for the constants of
the workload and for values of rows. From PostgreSQL 14 on; without rows nothing can be known, and
nothing is said.

## Why it matters

Of an expression without statistics the planner takes a constant: one row in 200 for an equality,
one in three for a range, all rows of the table as groups. It is right by chance only.

## How to fix

CREATE STATISTICS on the expression, then ANALYZE. An index on the expression brings the same
statistics, and is the better answer where few rows are looked for.

## When to ignore

An index on the expression is going to be made. The plans are right in spite of the estimate.

## Sources

- PostgreSQL manual, CREATE STATISTICS: univariate expression statistics.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.finding import Severity
from dbwright.model.report import Skipped
from dbwright.tune.advisors.advisor import Advice, advisor
from dbwright.tune.advisors.example import AdvisorExample
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.statistics.asked import expressions_asked
from dbwright.tune.statistics.correlated import correlated
from dbwright.tune.statistics.known import Limits

PART = "tune/expression-without-statistics"

VISITS = """
CREATE TABLE visits (id int PRIMARY KEY, country text NOT NULL);
INSERT INTO visits
SELECT n, CASE WHEN n % 2 = 0 THEN 'De' ELSE 'c' || n % 1000 END FROM generate_series(1, 30000) n;
"""
BY_COUNTRY = "SELECT id FROM visits WHERE lower(country) = 'de';"

BAD = AdvisorExample(VISITS, BY_COUNTRY, rows=True, oldest=14, objects=("public.visits",))
GOOD = (
    AdvisorExample(
        VISITS + "CREATE INDEX ON visits (lower(country));", BY_COUNTRY, rows=True, oldest=14
    ),
    AdvisorExample(
        VISITS + "CREATE STATISTICS by_country ON (lower(country)) FROM visits;",
        BY_COUNTRY,
        rows=True,
        oldest=14,
    ),
)


@advisor(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def expression_without_statistics(
    bench: Workbench,
    *,
    threshold: Annotated[float, "times more or fewer rows than expected"] = 3.0,
    min_rows: Annotated[float, "expected or there, whichever is more"] = 100.0,
    seconds: Annotated[float, "after which no further table is begun"] = 120.0,
) -> Iterator[Advice | Skipped]:
    asked = expressions_asked(bench.queries, bench.snapshot.catalog)
    if not asked:
        return
    if bench.copy is None:
        reason = "without rows nobody can tell how many an expression's values have"
        yield Skipped(PART, reason, "tune the live database with --data", (), (PART,))
        return
    yield from correlated(bench, bench.copy, asked, Limits(threshold, min_rows), PART, seconds)
