"""A second look at the session that runs a migration: who is in its way, and how far it is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from types import TracebackType
from typing import Any

import psycopg
from psycopg.errors import QueryCanceled

from dbwright.engines.postgresql.connect import connect
from dbwright.errors import TargetError
from dbwright.migrate.runner.secrets import told
from dbwright.progress import Progress

__all__ = ["Look", "Watcher"]

EVERY_SECONDS = 0.1
LONGEST_PAUSE = 10.0
"""Seconds between two tries for a connection."""
SHOWN = 3
BLOCKERS = """
SELECT b.pid, b.usename, b.application_name, b.state,
       extract(epoch FROM now() - coalesce(b.xact_start, b.query_start))::integer,
       left(regexp_replace(b.query, '\\s+', ' ', 'g'), 80),
       -- It has no user; what it does is hidden from who is none of pg_monitor.
       CASE WHEN b.usesysid IS NULL AND coalesce(b.query, '') !~ 'prevent wraparound'
            THEN extract(epoch FROM current_setting('deadlock_timeout')::interval)::float8 END
FROM unnest(pg_blocking_pids(%(pid)s)) p JOIN pg_stat_activity b ON b.pid = p
UNION ALL
-- A prepared transaction has no process: it is told as 0.
SELECT DISTINCT NULL::integer, x.owner, x.gid, 'prepared',
       extract(epoch FROM now() - x.prepared)::integer, '', NULL::float8
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
        self._gives_way_after = 0.0
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
            self._gives_way_after = 0.0

    @property
    def gives_way_after(self) -> float:
        """Seconds after which an autovacuum ends itself for who waits; 0 where something else was
        seen in the way, or nothing."""
        with self._guard:
            return self._gives_way_after

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
        """Again and again: it is ended as other sessions are, and standbys are not left alone."""
        pause = 0.0
        while not self._done.wait(pause):
            pause = min(max(2 * pause, EVERY_SECONDS), LONGEST_PAUSE)
            # What is run does not depend on it: there may be no connection left for it.
            with suppress(TargetError, psycopg.Error):
                self._watch_over(connect(self._url, application_name="dbwright watcher"))

    def _watch_over(self, connection: psycopg.Connection[Any]) -> None:
        """Raises psycopg.Error where the connection broke."""
        with closing(connection):
            connection.execute("SET statement_timeout = '2s'")
            while not self._done.wait(EVERY_SECONDS):
                try:
                    self._look(connection)
                    for look in self._others:
                        look(connection)
                except QueryCanceled:  # a server that is too busy for one look
                    continue

    def _look(self, connection: psycopg.Connection[Any]) -> None:
        rows = connection.execute(BLOCKERS, {"pid": self._pid}).fetchall()
        if rows:
            with self._guard:
                self._blockers = tuple(_blocker(*row[:6]) for row in rows)
                waits = [row[6] for row in rows]
                self._gives_way_after = max(waits) if all(waits) else 0.0
            self._progress(f"waiting for {self._blockers[0]}")
            return
        row = connection.execute(INDEX_PROGRESS, (self._pid,)).fetchone()
        if row is not None:
            phase, index, done, total = row
            self._progress(f"{index}: {phase}", done if total else None, total or None)


def _blocker(
    pid: int | None,
    user: str | None,
    application: str | None,
    state: str | None,
    seconds: int | None,
    query: str | None,
) -> str:
    if pid is None:
        return f"the prepared transaction {application} ({user}), for {seconds or 0} s"
    names = [user or "autovacuum", *([application] if application else [])]
    who = f"pid {pid} ({', '.join(names)})"
    if state is None and (user or seconds is None):
        return f"{who}, of which this user may see no more (GRANT pg_read_all_stats shows it)"
    return f"{who} {state or 'active'} for {seconds or 0} s: {told(query or '')}"
