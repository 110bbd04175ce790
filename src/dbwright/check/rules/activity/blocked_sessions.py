"""Sessions wait for locks: the tree of who blocks whom.

## What it finds

Each session that makes others wait and waits for nobody itself, with everything that queues
behind it, however deep: who they are, what they hold and what they wait for.

## Why it matters

Everything in the tree stands still until its root commits, rolls back or is ended; and each new
statement that needs the same lock joins it.

## How to fix

Let the root finish. If it can't, cancel its statement; if it is idle in its transaction, end the
session. Then find out why it held the lock so long.

## When to ignore

A short wait that is gone at the next look: `min_seconds` sets how long it must last.

## Sources

- PostgreSQL manual, 13.3 Explicit Locking; 9.27 pg_blocking_pids().
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.activity import Activity, Session
from dbwright.model.finding import Fix, ObjectRef, Severity

BAD = Example(
    "CREATE TABLE accounts (id bigint PRIMARY KEY, balance numeric);"
    "INSERT INTO accounts VALUES (1, 100);",
    sessions=(
        "BEGIN; UPDATE accounts SET balance = 90 WHERE id = 1;",
        "UPDATE accounts SET balance = 80 WHERE id = 1;",
        "ALTER TABLE accounts ADD COLUMN note text;",
    ),
    options={"min_seconds": 0},
    fix_mends=False,
)

GOOD = Example(
    "CREATE TABLE accounts (id bigint PRIMARY KEY, balance numeric);",
    sessions=("BEGIN; SELECT * FROM accounts;", "SELECT * FROM accounts;"),
    options={"min_seconds": 0},
)


@rule(
    severity=Severity.CRITICAL,
    needs=("activity.sessions", "activity.locks"),
    bad=BAD,
    good=GOOD,
)
def blocked_sessions(
    activity: Activity,
    *,
    min_seconds: Annotated[float, "a shorter wait is not told"] = 1.0,
) -> Iterator[Fault]:
    waiting: dict[int, list[Session]] = {}
    for session in activity.sessions:
        for pid in session.blocked_by:
            waiting.setdefault(pid, []).append(session)
    roots = [
        pid for pid in waiting if (root := activity.session(pid)) is None or not root.blocked_by
    ]
    for pid in sorted(roots):
        lines: list[str] = []
        blocked = _tree(activity, waiting, pid, 0, lines, set())
        longest = max((_waited(activity, session) or 0.0 for session in blocked), default=0.0)
        if longest >= min_seconds:
            yield _fault(activity, pid, len(blocked), longest, lines)


def _tree(
    activity: Activity,
    waiting: Mapping[int, list[Session]],
    pid: int,
    depth: int,
    lines: list[str],
    seen: set[int],
) -> list[Session]:
    """Everything behind `pid`; its lines of text, each indented by its depth."""
    found: list[Session] = []
    lines.append("  " * depth + _describe(activity, pid))
    for session in waiting.get(pid, ()):
        if session.pid not in seen:
            seen.add(session.pid)
            found.append(session)
            found += _tree(activity, waiting, session.pid, depth + 1, lines, seen)
    return found


def _describe(activity: Activity, pid: int) -> str:
    session = activity.session(pid)
    if session is None:
        return "a prepared transaction" if pid == 0 else f"pid {pid}"
    locks = activity.locks_of(pid)
    held = sorted({f"{k.mode} on {k.relation}" for k in locks if k.granted and k.relation})
    wants = sorted({f"{k.mode} on {k.relation or k.type}" for k in locks if not k.granted})
    parts = [f"pid {pid} {session.user or ''} {session.application}".strip(), session.state or "?"]
    if held:
        parts.append("holds " + ", ".join(held))
    if wants:
        parts.append("waits for " + ", ".join(wants))
    if session.query:
        parts.append(" ".join(session.query.split())[:80])
    return "; ".join(parts)


def _waited(activity: Activity, session: Session) -> float | None:
    since = [k.waiting_since for k in activity.locks_of(session.pid) if k.waiting_since]
    return activity.seconds_since(min(since) if since else session.query_started_at)


def _fault(activity: Activity, pid: int, blocked: int, longest: float, lines: list[str]) -> Fault:
    root = activity.session(pid)
    idle = root is not None and (root.state or "").startswith("idle in transaction")
    action = "pg_terminate_backend" if idle or root is None else "pg_cancel_backend"
    return Fault(
        object=root.ref if root else ObjectRef("session", str(pid)),
        message=f"pid {pid} makes {blocked} session{'s' if blocked > 1 else ''} wait, "
        f"the longest for {longest:.0f} s",
        evidence={
            "blocked_sessions": blocked,
            "longest_wait_seconds": round(longest, 1),
            "state": root.state if root else None,
            "tree": lines,
        },
        advice="Let it finish if it works; otherwise end it, and find out why it held so long.",
        fix=Fix(
            up=f"SELECT {action}({pid});",
            down="",
            risk="its transaction is rolled back; look at the query first",
        )
        if pid
        else None,
    )
