"""A session that does nothing keeps an advisory lock.

## What it finds

A session that is idle, outside of any transaction, and has held an advisory lock for at least
`min_seconds`. How long exactly is not recorded: at least as long as it has been idle. One that
others wait for is told by activity/blocked-sessions.

## Why it matters

Such a lock ends only by pg_advisory_unlock() or with the connection. Behind a pool of connections
the session that took it and the one that should give it back are often not the same: the lock
then stays as long as the pool lives, and jobs that need it never run.

## How to fix

End the session if its work is done. Use pg_advisory_xact_lock(), which ends with the transaction;
behind a pooler in transaction mode nothing else works.

## When to ignore

The lock is held on purpose as long as a process lives: a leader, a worker, a migration.

## Sources

- PostgreSQL manual, Advisory Locks; Advisory Lock Functions.
- PgBouncer's documentation, Features: session-level advisory locks and transaction pooling.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.activity._sessions import end, facts, since, span, who
from dbwright.model.activity import Activity
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, Severity

NOW: dict[str, object] = {"min_seconds": 0}

BAD = Example(sessions=("SELECT pg_advisory_lock(42), pg_advisory_lock(7, 1);",), options=NOW)

GOOD = (
    Example(sessions=("SELECT pg_advisory_xact_lock(42);",), options=NOW),
    Example(sessions=("SELECT pg_advisory_lock(42); SELECT pg_advisory_unlock(42);",), options=NOW),
    Example(sessions=("SELECT pg_advisory_lock(42);",)),
    Example(sessions=("SELECT pg_advisory_lock(42);", "SELECT pg_advisory_lock(42);"), options=NOW),
)

SHOWN = 5


@rule(
    severity=Severity.NOTICE,
    confidence=Confidence.MEDIUM,
    needs=("activity.sessions", "activity.locks"),
    bad=BAD,
    good=GOOD,
)
def advisory_lock_held_long(
    catalog: Catalog,
    activity: Activity,
    *,
    min_seconds: Annotated[float, "a session that is idle for less is not told"] = 3600.0,
) -> Iterator[Fault]:
    awaited = {pid for session in activity.sessions for pid in session.blocked_by}
    for session in activity.sessions:
        if not session.is_client or session.state != "idle" or session.pid in awaited:
            continue
        keys = [
            lock.key or "?"
            for lock in activity.locks_of(session.pid)
            if lock.type == "advisory" and lock.granted
        ]
        seconds = since(activity, session)
        if not keys or seconds is None or seconds < min_seconds:
            continue
        locks = f"the advisory lock {keys[0]}" if len(keys) == 1 else f"{len(keys)} advisory locks"
        yield Fault(
            object=session.ref,
            message=f"{who(session)} holds {locks} and is idle for {span(seconds)}",
            evidence={
                "idle_seconds": round(seconds, 1),
                "locks": len(keys),
                "keys": keys[:SHOWN],
                **facts(activity, session),
            },
            fix=end(catalog, session),
            advice="Ask whether a process means to hold it; otherwise end the session.",
        )
