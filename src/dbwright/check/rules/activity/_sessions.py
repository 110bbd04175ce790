"""How sessions are named, what they run, and how one is ended."""

from __future__ import annotations

from datetime import datetime

from dbwright.model.activity import Activity, Session
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Evidence, Fix
from dbwright.sql.lexer import tokens

__all__ = ["brief", "cancel", "end", "facts", "seconds_in", "shorten", "since", "span", "who"]

CONSTANTS = ("string", "number", "unterminated")
QUERY_LENGTH = 100


def who(session: Session) -> str:
    """`pid 4711 (shop web)`: the user, then what the application calls itself."""
    names = " ".join(filter(None, (session.user, session.application)))
    return f"pid {session.pid} ({shorten(names, 40)})" if names else f"pid {session.pid}"


def brief(query: str | None, length: int = QUERY_LENGTH) -> str | None:
    """The query on one line, its constants as `?`: they may be values of rows."""
    if query is None:
        return None
    words = (
        "?" if t.kind in CONSTANTS else " " if t.kind in ("space", "comment") else t.text
        for t in tokens(query)
    )
    return shorten(" ".join("".join(words).split()), length)


def shorten(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def span(seconds: float) -> str:
    """`12 s`, `5 min`, `3 h`, `2 days`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86400:.0f} days"


def since(activity: Activity, session: Session) -> float | None:
    """Seconds that the present statement, or the present pause, has lasted."""
    working = session.state in ("active", "fastpath function call")
    return seconds_in(activity, session.query_started_at if working else session.state_changed_at)


def seconds_in(activity: Activity, moment: datetime | None) -> float | None:
    """Seconds since a moment; never negative, as the clock was read a little earlier."""
    seconds = activity.seconds_since(moment)
    return None if seconds is None else max(0.0, seconds)


def facts(activity: Activity, session: Session) -> Evidence:
    """What is worth knowing of a session that is found."""
    transaction = seconds_in(activity, session.transaction_started_at)
    return {
        "state": session.state,
        "database": session.database,
        "client": session.client,
        "transaction_seconds": None if transaction is None else round(transaction, 1),
        "age_transactions": max(session.xid_age or 0, session.xmin_age or 0) or None,
        "query": brief(session.query),
    }


def end(catalog: Catalog, session: Session) -> Fix:
    """End the session. From 14 on the function waits until it is gone."""
    wait = ", 5000" if catalog.server.major >= 14 else ""
    return Fix(
        up=f"SELECT pg_terminate_backend({session.pid}{wait});",
        down="",
        risk="its transaction is rolled back and its connection is closed",
    )


def cancel(session: Session, risk: str = "its statement is lost, with its transaction") -> Fix:
    """Cancel what the session runs."""
    return Fix(up=f"SELECT pg_cancel_backend({session.pid});", down="", risk=risk)
