"""What came of trying advice on a copy with rows: times, blocks, answers, and what writes cost.

Times are seconds of execution (without planning) of the machine that the copy is on, with the data
in its caches; blocks are 8 kB unless the server was built otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "CostConstants",
    "DroppedIndex",
    "Measured",
    "MeasuredIndex",
    "MeasuredQuery",
    "MeasuredRewrite",
    "MeasuredWrite",
    "Run",
    "time_text",
]

SLOWER = 1.10
"""So many times as long as before is slower …"""
SECONDS = 0.001
"""… where it is by more than that; or, of short statements, …"""
SHORT_SECONDS = 0.0001
"""… by more than that and …"""
SPREADS = 2.0
"""… so many times what the runs differ among themselves."""


@dataclass(frozen=True, slots=True)
class Run:
    """Several runs of one statement: their median."""

    seconds: float
    buffers_hit: int = 0
    buffers_read: int = 0
    temporary_blocks: int = 0
    rows: int = 0
    repetitions: int = 1
    fastest_seconds: float = 0.0
    """Of the repetitions; 0 where it was ended by the time-out."""
    spread_seconds: float = 0.0
    """The median distance of a run from the median."""
    timed_out: bool = False
    """Was it ended by the time-out? Then it takes more than `seconds`."""

    def slower_than(self, before: Run) -> bool:
        """Is the median more than 10% longer, and the fastest run more than 10% longer than the
        fastest before (what else the machine does makes single runs long, and none short); by more
        than 1 ms, or by more than 0.1 ms and twice the spread?"""
        if before.timed_out:
            return False
        if self.timed_out:
            return True
        more = self.seconds - before.seconds
        spread = max(self.spread_seconds, before.spread_seconds)
        noticed = more > SECONDS or more > max(SHORT_SECONDS, SPREADS * spread)
        longer = self.seconds > SLOWER * before.seconds
        return longer and noticed and self.fastest_seconds > SLOWER * before.fastest_seconds

    def __str__(self) -> str:
        return f"more than {self.seconds:g} s" if self.timed_out else time_text(self.seconds)


def time_text(seconds: float) -> str:
    """`12.3 s`, `0.0229 ms`: three figures, however long it took."""
    if seconds >= 1:
        return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:,.0f} s"
    return f"{seconds * 1000:.3g} ms"


@dataclass(frozen=True, slots=True)
class MeasuredQuery:
    """One statement without the new indexes and with those that were kept."""

    text: str
    """The workload's query."""
    statement: str
    """What was run: with constants."""
    fingerprint: str
    calls: int
    weight: float
    cost_before: float
    """The copy's planner's."""
    cost_after: float
    changed: bool = False
    """Is its plan another one? If not it was not run."""
    before: Run | None = None
    """None where it was not run; `note` says why."""
    after: Run | None = None
    equal: bool | None = None
    """Did both plans give the same rows? None where that was not, or can't be, told."""
    note: str = ""
    indexes: tuple[str, ...] = ()
    """New ones that its plan uses."""

    @property
    def measured(self) -> bool:
        return self.before is not None and self.after is not None

    @property
    def slower(self) -> bool:
        """By the rule of `Run.slower_than`."""
        if self.before is None or self.after is None:
            return False
        return self.after.slower_than(self.before)


@dataclass(frozen=True, slots=True)
class MeasuredRewrite:
    """One query and another way to write it."""

    before: Run
    after: Run
    equal: bool | None
    """Did both give the same rows? None where that was not, or can't be, told."""
    note: str = ""

    @property
    def slower(self) -> bool:
        """By the rule of `Run.slower_than`."""
        return self.after.slower_than(self.before)


@dataclass(frozen=True, slots=True)
class MeasuredIndex:
    """One index as it was really built."""

    name: str
    table: str
    """Qualified."""
    definition: str
    """What follows the table in CREATE INDEX."""
    bytes: int
    estimated_bytes: int
    build_seconds: float
    estimated_build_seconds: float


@dataclass(frozen=True, slots=True)
class DroppedIndex:
    """Advice on one index that was taken out of the set because it makes a query slower, or none
    faster."""

    name: str
    table: str
    query: str
    before: Run
    """Of the query, without any change."""
    after: Run
    """With the set that it was a part of."""
    reason: str


@dataclass(frozen=True, slots=True)
class MeasuredWrite:
    """What the new indexes of one table cost its writes. None is not measured; `note` says why."""

    table: str
    rows: int
    """Written by each statement."""
    indexes: tuple[str, ...] = ()
    inserts_per_second_before: float | None = None
    inserts_per_second_after: float | None = None
    insert_wal_bytes_before: float | None = None
    """Of one row."""
    insert_wal_bytes_after: float | None = None
    updates_per_second_before: float | None = None
    updates_per_second_after: float | None = None
    update_wal_bytes_before: float | None = None
    update_wal_bytes_after: float | None = None
    hot_share_before: float | None = None
    """Of the updates: those that change no index (there is room on each row's page)."""
    hot_share_after: float | None = None
    updated_columns: tuple[str, ...] = ()
    repetitions: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class CostConstants:
    """The planner's cost constants, fitted to what queries really took on this machine."""

    before: Mapping[str, float]
    """By setting."""
    fitted: Mapping[str, float]
    plans: int
    """How many different plans they were fitted to."""
    error_before: float
    """The median of how far cost is off from time, as a share of the time (0.3 is 30%)."""
    error_after: float
    changed: int = 0
    """Queries whose plan changes with them."""
    seconds_before: float = 0.0
    """Of those queries, times their weight."""
    seconds_after: float = 0.0
    slower: int = 0
    better: bool = False
    """Is the workload faster with them, and no query slower?"""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """All of it."""

    queries: tuple[MeasuredQuery, ...] = ()
    """Those that got slower first, then those that gain most."""
    indexes: tuple[MeasuredIndex, ...] = ()
    """That were kept, in the order of the advice."""
    dropped: tuple[DroppedIndex, ...] = ()
    kept: tuple[int, ...] = ()
    """The places in the advice of the indexes that were kept."""
    drops: tuple[int, ...] = ()
    """The places among the drops of the advice of those that slow no query."""
    taken_back: tuple[DroppedIndex, ...] = ()
    """Existing indexes that were to be dropped, and are needed."""
    writes: tuple[MeasuredWrite, ...] = ()
    constants: CostConstants | None = None
    refused: bool = False
    """Is no set left that slows no query?"""
    reason: str = ""
    seconds: float = 0.0
    """That all measuring took."""

    @property
    def slower(self) -> tuple[MeasuredQuery, ...]:
        return tuple(query for query in self.queries if query.slower)
