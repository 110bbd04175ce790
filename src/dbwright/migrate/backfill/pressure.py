"""What others suffer from the batches: seen from a second session, ten times a second.

- How far standbys are behind, in seconds: since when the oldest position in the log that one has
  not replayed was seen here. The server's own `replay_lag` stands still where replay does.
- Who waits for a lock of the session that runs the batches.
- Dead rows of the table, and whether autovacuum might clear them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

__all__ = ["DeadRows", "Pressure"]

LOOK = """
SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::text,
  (SELECT count(*) FROM pg_stat_replication WHERE state IS NULL),
  (SELECT jsonb_agg(jsonb_build_array(
     coalesce(nullif(application_name, ''), pid::text), (replay_lsn - '0/0'::pg_lsn)::text,
     CASE WHEN NOT EXISTS (SELECT FROM pg_replication_slots s
                           WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
          THEN concat(application_name, ' ', client_addr) ELSE '' END))
   FROM pg_stat_replication r WHERE state IN ('streaming', 'catchup') AND replay_lsn IS NOT NULL),
  (SELECT count(*) FROM (SELECT DISTINCT pid FROM pg_locks WHERE NOT granted AND pid <> %(pid)s
     OFFSET 0) w WHERE %(pid)s = ANY (pg_blocking_pids(w.pid)))
"""
"""OFFSET 0: who holds up whom is asked only of those that wait."""
LONGEST_GONE = 300.0
"""Seconds that a standby is waited for that is gone: one that stopped is thrown out by the primary
after wal_sender_timeout, and is behind more than any other. One that was taken away stays away."""
DEAD = "SELECT sum(pg_stat_get_dead_tuples(t)) FROM unnest(%s::oid[]) t"
DEAD_EVERY = 1.0
"""Seconds: the server counts no more often, and before 15 each look reads a file."""


@dataclass(frozen=True, slots=True)
class DeadRows:
    """Of which dead rows are too many, for one table with its partitions."""

    relations: tuple[int, ...]
    """oids of what has rows."""
    trigger: float
    """So many make autovacuum begin."""
    row_bytes: float


class Pressure:
    """Readings. The watcher's thread looks; the one that runs batches reads."""

    def __init__(self, pid: int, relations: Sequence[int]) -> None:
        """`pid`: of the session that runs the batches. `relations`: oids of the table, or of its
        partitions."""
        self._pid = pid
        self._relations = list(relations)
        self._guard = threading.Lock()
        self._positions: deque[tuple[float, int]] = deque()
        """When each position in the log was first seen that a standby has not replayed yet."""
        self._known: dict[str, tuple[str, int, float]] = {}
        """Of each standby that was seen: its name, how far it was, and when that was."""
        self._lag = ("", 0.0)
        self._blocked = 0
        self._dead = 0
        self._dead_at = float("-inf")
        self._looked_at: float | None = None
        self.first_look = threading.Event()
        self.problem = ""
        """Why the last look saw nothing; empty where it did."""
        self.hidden = False
        """Are there standbys of which this user may not know how far they are?"""

    def look(self, connection: psycopg.Connection[Any]) -> None:
        """Raises psycopg.Error where the connection broke."""
        try:
            row = connection.execute(LOOK, {"pid": self._pid}).fetchone()
            assert row is not None
            self._note(row[0], row[1], row[2], row[3], time.monotonic())
            if time.monotonic() - self._dead_at >= DEAD_EVERY:
                (dead,) = connection.execute(DEAD, (self._relations,)).fetchone() or (0,)
                self._dead, self._dead_at = int(dead or 0), time.monotonic()
            self.problem = ""
        except psycopg.Error as problem:
            if connection.closed:
                raise
            self.problem = problem.diag.message_primary or str(problem)
        finally:
            self.first_look.set()

    def _note(
        self, position: str, hidden: int, standbys: list[list[str]] | None, blocked: int, now: float
    ) -> None:
        with self._guard:
            self.hidden = bool(hidden)
            self._looked_at = now
            self._blocked = max(self._blocked, blocked)
            self._lag = self._behind(int(position), standbys or [], now)

    def _behind(self, position: int, standbys: list[list[str]], now: float) -> tuple[str, float]:
        found = [(name, int(replayed)) for name, replayed, *_ in standbys]
        found += self._gone(standbys, now)
        if not found:
            self._positions.clear()
            return "", 0.0
        if not self._positions or position > self._positions[-1][1]:
            self._positions.append((now, position))
        name, replayed = min(found, key=lambda standby: standby[1])
        while self._positions and self._positions[0][1] <= replayed:
            self._positions.popleft()
        return name, now - self._positions[0][0] if self._positions else 0.0

    def _gone(self, standbys: list[list[str]], now: float) -> list[tuple[str, int]]:
        """Those that were there, and are missed; and how far they were."""
        here = {key: (name, int(replayed), now) for name, replayed, key in standbys if key}
        self._known |= here
        self._known = {k: one for k, one in self._known.items() if now - one[2] < LONGEST_GONE}
        return [
            (f"{name} (gone)", replayed)
            for key, (name, replayed, _) in self._known.items()
            if key not in here
        ]

    @property
    def lag(self) -> tuple[str, float]:
        """The standby that is behind most, and how many seconds."""
        with self._guard:
            return self._lag

    @property
    def dead(self) -> int:
        """Dead rows, as the server has counted them."""
        return self._dead

    def take_blocked(self) -> int:
        """The most sessions that were seen at once waiting for the batches, since the last call."""
        with self._guard:
            blocked, self._blocked = self._blocked, 0
            return blocked

    def age(self) -> float | None:
        """Seconds since the last look; None for none so far."""
        with self._guard:
            return None if self._looked_at is None else time.monotonic() - self._looked_at
