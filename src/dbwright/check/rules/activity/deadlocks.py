"""Deadlocks happen again and again.

## What it finds

A database with at least `min_deadlocks` since its counters began, and at least `daily` of them a
day on average. Where it is not known since when they count, it is a notice.

## Why it matters

Each one stops two or more transactions for `deadlock_timeout` (a second), and one of them is
rolled back with an error (40P01) that few applications handle by trying again.

## How to fix

Take locks in the same order everywhere: rows sorted by their key (`SELECT … ORDER BY id FOR
UPDATE` before a bulk UPDATE, sorted batches of INSERT … ON CONFLICT), tables in one order. The
server's log names the statements of each deadlock. Let the application repeat on 40P01.

## When to ignore

The application repeats the transaction, and nobody notices.

## Sources

- PostgreSQL manual, Deadlocks; pg_stat_database: deadlocks; Lock Management:
  deadlock_timeout.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.activity._counters import counters, per_day, started
from dbwright.model.catalog import Catalog
from dbwright.model.finding import ObjectRef, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

ACCOUNTS = """
CREATE TABLE accounts (id bigint PRIMARY KEY, balance numeric);
INSERT INTO accounts VALUES (1, 100), (2, 100);
"""

BAD = Example(
    ACCOUNTS,
    sessions=(
        """
SET deadlock_timeout = '10ms';
DO $$ BEGIN
    PERFORM pg_stat_force_next_flush();
    UPDATE accounts SET balance = 90 WHERE id = 1;
    PERFORM pg_sleep(0.3);
    UPDATE accounts SET balance = 90 WHERE id = 2;
END $$;
""",
        """
BEGIN;
UPDATE accounts SET balance = 80 WHERE id = 2;
UPDATE accounts SET balance = 80 WHERE id = 1;
""",
        """
DO $$ BEGIN
    LOOP
        PERFORM pg_stat_clear_snapshot();
        EXIT WHEN (SELECT deadlocks FROM pg_stat_database
                   WHERE datname = current_database()) > 0;
    END LOOP;
END $$;
""",
    ),
    oldest=15,
    options={"min_deadlocks": 1, "daily": 0},
    fix_mends=False,
)

GOOD = (
    Example(ACCOUNTS, options={"min_deadlocks": 1, "daily": 0}),
    Example(
        ACCOUNTS,
        sessions=(
            "BEGIN; UPDATE accounts SET balance = 90 WHERE id = 1;",
            "BEGIN; UPDATE accounts SET balance = 80 WHERE id = 1;",
        ),
        options={"min_deadlocks": 1, "daily": 0},
    ),
)


@rule(severity=Severity.WARNING, needs=("statistics.databases",), bad=BAD, good=GOOD)
def deadlocks(
    catalog: Catalog,
    statistics: Statistics,
    *,
    min_deadlocks: Annotated[int, "fewer are chance"] = 10,
    daily: Annotated[float, "so many a day, where that is known"] = 1.0,
) -> Iterator[Fault]:
    counted = counters(catalog, statistics)
    if counted is None or counted.deadlocks < min_deadlocks:
        return
    rate = per_day(statistics, counted.deadlocks)
    if rate is not None and rate < daily:
        return
    often = "" if rate is None else f", about {rate:,.1f} a day"
    yield Fault(
        object=ObjectRef("database", quote(counted.name)),
        message=f"{counted.deadlocks:,} deadlock{'' if counted.deadlocks == 1 else 's'} in "
        f"{quote(counted.name)} {started(counted.since)}{often}",
        evidence={
            "deadlocks": counted.deadlocks,
            "deadlocks_per_day": None if rate is None else round(rate, 1),
            "counted_since": f"{counted.since:%Y-%m-%d}" if counted.since else None,
        },
        severity=Severity.NOTICE if rate is None else None,
        advice="Look for 'deadlock detected' in the server's log: it names the statements. Let all "
        "of them take their locks in one order.",
    )
