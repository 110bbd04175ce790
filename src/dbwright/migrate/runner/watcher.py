"""A second look at the session that runs a migration: who is in its way, and how far it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import psycopg

from dbwright.engines.postgresql.connect import connect
from dbwright.errors import TargetError
from dbwright.migrate.runner.secrets import told
from dbwright.progress import Progress

__all__ = ["Look", "Watcher"]

EVERY_SECONDS = 0.1
SHOWN = 3
BLOCKERS = """
SELECT b.pid, b.usename, b.application_name, b.state,
       extract(epoch FROM now() - coalesce(b.xact_start, b.query_start))::integer,
       left(regexp_replace(b.query, '\\s+', ' ', 'g'), 80)
FROM unnest(pg_blocking_pids(%(pid)s)) p JOIN pg_stat_activity b ON b.pid = p
UNION ALL
-- A prepared transaction has no process: it is told as 0.
SELECT DISTINCT NULL::integer, x.owner, x.gid, 'prepared',
       extract(epoch FROM now() - x.prepared)::integer, ''
FROM pg_prepared_xacts x
JOIN pg_locks n ON n.pid IS NULL AND n.transactionid = x.transaction AND n.granted
JOIN pg_locks h ON h.pid IS NULL AND h.virtualtransaction = n.virtualtransaction
JOIN pg_locks w ON w.pid = %(pid)s AND NOT w.granted
  AND w.relation = h.relation AND w.database = h.database
WHERE 0 = ANY (pg_blocking_pids(%(pid)s))
ORDER BY 5 DESC
"""
INDEX_PROGRESS = """
SELECT p.phase, p.index_relid::regclass::text,
       CASE WHEN p.blocks_total > 0 THEN p.blocks_done ELSE p.tuples_done END,
       CASE WHEN p.blocks_total > 0 THEN p.blocks_total ELSE p.tuples_total END
FROM pg_stat_progress_create_index p WHERE p.pid = %s
"""


Look = Callable[[psycopg.Connection[Any]], None]
"""Asks what it wants to know over the watcher's connection. Raises psycopg.Error only where that
broke."""


class Watcher:
    """Looks at one session until the block ends. Where no second connection can be had, it sees
    nothing, and the migration runs all the same."""

    def __init__(self, url: str, pid: int, progress: Progress) -> None:
        self._url = url
        self._pid = pid
        self._progress = progress
        self._done = threading.Event()
        self._guard = threading.Lock()
        self._blockers: tuple[str, ...] = ()
        self._others: tuple[Look, ...] = ()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join(5)

    def blockers(self) -> str:
        """Who was seen in the session's way last; empty for nobody so far."""
        with self._guard:
            found = self._blockers
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        return "; ".join(found[:SHOWN]) + more

    def forget(self) -> None:
        """Begin anew: who was in the way of an earlier try may be gone."""
        with self._guard:
            self._blockers = ()

    @property
    def pid(self) -> int:
        """Of the session that is looked at."""
        return self._pid

    @contextmanager
    def looking(self, look: Look) -> Iterator[None]:
        """Look at this too, as long as the block lasts."""
        self._others = (*self._others, look)
        try:
            yield
        finally:
            self._others = tuple(other for other in self._others if other != look)

    def _watch(self) -> None:
        try:
            with connect(self._url, application_name="dbwright watcher") as connection:
                connection.execute("SET statement_timeout = '2s'")
                while not self._done.wait(EVERY_SECONDS):
                    self._look(connection)
                    for look in self._others:
                        look(connection)
        except (TargetError, psycopg.Error):
            return  # nobody is left to look; what is run does not depend on it

    def _look(self, connection: psycopg.Connection[Any]) -> None:
        rows = connection.execute(BLOCKERS, {"pid": self._pid}).fetchall()
        if rows:
            with self._guard:
                self._blockers = tuple(_blocker(*row) for row in rows)
            self._progress(f"waiting for {_blocker(*rows[0])}")
            return
        row = connection.execute(INDEX_PROGRESS, (self._pid,)).fetchone()
        if row is not None:
            phase, index, done, total = row
            self._progress(f"{index}: {phase}", done if total else None, total or None)


def _blocker(
    pid: int | None, user: str, application: str, state: str, seconds: int | None, query: str
) -> str:
    if pid is None:
        return f"the prepared transaction {application} ({user}), for {seconds or 0} s"
    who = f"pid {pid} ({', '.join(filter(None, (user, application)))})"
    return f"{who} {state} for {seconds or 0} s: {told(query)}"
