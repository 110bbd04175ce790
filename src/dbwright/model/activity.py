"""What the server is doing at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from dbwright.model.finding import ObjectRef

__all__ = ["Activity", "HeldLock", "PreparedTransaction", "Session", "Standby", "VacuumProgress"]


@dataclass(frozen=True, slots=True)
class Session:
    """A backend, other than the one that looked. Ages are in transactions."""

    pid: int
    kind: str = "client backend"
    database: str | None = None
    user: str | None = None
    application: str = ""
    client: str | None = None
    state: str | None = None
    """active, idle, idle in transaction …; None where it could not be read."""
    started_at: datetime | None = None
    transaction_started_at: datetime | None = None
    query_started_at: datetime | None = None
    state_changed_at: datetime | None = None
    wait_event_type: str | None = None
    wait_event: str | None = None
    query: str | None = None
    """None where it could not be read."""
    xid_age: int | None = None
    xmin_age: int | None = None
    blocked_by: tuple[int, ...] = ()
    """Pids, as pg_blocking_pids gives them; 0 stands for a prepared transaction."""
    ssl: bool | None = None

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("session", str(self.pid))

    @property
    def is_client(self) -> bool:
        return self.kind == "client backend"


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A row of pg_locks, held or waited for."""

    pid: int | None
    """None for a prepared transaction's."""
    type: str
    """relation, transactionid, advisory …"""
    mode: str
    granted: bool
    relation: str | None = None
    """Qualified; None for other types and other databases."""
    waiting_since: datetime | None = None
    """PostgreSQL 14 and later."""
    key: str | None = None
    """Of an advisory lock: its number or pair of numbers."""
    transaction: str | None = None
    """Of a lock on a transaction: that transaction's number."""
    prepared: str | None = None
    """The name of the prepared transaction that holds it."""


@dataclass(frozen=True, slots=True)
class PreparedTransaction:
    name: str
    prepared_at: datetime
    owner: str
    database: str
    xid_age: int

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("prepared transaction", self.name)


@dataclass(frozen=True, slots=True)
class Standby:
    """A row of pg_stat_replication, seen from the primary."""

    application: str
    client: str | None = None
    state: str | None = None
    sync_state: str | None = None
    lag_bytes: int | None = None
    """WAL sent or written here and not replayed there."""
    replay_lag_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class VacuumProgress:
    pid: int
    table: str | None
    phase: str
    heap_blocks_total: int = 0
    heap_blocks_scanned: int = 0
    index_vacuum_count: int = 0


@dataclass(frozen=True)
class Activity:
    captured_at: datetime
    sessions: tuple[Session, ...] = ()
    locks: tuple[HeldLock, ...] = ()
    prepared_transactions: tuple[PreparedTransaction, ...] = ()
    standbys: tuple[Standby, ...] = ()
    vacuums: tuple[VacuumProgress, ...] = ()
    in_recovery: bool = False
    receiver_lag_seconds: float | None = None
    """On a standby: now minus the last replayed commit; None on a primary or when idle."""
    receiver_lag_bytes: int | None = None
    """On a standby: WAL received and not yet replayed; None where nothing was streamed."""
    replay_paused: bool | None = None
    """On a standby: did somebody call pg_wal_replay_pause()?"""

    def session(self, pid: int) -> Session | None:
        return self._sessions.get(pid)

    def locks_of(self, pid: int) -> tuple[HeldLock, ...]:
        return self._locks.get(pid, ())

    def seconds_since(self, moment: datetime | None) -> float | None:
        return None if moment is None else (self.captured_at - moment).total_seconds()

    @cached_property
    def _sessions(self) -> dict[int, Session]:
        return {session.pid: session for session in self.sessions}

    @cached_property
    def _locks(self) -> dict[int, tuple[HeldLock, ...]]:
        found: dict[int, list[HeldLock]] = {}
        for lock in self.locks:
            if lock.pid is not None:
                found.setdefault(lock.pid, []).append(lock)
        return {pid: tuple(locks) for pid, locks in found.items()}
