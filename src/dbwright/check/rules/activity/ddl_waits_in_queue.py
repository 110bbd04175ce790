"""DDL waits for a lock, and everybody else waits behind it.

## What it finds

A session that waits for a strong lock on a whole table (ALTER TABLE, DROP, TRUNCATE, CREATE INDEX
without CONCURRENTLY, LOCK TABLE …) while others queue behind it: how many, and behind which
transaction it waits itself. The whole tree is shown by activity/blocked-sessions.

## Why it matters

A lock that is only waited for already stops everyone who comes later and conflicts with it: one
forgotten reader and one ALTER TABLE make a table unusable, although nothing was changed yet.

## How to fix

Cancel the DDL: the queue moves on at once. Then run it again with a short `lock_timeout` and
retries, when the transaction that was in its way has ended.

## When to ignore

The DDL has a `lock_timeout` that ends its wait in a moment.

## Sources

- PostgreSQL manual, Table-Level Locks; Statement Behavior: lock_timeout.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.activity._sessions import brief, cancel, seconds_in, span, who
from dbwright.check.rules.activity._waits import Blocker, Waits, waited
from dbwright.model.activity import Activity, HeldLock, Session
from dbwright.model.finding import Severity
from dbwright.model.names import literal

TABLE = "CREATE TABLE accounts (id bigint PRIMARY KEY, balance numeric);"
STRONG = ("ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")

BAD = Example(
    TABLE,
    sessions=(
        "BEGIN; SELECT * FROM accounts;",
        "ALTER TABLE accounts ADD COLUMN note text;",
        "SELECT * FROM accounts;",
    ),
    options={"min_seconds": 0},
)

GOOD = (
    Example(
        TABLE,
        sessions=(
            "BEGIN; SELECT * FROM accounts;",
            "ALTER TABLE accounts ADD COLUMN note text;",
        ),
        options={"min_seconds": 0},
    ),
    Example(
        TABLE + "INSERT INTO accounts VALUES (1, 100);",
        sessions=(
            "BEGIN; UPDATE accounts SET balance = 90;",
            "UPDATE accounts SET balance = 80;",
        ),
        options={"min_seconds": 0},
    ),
)


@rule(
    severity=Severity.CRITICAL,
    needs=("activity.sessions", "activity.locks"),
    bad=BAD,
    good=GOOD,
)
def ddl_waits_in_queue(
    activity: Activity,
    *,
    min_seconds: Annotated[float, "a shorter wait is not told"] = 1.0,
) -> Iterator[Fault]:
    waits = Waits.of(activity)
    for pid, ahead in waits.ahead.items():
        session = activity.session(pid)
        wanted = _wanted(activity, pid)
        if session is None or not session.is_client or wanted is None:
            continue
        seconds = waited(activity, session)
        if seconds < min_seconds:
            continue
        queue = waits.queue([pid])
        if not queue:
            continue
        first = _oldest(activity, ahead)
        table = wanted.relation or f"a table of {session.database}"
        yield Fault(
            object=session.ref,
            message=f"{who(session)} has waited {span(seconds)} for {wanted.mode} on {table}, "
            f"behind {_name(activity, first)}; {_number(len(queue))} behind it",
            evidence={
                "statement": brief(session.query),
                "table": wanted.relation,
                "lock": wanted.mode,
                "wait_seconds": round(seconds, 1),
                "waits_for": [str(blocker) for blocker in ahead],
                "sessions_behind": len(queue),
            },
            fix=cancel(session, risk="the DDL is rolled back, and has to be run again"),
            advice="Run it again with SET lock_timeout = '2s' and retries.",
        )


def _wanted(activity: Activity, pid: int) -> HeldLock | None:
    return next(
        (
            lock
            for lock in activity.locks_of(pid)
            if not lock.granted and lock.type == "relation" and lock.mode in STRONG
        ),
        None,
    )


def _oldest(activity: Activity, ahead: tuple[Blocker, ...]) -> Blocker:
    """The one in its way whose transaction began first; a prepared one before all."""

    def order(blocker: Blocker) -> tuple[bool, float, str]:
        session = activity.session(blocker) if isinstance(blocker, int) else None
        age = seconds_in(activity, session.transaction_started_at) if session else None
        return isinstance(blocker, int), -(age or 0.0), str(blocker)

    return min(ahead, key=order)


def _name(activity: Activity, blocker: Blocker) -> str:
    if isinstance(blocker, str):
        return f"the prepared transaction {literal(blocker)}"
    session: Session | None = activity.session(blocker)
    if session is None:
        return f"pid {blocker}"
    age = seconds_in(activity, session.transaction_started_at)
    state = "" if session.state in (None, "active") else f", {session.state}"
    since = "" if age is None else f", its transaction open for {span(age)}"
    return f"{who(session)}{state}{since}"


def _number(count: int) -> str:
    return f"{count} session{' waits' if count == 1 else 's wait'}"
