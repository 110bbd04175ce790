"""Sessions wait for locks: the tree of who blocks whom.

## What it finds

Each session or prepared transaction that makes others wait and waits for nobody itself, and each
ring of sessions that wait for one another, with everything that queues behind it, however deep:
who they are, what they hold and what they wait for. Constants in queries are shown as `?`.

## Why it matters

Everything in the tree stands still until its root commits, rolls back or is ended; and each new
statement that needs the same lock joins it.

## How to fix

Let the root finish. If it can't: cancel its statement; if it is idle in its transaction, end the
session; if it is a prepared transaction, commit it or roll it back. Then find out why it held the
lock so long.

## When to ignore

A short wait that is gone at the next look: `min_seconds` sets how long it must last. Few and short
waits are a warning only.

## Sources

- PostgreSQL manual, Explicit Locking; Session Information Functions:
  pg_blocking_pids(); chapter 53: pg_locks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.activity._sessions import cancel, end, span, who
from dbwright.check.rules.activity._tree import draw
from dbwright.check.rules.activity._waits import Blocker, Waits, waited
from dbwright.model.activity import Activity, Session
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Fix, ObjectRef, Severity
from dbwright.model.names import literal

ACCOUNTS = """
CREATE TABLE accounts (id bigint PRIMARY KEY, balance numeric);
INSERT INTO accounts VALUES (1, 100), (2, 100);
"""
BOTH_WAIT = """
DO $$ BEGIN
    LOOP EXIT WHEN (SELECT count(*) FROM pg_locks WHERE NOT granted) = 2; END LOOP;
END $$;
"""
NOW: dict[str, object] = {"min_seconds": 0}

BAD = (
    Example(
        ACCOUNTS,
        sessions=(
            "BEGIN; UPDATE accounts SET balance = 90 WHERE id = 1;",
            "UPDATE accounts SET balance = 80 WHERE id = 1;",
            "ALTER TABLE accounts ADD COLUMN note text;",
        ),
        options=NOW,
    ),
    Example(
        ACCOUNTS
        + """
BEGIN;
UPDATE accounts SET balance = 90 WHERE id = 1;
PREPARE TRANSACTION 'transfer 17';
BEGIN;
UPDATE accounts SET balance = 90 WHERE id = 2;
PREPARE TRANSACTION 'transfer 18';
""",
        sessions=("UPDATE accounts SET balance = 80 WHERE id = 1;",),
        own_server=True,
        options=NOW,
        objects=("transfer 17",),
    ),
    Example(
        ACCOUNTS,
        sessions=(
            "BEGIN; UPDATE accounts SET balance = 90 WHERE id = 1; SELECT pg_sleep(0.3);"
            "UPDATE accounts SET balance = 90 WHERE id = 2;",
            "BEGIN; UPDATE accounts SET balance = 80 WHERE id = 2;"
            "UPDATE accounts SET balance = 80 WHERE id = 1;",
            BOTH_WAIT,
        ),
        settings={"deadlock_timeout": "1h"},
        options=NOW,
    ),
)

GOOD = (
    Example(ACCOUNTS, sessions=("BEGIN; SELECT * FROM accounts;", "TABLE accounts;"), options=NOW),
    Example(ACCOUNTS, sessions=("SELECT pg_advisory_lock(7);", "SELECT pg_advisory_lock(8);")),
)


@rule(
    severity=Severity.CRITICAL,
    needs=("activity.sessions", "activity.locks"),
    bad=BAD,
    good=GOOD,
)
def blocked_sessions(
    catalog: Catalog,
    activity: Activity,
    *,
    min_seconds: Annotated[float, "a shorter wait is not told"] = 1.0,
    critical_seconds: Annotated[float, "a wait so long is critical"] = 30.0,
    critical_sessions: Annotated[int, "so many waiting sessions are critical"] = 3,
    drawn_sessions: Annotated[int, "how many of them the tree shows"] = 20,
) -> Iterator[Fault]:
    waits = Waits.of(activity)
    for heads in waits.roots():
        behind = [session for session, _ in waits.queue(heads)]
        blocked = behind + (_sessions(activity, heads) if len(heads) > 1 else [])
        longest = max((waited(activity, session) for session in blocked), default=0.0)
        if longest < min_seconds:
            continue
        hurt = [waited(activity, s) for s in blocked if not _for_snapshot(activity, s)]
        critical = max(hurt, default=0.0) >= critical_seconds or len(hurt) >= critical_sessions
        yield Fault(
            object=_object(activity, heads[0]),
            message=_message(activity, heads, len(behind), longest),
            evidence={
                "blocked_sessions": len(blocked),
                "longest_wait_seconds": round(longest, 1),
                "state": _state(activity, heads[0]),
                "tree": draw(waits, heads, drawn_sessions),
            },
            severity=None if critical else Severity.WARNING,
            advice=_advice(activity, heads),
            fix=_fix(catalog, waits, heads),
        )


def _for_snapshot(activity: Activity, session: Session) -> bool:
    """CREATE INDEX CONCURRENTLY and the like wait for old transactions, and block nobody."""
    return any(k.type == "virtualxid" for k in activity.locks_of(session.pid) if not k.granted)


def _sessions(activity: Activity, heads: Sequence[Blocker]) -> list[Session]:
    return [s for pid in heads if isinstance(pid, int) and (s := activity.session(pid))]


def _object(activity: Activity, head: Blocker) -> ObjectRef:
    if isinstance(head, str):
        return ObjectRef("prepared transaction", head)
    return ObjectRef("session", str(head))


def _state(activity: Activity, head: Blocker) -> str | None:
    if isinstance(head, str):
        return "prepared"
    session = activity.session(head)
    return session.state if session else None


def _message(activity: Activity, heads: Sequence[Blocker], behind: int, longest: float) -> str:
    wait = f"{behind} session{'' if behind == 1 else 's'} wait"
    if len(heads) > 1:
        ring = " and ".join(f"pid {head}" for head in heads)
        others = f"; {behind} more behind them" if behind else ""
        return f"{ring} wait for one another, the longest for {span(longest)}{others}"
    (head,) = heads
    if isinstance(head, str):
        name = f"the prepared transaction {literal(head)}"
    else:
        session = activity.session(head)
        name = who(session) if session else f"pid {head}"
    return f"{name} makes {wait}, the longest for {span(longest)}"


def _advice(activity: Activity, heads: Sequence[Blocker]) -> str:
    if len(heads) > 1:
        return "Cancel one of them; take locks in the same order everywhere."
    if isinstance(heads[0], str):
        return "Ask the transaction manager what it decided: COMMIT PREPARED or ROLLBACK PREPARED."
    session = activity.session(heads[0])
    if session is not None and session.kind == "autovacuum worker":
        return (
            "Autovacuum gives way by itself, unless it prevents transaction id wraparound: "
            "then let it finish."
        )
    return "Let it finish if it works; otherwise end it, and find out why it held so long."


def _fix(catalog: Catalog, waits: Waits, heads: Sequence[Blocker]) -> Fix | None:
    head = heads[0]
    if isinstance(head, str):
        return _roll_back(catalog, waits, head)
    sessions = _sessions(waits.activity, heads)
    if len(sessions) > 1:
        # The one that loses least.
        return cancel(max(sessions, key=lambda s: (str(s.transaction_started_at), s.pid)))
    session = sessions[0] if sessions else None
    if session is None or not session.is_client:
        return None
    return cancel(session) if session.state == "active" else end(catalog, session)


def _roll_back(catalog: Catalog, waits: Waits, name: str) -> Fix | None:
    """Only in the transaction's own database can it be ended."""
    prepared = waits.prepared(name)
    if prepared is None or prepared.database != catalog.server.database:
        return None
    return Fix(
        up=f"ROLLBACK PREPARED {literal(name)};",
        down="",
        transactional=False,
        risk="its changes are lost for good; if it was decided to commit, COMMIT PREPARED",
    )
