"""What tuning a workload came to: the indexes, and what they do to each query."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dbwright.model.measured import Measured

__all__ = ["AskedIndex", "DropReason", "IndexAdvice", "IndexDrop", "QueryEffect", "Tuning"]


@dataclass(frozen=True, slots=True)
class IndexAdvice:
    """One index that is worth having. Costs are the planner's, over the whole workload."""

    name: str
    table: str
    """Qualified."""
    definition: str
    """What follows the table in CREATE INDEX: method, keys, INCLUDE, WHERE."""
    bytes: int
    """As CREATE INDEX would build it; within 15% for b-trees, and for GIN indexes where entries
    were counted in rows."""
    saved_alone: float
    """What the workload saves with this index and no other new one."""
    saved_last: float
    """What it saves when all other new ones are there: what dropping it would lose."""
    queries: tuple[int, ...]
    """The numbers of the queries whose plans use it."""
    build_seconds: float
    wal_bytes_per_day: float | None = None
    """What keeping it up to date writes; None where the counters' window is not known."""
    updates_that_lose_hot_share: float = 0.0
    replaces: tuple[str, ...] = ()
    """Indexes (qualified) that this one does the work of: they are among `Tuning.drops`."""
    least_bytes: int | None = None
    """Where the size is rough, it lies from here …"""
    most_bytes: int | None = None
    """… to here; where the upper end is far off too, the budget counts it."""


class DropReason(StrEnum):
    """Why an index that exists is not needed."""

    REPEATED = "repeated"
    """Another one has the same keys."""
    PREFIX = "prefix"
    """Another one begins with its keys."""
    REPLACED = "replaced"
    """An advised one begins with its keys."""
    UNUSED = "unused"
    """Neither the workload nor any scan that was counted used it."""


@dataclass(frozen=True, slots=True)
class IndexDrop:
    """One index that exists and can go. Costs are the planner's, over the whole workload."""

    name: str
    """Qualified."""
    table: str
    """Qualified."""
    reason: DropReason
    keeper: str | None
    """The index (qualified) that does its work; None for one that does none."""
    bytes: int | None
    scans: int | None
    """Since the counters began; those on standbys are not counted."""
    cost_before: float
    cost_after: float
    queries: int
    """How many had it in their plans, and were planned without it."""
    wal_bytes_per_day: float | None = None
    """What keeping it up to date writes; None where the counters' window is not known."""


@dataclass(frozen=True, slots=True)
class AskedIndex:
    """An index that somebody asked about, and why it is among the advice or not."""

    definition: str
    bytes: int
    saved_alone: float
    """What the workload saves with it and no other new one."""
    saved_last: float
    """What it saves beside those of the advice."""
    queries: int
    """How many would use it, were it alone."""
    verdict: str


@dataclass(frozen=True, slots=True)
class QueryEffect:
    """One query before and after, in the planner's units for one call."""

    text: str
    fingerprint: str
    calls: int
    weight: float
    """Its share of the workload is its cost times this."""
    before: float
    after: float
    indexes: tuple[str, ...] = ()
    """New ones that its plan uses."""

    @property
    def worse(self) -> bool:
        return self.after > self.before * 1.001


@dataclass(frozen=True, slots=True)
class Tuning:
    """The advice as a whole. Costs are sums over the workload, in the planner's units."""

    source: str
    """Where the workload is from."""
    before: float
    after: float
    within_share: float
    """No other set of the tried indexes that fits is better by more than this, counting what
    they cost the writes. (Proven as far as more indexes never make a plan dearer.)"""
    tried: int
    """How many indexes were tried."""
    planner_calls: int
    complete: bool
    """Did the search end by itself, not by its limits?"""
    budget_bytes: int | None = None
    indexes: tuple[IndexAdvice, ...] = ()
    queries: tuple[QueryEffect, ...] = ()
    asked: tuple[AskedIndex, ...] = ()
    drops: tuple[IndexDrop, ...] = ()
    measured: Measured | None = None
    """What came of trying the indexes on a copy with rows."""

    @property
    def bytes(self) -> int:
        """Of the new indexes: what `budget_bytes` is for."""
        return sum(index.bytes for index in self.indexes)

    @property
    def freed_bytes(self) -> int:
        """Of the indexes that can go, as far as their sizes are known. They make no room in the
        budget: the new ones are built before the old ones go."""
        return sum(drop.bytes or 0 for drop in self.drops)

    @property
    def saved_share(self) -> float:
        return 1 - self.after / self.before if self.before else 0.0
