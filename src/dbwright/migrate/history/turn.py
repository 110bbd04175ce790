"""One runner at a time: an advisory lock of the session, asked for again and again.

A session that waits in pg_advisory_lock() holds a snapshot, and CREATE INDEX CONCURRENTLY of the
one that runs would wait for it: so nobody waits there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from dbwright.errors import AnotherRunner
from dbwright.migrate.runner.secrets import told
from dbwright.progress import Progress

__all__ = ["Turn", "turn"]

CLASS = 0x64627772
"""First half of the key; the other one is of the history's name."""
POLL_SECONDS = 0.5
HOLDER = """
SELECT a.pid, a.usename, a.application_name, extract(epoch FROM now() - a.backend_start)::integer,
  CASE WHEN a.state = 'active' THEN left(regexp_replace(a.query, '\\s+', ' ', 'g'), 80) END
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.classid = %s::oid AND l.objid = hashtext(%s)::oid AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


HELD = """
SELECT EXISTS (SELECT FROM pg_locks l WHERE l.pid = pg_backend_pid() AND l.granted
  AND l.locktype = 'advisory' AND l.classid = %s::oid AND l.objid = hashtext(%s)::oid
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""


class Turn:
    """The right to run migrations with one history, held by a session."""

    def __init__(self, connection: psycopg.Connection[Any], table: str) -> None:
        self._connection = connection
        self._key = (CLASS, table)
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None
        self.pid: int = row[0]
        """Of the server's process; a pooler would tell another number for the connection."""

    def take(self) -> bool:
        """Is it had?"""
        row = self._connection.execute(
            "SELECT pg_try_advisory_lock(%s, hashtext(%s))", self._key
        ).fetchone()
        return row is not None and bool(row[0])

    def keep(self) -> None:
        """Take it anew where a file let go of it (DISCARD ALL, pg_advisory_unlock_all).

        Raises AnotherRunner where somebody else has it now: through a pooler that may be another
        session of this runner itself.
        """
        row = self._connection.execute(HELD, self._key).fetchone()
        if (row is None or not row[0]) and not self.take():
            raise AnotherRunner(
                f"the turn was lost to {self.holder()}",
                "connect to the server itself, not through a pooler that changes sessions; then "
                "run it again",
            )

    def give_back(self) -> None:
        """A session that is over has given it back."""
        if not self._connection.closed:
            self._connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", self._key)

    def holder(self) -> str:
        """Who has it, for people."""
        row = self._connection.execute(HOLDER, self._key).fetchone()
        if row is None:
            return "a session that this user can't see"
        pid, user, application, seconds, query = row
        does = f": {told(query)}" if query else ""
        return f"pid {pid}, {user}, {application or 'no application name'}, for {seconds} s{does}"

    @property
    def when_dead(self) -> str:
        """What becomes of the session of a runner that was killed, and how to end it."""
        server_looks = self._connection.info.server_version >= 140000
        ends = "" if server_looks else ", which before PostgreSQL 14 ends with its statement"
        return f"if it is dead, end its session{ends}: SELECT pg_terminate_backend(pid)"


@contextmanager
def turn(
    connection: psycopg.Connection[Any], table: str, wait_seconds: float, progress: Progress
) -> Iterator[Turn]:
    """Nobody else runs migrations with this history for as long as the block lasts.

    The lock ends with the connection. Raises AnotherRunner where it can't be had in time.
    """
    taken = Turn(connection, table)
    end = time.monotonic() + wait_seconds
    while not taken.take():
        holder = taken.holder()
        if time.monotonic() >= end:
            raise AnotherRunner(
                f"another runner works on {table}: {holder}",
                f"wait for it, or give it more time with --wait; {taken.when_dead}",
            )
        progress(f"waiting for another runner: {holder}")
        time.sleep(POLL_SECONDS)
    yield taken
    # After an error the connection is closed, which gives it back as well: asking a broken
    # connection for it would hide the error.
    taken.give_back()
