"""Migrations need a session of their own: a pooler that shares sessions would spoil others' work.

PgBouncer in transaction mode gives each transaction whichever server session is free. The turn (an
advisory lock of the session) and its time-outs would stay behind in a session that the application
gets next.
"""

from __future__ import annotations

from typing import Any

import psycopg

from dbwright.engines.postgresql.connect import connect
from dbwright.errors import TargetError

__all__ = ["require_own_session"]

MARK = "dbwright.session"
"""A setting that nobody else knows."""


def require_own_session(connection: psycopg.Connection[Any], url: str, name: str) -> None:
    """Raises TargetError where another connection is given this one's session, as `name`."""
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    if row is not None and row[0] == connection.info.backend_pid:
        return  # the server itself: a pooler tells a number of its own
    connection.execute(f"SET {MARK} = 'migrate'")
    try:
        with connect(url, application_name="dbwright migrate") as other:
            found = other.execute("SELECT current_setting(%s, true)", (MARK,)).fetchone()
    finally:
        connection.execute(f"RESET {MARK}")
    if found is not None and found[0] == "migrate":
        raise TargetError(
            f"{name} is a pooler that shares sessions between transactions",
            "connect to the server itself, or to a pool of mode session: locks and time-outs of "
            "a migration would stay in sessions that the application uses",
        )
