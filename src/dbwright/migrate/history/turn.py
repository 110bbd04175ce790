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
from dbwright.progress import Progress

__all__ = ["turn"]

CLASS = 0x64627772
"""First half of the key; the other one is of the history's name."""
POLL_SECONDS = 0.5
HOLDER = """
SELECT a.pid, a.usename, a.application_name, extract(epoch FROM now() - a.backend_start)::integer
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.classid = %s::oid AND l.objid = hashtext(%s)::oid AND l.granted
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@contextmanager
def turn(
    connection: psycopg.Connection[Any], table: str, wait_seconds: float, progress: Progress
) -> Iterator[None]:
    """Nobody else runs migrations with this history for as long as the block lasts.

    The lock ends with the connection. Raises AnotherRunner where it can't be had in time.
    """
    end = time.monotonic() + wait_seconds
    while not _try(connection, table):
        holder = _holder(connection, table)
        if time.monotonic() >= end:
            raise AnotherRunner(
                f"another runner works on {table}: {holder}",
                "wait for it, or give it more time with --wait; if it is dead, end its session: "
                "SELECT pg_terminate_backend(pid)",
            )
        progress(f"waiting for another runner: {holder}")
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", (CLASS, table))


def _try(connection: psycopg.Connection[Any], table: str) -> bool:
    row = connection.execute(
        "SELECT pg_try_advisory_lock(%s, hashtext(%s))", (CLASS, table)
    ).fetchone()
    return row is not None and bool(row[0])


def _holder(connection: psycopg.Connection[Any], table: str) -> str:
    row = connection.execute(HOLDER, (CLASS, table)).fetchone()
    if row is None:
        return "a session that this user can't see"
    pid, user, application, seconds = row
    return f"pid {pid}, {user}, {application or 'no application name'}, for {seconds} s"
