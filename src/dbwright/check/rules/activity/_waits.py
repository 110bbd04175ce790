"""Who waits for whom."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dbwright.check.rules.activity._sessions import seconds_in
from dbwright.model.activity import Activity, HeldLock, PreparedTransaction, Session

__all__ = ["Blocker", "Waits", "blockers", "conflict", "told_as_blockers", "waited"]

Blocker = int | str
"""A session by its pid, or a prepared transaction by its name."""

MIN_SECONDS = 1.0
"""A shorter wait is normal."""

_CONFLICTING = {
    "AccessShareLock": ("AccessExclusiveLock",),
    "RowShareLock": ("ExclusiveLock", "AccessExclusiveLock"),
    "RowExclusiveLock": (
        "ShareLock",
        "ShareRowExclusiveLock",
        "ExclusiveLock",
        "AccessExclusiveLock",
    ),
    "ShareUpdateExclusiveLock": (
        "ShareUpdateExclusiveLock",
        "ShareLock",
        "ShareRowExclusiveLock",
        "ExclusiveLock",
        "AccessExclusiveLock",
    ),
    "ShareLock": ("ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"),
    "ShareRowExclusiveLock": ("ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"),
    "ExclusiveLock": ("ExclusiveLock", "AccessExclusiveLock"),
    "AccessExclusiveLock": ("AccessExclusiveLock",),
}
_CONFLICTS = frozenset(
    pair
    for one, others in _CONFLICTING.items()
    for other in others
    for pair in ((one, other), (other, one))
)


def conflict(one: str, other: str) -> bool:
    """Can two transactions not hold these modes of one lock (manual, Explicit Locking)?"""
    return (one, other) in _CONFLICTS


def waited(activity: Activity, session: Session) -> float:
    """Seconds that the session has waited; before 14 at most so long: since its statement."""
    moments = [lock.waiting_since for lock in activity.locks_of(session.pid) if lock.waiting_since]
    return seconds_in(activity, min(moments, default=session.query_started_at)) or 0.0


def blockers(activity: Activity, session: Session) -> tuple[Blocker, ...]:
    """Whom the session waits for, without repetition (parallel workers repeat their leader)."""
    found: dict[Blocker, None] = {}
    for pid in session.blocked_by:
        if pid:
            found[pid] = None
        else:
            found.update(dict.fromkeys(_prepared(activity, session)))
    return tuple(found)


def _prepared(activity: Activity, session: Session) -> list[str]:
    """The prepared transactions whose locks are in the session's way."""
    wanted = [lock for lock in activity.locks_of(session.pid) if not lock.granted]
    return [
        lock.prepared
        for lock in activity.locks
        if lock.prepared is not None and lock.granted and any(_blocks(lock, w) for w in wanted)
    ]


def _blocks(held: HeldLock, wanted: HeldLock) -> bool:
    same = (held.type, held.relation, held.transaction, held.key) == (
        wanted.type,
        wanted.relation,
        wanted.transaction,
        wanted.key,
    )
    return same and conflict(held.mode, wanted.mode)


@dataclass(frozen=True, slots=True)
class Waits:
    """Everybody who waits, by whom they wait for."""

    activity: Activity
    behind: Mapping[Blocker, tuple[Session, ...]]
    """Those that wait for it directly, by pid."""
    ahead: Mapping[int, tuple[Blocker, ...]]
    """Whom each waiting session waits for."""

    @classmethod
    def of(cls, activity: Activity) -> Waits:
        behind: dict[Blocker, list[Session]] = {}
        ahead: dict[int, tuple[Blocker, ...]] = {}
        for session in activity.sessions:
            found = blockers(activity, session)
            if found:
                ahead[session.pid] = found
            for blocker in found:
                behind.setdefault(blocker, []).append(session)
        return cls(activity, {key: tuple(value) for key, value in behind.items()}, ahead)

    def roots(self) -> tuple[tuple[Blocker, ...], ...]:
        """Who makes others wait and waits for nobody, each alone; then each ring of sessions
        that wait for one another. A blocker that is gone meanwhile is none."""
        names = {prepared.name for prepared in self.activity.prepared_transactions}
        alone: list[Blocker] = sorted(name for name in names if name in self.behind)
        alone += sorted(
            key
            for key in self.behind
            if isinstance(key, int) and key not in self.ahead and self.activity.session(key)
        )
        found: list[tuple[Blocker, ...]] = [(root,) for root in alone]
        reached = {session.pid for session, _ in self.queue(alone)}
        for pid in sorted(self.ahead):
            if pid in reached:
                continue
            ring = self._ring(pid)
            if ring:
                found.append(ring)
                reached.update(ring, (session.pid for session, _ in self.queue(ring)))
        return tuple(found)

    def queue(self, heads: Iterable[Blocker]) -> list[tuple[Session, Blocker]]:
        """All that wait for one of the heads, directly or through others: each once, with the
        one it waits for that is nearest to a head; the nearest first."""
        found: list[tuple[Session, Blocker]] = []
        seen: set[Blocker] = set(heads)
        steps = deque(heads)
        while steps:
            blocker = steps.popleft()
            for session in self.behind.get(blocker, ()):
                if session.pid not in seen:
                    seen.add(session.pid)
                    found.append((session, blocker))
                    steps.append(session.pid)
        return found

    def prepared(self, name: str) -> PreparedTransaction | None:
        every = self.activity.prepared_transactions
        return next((prepared for prepared in every if prepared.name == name), None)

    def _ring(self, pid: int) -> tuple[int, ...]:
        """Sessions that wait in a circle, found by going ahead from `pid`; empty if none."""
        path: list[int] = []
        while pid not in path:
            path.append(pid)
            further = [key for key in self.ahead[pid] if isinstance(key, int) and key in self.ahead]
            if not further:
                return ()
            pid = min(further)
        return tuple(sorted(path[path.index(pid) :]))


def told_as_blockers(activity: Activity) -> frozenset[int]:
    """Sessions that somebody has waited for long enough that blocked-sessions tells of them."""
    return frozenset(
        pid
        for session in activity.sessions
        if session.blocked_by and waited(activity, session) >= MIN_SECONDS
        for pid in session.blocked_by
    )
