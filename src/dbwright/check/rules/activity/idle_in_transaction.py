"""A session is idle in its transaction.

## What it finds

A session whose transaction is open while it waits for its client, for longer than `min_seconds`.
One that makes others wait is told by activity/blocked-sessions instead.

## Why it matters

Its row and table locks stay until the transaction ends, so the next ALTER TABLE or UPDATE of a row
waits for a client that may never come back; an old snapshot keeps vacuum from removing dead rows;
and the connection is lost to others.

## How to fix

End the session. Then find the place in the application that leaves the transaction open: a call to
another service or a pause for the user between BEGIN and COMMIT, an error path without ROLLBACK, a
driver that begins a transaction by itself. `idle_in_transaction_session_timeout` bounds it.

## When to ignore

Somebody works by hand in a console, and knows it.

## Sources

- PostgreSQL manual, Statement Behavior: idle_in_transaction_session_timeout;
  pg_stat_activity: state.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.activity._sessions import end, facts, since, span, who
from dbwright.check.rules.activity._waits import told_as_blockers
from dbwright.model.activity import Activity
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

TABLE = "CREATE TABLE accounts (id bigint PRIMARY KEY, balance numeric);"
NOW: dict[str, object] = {"min_seconds": 0}

BAD = (
    Example(TABLE, sessions=("BEGIN; SELECT * FROM accounts;",), options=NOW),
    Example(sessions=("BEGIN; SELECT 1 / 0;",), options=NOW),
)

GOOD = (
    Example(TABLE, sessions=("BEGIN; SELECT * FROM accounts; COMMIT;",), options=NOW),
    Example(sessions=("BEGIN; SELECT pg_sleep(60);",), options=NOW),
    Example(TABLE, sessions=("BEGIN; SELECT * FROM accounts;",)),
)


@rule(severity=Severity.WARNING, needs=("activity.sessions",), bad=BAD, good=GOOD)
def idle_in_transaction(
    catalog: Catalog,
    activity: Activity,
    *,
    min_seconds: Annotated[float, "a shorter pause is not told"] = 60.0,
    error_seconds: Annotated[float, "from here on it is an error"] = 3600.0,
) -> Iterator[Fault]:
    told = told_as_blockers(activity)
    for session in activity.sessions:
        # Also "idle in transaction (aborted)".
        idle = session.is_client and (session.state or "").startswith("idle in transaction")
        seconds = since(activity, session) if idle else None
        if seconds is None or seconds < min_seconds or session.pid in told:
            continue
        yield Fault(
            object=session.ref,
            message=f"{who(session)} is {session.state} for {span(seconds)}",
            evidence={"idle_seconds": round(seconds, 1), **facts(activity, session)},
            severity=Severity.ERROR if seconds >= error_seconds else None,
            fix=end(catalog, session),
            advice="Find what the application does between its last statement and COMMIT.",
        )
