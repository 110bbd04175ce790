"""Many transactions are rolled back.

## What it finds

A database in which at least `min_share` of the transactions ended with a rollback, out of at least
`min_transactions`.

## Why it matters

Work that is done and thrown away: dead rows for vacuum, log, and time; often a sign of errors
that the application swallows (unique violations, deadlocks, time-outs).

## How to fix

Look for the errors in the server's log. Use INSERT … ON CONFLICT where a duplicate is expected.

## When to ignore

A driver or a pool that ends each reading transaction with ROLLBACK: then they cost nothing.

## Sources

- PostgreSQL manual, pg_stat_database: xact_commit, xact_rollback.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.activity._counters import counters, started
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, ObjectRef, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

FLUSH = "SELECT pg_stat_force_next_flush();"
OPTIONS: dict[str, object] = {"min_transactions": 400, "min_share": 0.5}

BAD = Example(
    "DO $$ BEGIN FOR n IN 1..500 LOOP PERFORM 1; ROLLBACK; END LOOP; END $$;" + FLUSH,
    oldest=15,
    options=OPTIONS,
    fix_mends=False,
)

GOOD = (
    Example(
        "DO $$ BEGIN FOR n IN 1..500 LOOP PERFORM 1; COMMIT; END LOOP; END $$;" + FLUSH,
        oldest=15,
        options=OPTIONS,
    ),
    Example("BEGIN; ROLLBACK;", options={"min_share": 0}),
)


@rule(
    severity=Severity.NOTICE,
    confidence=Confidence.MEDIUM,
    needs=("statistics.databases",),
    bad=BAD,
    good=GOOD,
)
def many_rollbacks(
    catalog: Catalog,
    statistics: Statistics,
    *,
    min_share: Annotated[float, "so much of all transactions"] = 0.1,
    min_transactions: Annotated[int, "fewer say nothing"] = 10_000,
) -> Iterator[Fault]:
    counted = counters(catalog, statistics)
    total = counted.commits + counted.rollbacks if counted else 0
    if counted is None or total < max(1, min_transactions):
        return
    share = counted.rollbacks / total
    if share < min_share:
        return
    yield Fault(
        object=ObjectRef("database", quote(counted.name)),
        message=f"{share:.0%} of {total:,} transactions in {quote(counted.name)} were rolled back "
        f"{started(counted.since)}",
        evidence={
            "rollbacks": counted.rollbacks,
            "commits": counted.commits,
            "rollback_fraction": round(share, 3),
            "counted_since": f"{counted.since:%Y-%m-%d}" if counted.since else None,
        },
        advice="Look for errors in the server's log; a pool that resets its connections with "
        "ROLLBACK explains it as well.",
    )
