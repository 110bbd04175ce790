"""A transaction has been open for a long time.

## What it finds

A client's transaction older than `min_seconds` in which many statements ran. One that spends more
than half of its time in one statement or in one pause is told by activity/long-statement or
activity/idle-in-transaction; one that makes others wait, by activity/blocked-sessions.

## Why it matters

All its locks stay until it ends, everything it did is lost if it fails, and while it has a
snapshot or a transaction number, vacuum removes no row that died since.

## How to fix

Commit in between: a batch of some thousand rows each. Let jobs fetch their work from outside of the
transaction. PostgreSQL 17 has `transaction_timeout`.

## When to ignore

A dump, or a migration that must be one transaction.

## Sources

- PostgreSQL manual, Recovering Disk Space; Statement Behavior: transaction_timeout.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.activity._sessions import facts, seconds_in, since, span, who
from dbwright.check.rules.activity._waits import told_as_blockers
from dbwright.model.activity import Activity
from dbwright.model.finding import Severity

TABLE = "CREATE TABLE accounts (id bigint PRIMARY KEY);"
NOW: dict[str, object] = {"min_seconds": 0, "max_share": 1.0}

BAD = Example(
    TABLE,
    sessions=("BEGIN; INSERT INTO accounts VALUES (1); INSERT INTO accounts VALUES (2);",),
    options=NOW,
    fix_mends=False,
)

GOOD = (
    Example(TABLE, sessions=("INSERT INTO accounts VALUES (1);",), options=NOW),
    Example(sessions=("SELECT pg_sleep(60);",), options=NOW),
    Example(TABLE, sessions=("BEGIN; INSERT INTO accounts VALUES (1);",)),
)


@rule(severity=Severity.WARNING, needs=("activity.sessions",), bad=BAD, good=GOOD)
def long_transaction(
    activity: Activity,
    *,
    min_seconds: Annotated[float, "a younger one is not told"] = 1800.0,
    max_share: Annotated[float, "at most so much of it in one statement or pause"] = 0.5,
) -> Iterator[Fault]:
    told = told_as_blockers(activity)
    for session in activity.sessions:
        if not session.is_client or session.blocked_by or session.pid in told:
            continue
        age = seconds_in(activity, session.transaction_started_at)
        present = since(activity, session)
        if age is None or age < min_seconds or present is None or present >= max_share * age:
            continue
        dump = session.application in ("pg_dump", "pg_dumpall")
        yield Fault(
            object=session.ref,
            message=f"{who(session)} has its transaction open for {span(age)}",
            evidence=facts(activity, session),
            severity=Severity.NOTICE if dump else None,
            advice="Find the job behind it, and let it commit in batches.",
        )
