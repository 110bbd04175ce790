"""The tool `locks`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from dbwright.agent.tool.answer import Answer
from dbwright.agent.tool.context import Context
from dbwright.agent.tool.tool import TARGET, tool
from dbwright.model.activity import Activity, Session
from dbwright.operation import Effect
from dbwright.target import Live

__all__ = ["locks"]

LONG = 5.0
"""Seconds of a transaction without work that are worth a word."""
LONGEST_QUERY = 500
"""Characters."""


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A session that blocks, waits, or holds a transaction open."""

    pid: int
    user: str | None
    application: str
    state: str | None
    seconds: float | None
    """Since its transaction began."""
    blocked_by: tuple[int, ...]
    blocks: tuple[int, ...]
    """All that wait for it, through others too."""
    waits_for: str | None
    holds: tuple[str, ...]
    """`mode on relation`, the strong ones."""
    query: str | None


@tool(Effect.READS, when="something hangs, or a migration waits", title="Who blocks whom")
def locks(context: Context, *, target: Annotated[str | None, TARGET] = None) -> Answer[SessionLine]:
    """Say which sessions wait for which, who stands at the head of the queue, and which
    transactions are open without work. Nothing is ended."""
    activity, notes = _activity(context, target)
    if activity is None:
        return Answer("Files tell nothing of sessions.", notes=("name a live database",))
    lines = _lines(activity)
    waiting = [line for line in lines if line.blocked_by]
    heads = [line for line in lines if line.blocks and not line.blocked_by]
    summary = f"{len(waiting)} of {len(activity.sessions)} sessions wait for a lock."
    if heads:
        summary += f" At the head: {', '.join(f'pid {line.pid}' for line in heads)}."
    return Answer(summary, items=tuple(lines), notes=notes)


def _activity(context: Context, name: str | None) -> tuple[Activity | None, tuple[str, ...]]:
    found = context.opened(name)
    if isinstance(found, Live):
        return _now(found.url)
    snapshot = context.readings.snapshot(found, context.progress)
    return snapshot.activity, ("of the moment the snapshot was taken",)


def _now(url: str) -> tuple[Activity, tuple[str, ...]]:
    from dbwright.engines.postgresql.activity import read_activity
    from dbwright.engines.postgresql.session import Session as Reading

    with Reading.open(url, 10.0) as reading:
        activity = read_activity(reading)
        return activity, tuple(f"not seen: {one.part}: {one.reason}" for one in reading.skipped)


def _lines(activity: Activity) -> list[SessionLine]:
    blocks = _blocked_through(activity)
    lines = [
        _line(activity, session, tuple(sorted(blocks.get(session.pid, ()))))
        for session in activity.sessions
        if session.blocked_by or blocks.get(session.pid) or _is_idle_long(activity, session)
    ]
    return sorted(lines, key=lambda line: (bool(line.blocked_by), -len(line.blocks), line.pid))


def _blocked_through(activity: Activity) -> dict[int, set[int]]:
    """Whom each session keeps waiting, at first or second hand."""
    found: dict[int, set[int]] = {}
    for session in activity.sessions:
        seen: set[int] = set()
        waiting = list(session.blocked_by)
        by_pid = {one.pid: one for one in activity.sessions}
        while waiting:
            pid = waiting.pop()
            if pid not in seen:
                seen.add(pid)
                found.setdefault(pid, set()).add(session.pid)
                waiting += by_pid[pid].blocked_by if pid in by_pid else ()
    return found


def _is_idle_long(activity: Activity, session: Session) -> bool:
    seconds = _seconds(activity.captured_at, session.transaction_started_at)
    idle = (session.state or "").startswith("idle in transaction")
    return idle and seconds is not None and seconds >= LONG


def _line(activity: Activity, session: Session, blocks: tuple[int, ...]) -> SessionLine:
    own = [lock for lock in activity.locks if lock.pid == session.pid]
    waits = next((lock for lock in own if not lock.granted), None)
    holds = {f"{lock.mode} on {lock.relation}" for lock in own if lock.granted and lock.relation}
    return SessionLine(
        pid=session.pid,
        user=session.user,
        application=session.application,
        state=session.state,
        seconds=_seconds(activity.captured_at, session.transaction_started_at),
        blocked_by=session.blocked_by,
        blocks=blocks,
        waits_for=f"{waits.mode} on {waits.relation or waits.type}" if waits else None,
        holds=tuple(sorted(one for one in holds if not one.startswith("AccessShareLock"))),
        query=(session.query or "")[:LONGEST_QUERY] or None,
    )


def _seconds(now: datetime, since: datetime | None) -> float | None:
    return None if since is None else round((now - since).total_seconds(), 3)
