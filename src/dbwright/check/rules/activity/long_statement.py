"""A statement has run for a long time.

## What it finds

A client's statement that has worked for longer than `min_seconds` and waits for no lock. One that
makes others wait is told by activity/blocked-sessions instead. Maintenance (VACUUM, CREATE INDEX,
COPY, a dump …) and procedures that commit on their way are notices.

## Why it matters

It keeps its snapshot, so that vacuum can remove no row that died since, and it takes processor,
memory and disk from all others; often nobody waits for its answer any more.

## How to fix

Cancel it if nobody needs it. Look at its plan (`dbwright explain`), and bound such statements by
`statement_timeout` for the role that runs them.

## When to ignore

A report, a migration or a load that is known to take so long.

## Sources

- PostgreSQL manual, pg_stat_activity; Statement Behavior: statement_timeout.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.activity._sessions import cancel, facts, since, span, who
from dbwright.check.rules.activity._waits import told_as_blockers
from dbwright.model.activity import Activity, Session
from dbwright.model.finding import Severity
from dbwright.sql.lexer import significant

NOW: dict[str, object] = {"min_seconds": 0}

BAD = (
    Example(sessions=("SELECT pg_sleep(60);",), options=NOW),
    Example(sessions=("COPY (SELECT pg_sleep(60)) TO '/dev/null';",), options=NOW, fix_mends=False),
)

GOOD = (
    Example(sessions=("SELECT 1;", "BEGIN; SELECT 2;"), options=NOW),
    Example(sessions=("SELECT pg_sleep(60);",)),
    Example(sessions=("SELECT pg_advisory_lock(1);", "SELECT pg_advisory_lock(1);"), options=NOW),
)

MAINTENANCE = frozenset(
    "analyze analyse alter cluster copy create reindex refresh repack vacuum".split()
)
DUMPS = frozenset({"pg_dump", "pg_dumpall", "pg_restore"})


@rule(severity=Severity.WARNING, needs=("activity.sessions",), bad=BAD, good=GOOD)
def long_statement(
    activity: Activity,
    *,
    min_seconds: Annotated[float, "a shorter one is not told"] = 600.0,
) -> Iterator[Fault]:
    told = told_as_blockers(activity)
    for session in activity.sessions:
        works = session.is_client and session.state == "active" and not session.blocked_by
        if session.wait_event == "SyncRep":
            continue  # a commit that waits for a standby: activity/standby-lost
        seconds = since(activity, session) if works else None
        if seconds is None or seconds < min_seconds or session.pid in told:
            continue
        known = _is_maintenance(session) or _commits_on_its_way(session)
        yield Fault(
            object=session.ref,
            message=f"{who(session)} has run one statement for {span(seconds)}",
            evidence={
                "running_seconds": round(seconds, 1),
                **facts(activity, session),
                "waits_for": session.wait_event,
            },
            severity=Severity.NOTICE if known else None,
            fix=None if known else cancel(session),
            advice="Let it work, unless it was forgotten."
            if known
            else "Ask who waits for its answer; cancel it if nobody does.",
        )


def _is_maintenance(session: Session) -> bool:
    first = next(significant(session.query or ""), None)
    return session.application in DUMPS or (first is not None and first.lower in MAINTENANCE)


def _commits_on_its_way(session: Session) -> bool:
    """CALL or DO: a transaction that is younger than the statement it is in."""
    statement, transaction = session.query_started_at, session.transaction_started_at
    if statement is None or transaction is None:
        return False
    return transaction - statement > timedelta(seconds=1)
