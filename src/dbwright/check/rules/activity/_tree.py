"""The tree of who waits behind whom, drawn in lines that fit an 80-column terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from dbwright.check.rules.activity._sessions import brief, seconds_in, shorten, span, who
from dbwright.check.rules.activity._waits import Blocker, Waits, waited
from dbwright.model.activity import HeldLock, Session
from dbwright.model.names import literal, quote

__all__ = ["draw"]

WIDTH = 74
QUERY = 110
DEEPEST = 12
"""Deeper levels are drawn at this one: the text needs room."""


def draw(waits: Waits, heads: Sequence[Blocker], most: int) -> list[str]:
    """The heads and, indented below, who waits for them; at most `most` waiting sessions."""
    queue = waits.queue(heads)
    below: dict[Blocker, list[Session]] = {}
    for session, blocker in queue[:most]:
        below.setdefault(blocker, []).append(session)
    lines = [line for head in heads for line in _branch(waits, head, below, 0)]
    if len(queue) > most:
        lines.append(f"and {len(queue) - most:,} more behind them")
    return lines


def _branch(
    waits: Waits, blocker: Blocker, below: dict[Blocker, list[Session]], depth: int
) -> Iterator[str]:
    indent = "  " * min(depth, DEEPEST)
    head, *details = _texts(waits, blocker)
    yield shorten(indent + head, WIDTH)
    for detail in details:
        # Names are never cut, nor broken: a line with a very long one is longer.
        yield from textwrap.wrap(
            detail,
            WIDTH,
            initial_indent=f"{indent}  ",
            subsequent_indent=f"{indent}    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    for session in below.get(blocker, ()):
        yield from _branch(waits, session.pid, below, depth + 1)


def _texts(waits: Waits, blocker: Blocker) -> Iterator[str]:
    """Who it is and what it does; what it waits for; what it holds; what it runs."""
    if isinstance(blocker, str):
        yield from _prepared(waits, blocker)
        return
    session = waits.activity.session(blocker)
    if session is None:
        yield f"pid {blocker}"
        return
    locks = waits.activity.locks_of(blocker)
    if blocker in waits.ahead:
        yield f"{who(session)} has waited {span(waited(waits.activity, session))}"
        yield f"for {_wanted(locks)}{_behind(waits.ahead[blocker])}"
    else:
        yield f"{who(session)}: {_doing(waits, session)}"
    held = _held(locks)
    if held:
        yield f"holds {held}"
    query = brief(session.query, QUERY)
    if query:
        yield query if session.state == "active" else f"ran {query}"


def _doing(waits: Waits, session: Session) -> str:
    doing = session.state or (session.kind if not session.is_client else "state not readable")
    start = session.query_started_at if session.state == "active" else session.state_changed_at
    seconds = seconds_in(waits.activity, start)
    return doing if seconds is None else f"{doing} for {span(seconds)}"


def _prepared(waits: Waits, name: str) -> Iterator[str]:
    prepared = waits.prepared(name)
    if prepared is None:
        yield f"prepared transaction {literal(name)}"
        return
    seconds = seconds_in(waits.activity, prepared.prepared_at) or 0.0
    yield f"transaction {literal(name)}: prepared {span(seconds)} ago"
    yield f"of {quote(prepared.owner)} in database {quote(prepared.database)}"
    held = _held([lock for lock in waits.activity.locks if lock.prepared == name])
    if held:
        yield f"holds {held}"


def _behind(blockers: Sequence[Blocker]) -> str:
    """Only where it is not told by the place in the tree."""
    if len(blockers) < 2:
        return ""
    names = [str(b) if isinstance(b, int) else literal(b) for b in blockers]
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f", behind {', '.join(names[:4])}{more}"


def _wanted(locks: Sequence[HeldLock]) -> str:
    wanted = next((lock for lock in locks if not lock.granted), None)
    if wanted is None:
        return "another session"
    queued = next((lock for lock in locks if lock.type == "tuple" and lock.relation), None)
    if queued is not None and wanted.type in ("tuple", "transactionid"):
        return f"a row of {queued.relation}"
    if wanted.type == "relation":
        return f"{wanted.mode} on {wanted.relation or 'a table of another database'}"
    if wanted.type == "advisory":
        return f"advisory lock {wanted.key}"
    if wanted.type == "virtualxid":
        return "a transaction that began before it"
    if wanted.type == "transactionid":
        return f"transaction {wanted.transaction or ''}".rstrip() + " to end"
    return f"{wanted.mode} ({wanted.type})"


def _held(locks: Sequence[HeldLock]) -> str:
    found: dict[str, None] = {}
    for lock in locks:
        if lock.granted and lock.type == "relation" and lock.relation:
            found[f"{lock.mode} on {lock.relation}"] = None
        elif lock.granted and lock.type == "advisory":
            found[f"advisory lock {lock.key}"] = None
    names = sorted(found)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
