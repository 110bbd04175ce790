"""What the server counted, as far as settings depend on it."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import Statistics, TableStatistics
from dbwright.tune.settings.window import counting_days

__all__ = ["Measured", "measured"]

ENOUGH_COMMITS = 1000
"""With fewer transactions nothing follows from what did not happen."""
MANY_BLOCKS = 1_000_000
"""With fewer block reads a hit ratio says nothing: 8 GB."""
MANY_FILES_A_DAY = 24
"""Temporary files: one an hour."""
SHOWN_TABLES = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """Counters of the database that was read, and what the server was doing. None is unknown."""

    days: float | None = None
    commits: int = 0
    hit_fraction: float | None = None
    """Of block reads that found the block in the shared buffers; None where there were few."""
    read_bytes: int = 0
    """From outside of the shared buffers."""
    read_most: tuple[str, ...] = ()
    """Tables of which most was read from outside."""
    databases_bytes: int | None = None
    temporary_files: int = 0
    temporary_bytes: int = 0
    connections: int | None = None
    """Client sessions when the server was looked at, that of the one who looked not counted."""
    active: int | None = None
    """Those of them that were running a statement."""

    @property
    def conclusive(self) -> bool:
        """Is what did not happen a fact by now, and no matter of too little time?"""
        return self.days is not None and self.days >= 1 and self.commits >= ENOUGH_COMMITS

    @property
    def spills(self) -> bool:
        """Are temporary files written every day, and not just for an index now and then?"""
        return self.days is not None and self.temporary_files >= MANY_FILES_A_DAY * self.days

    @property
    def temporary_file_bytes(self) -> int | None:
        """Of a temporary file, on average."""
        return round(self.temporary_bytes / self.temporary_files) if self.temporary_files else None


def measured(snapshot: Snapshot) -> Measured:
    """What follows from the snapshot's counters and activity."""
    statistics = snapshot.statistics
    if statistics is None:
        return Measured()
    server = snapshot.catalog.server
    counted = statistics.of_database(server.database)
    sizes = [database.bytes for database in statistics.databases if database.bytes is not None]
    clients = (
        None
        if snapshot.activity is None
        else [session for session in snapshot.activity.sessions if session.is_client]
    )
    found = Measured(
        days=counting_days(statistics),
        read_most=_read_most(snapshot, statistics),
        databases_bytes=sum(sizes) if sizes else None,
        connections=None if clients is None else len(clients),
        active=None if clients is None else sum(c.state == "active" for c in clients),
    )
    if counted is None:
        return found
    blocks = counted.blocks_hit + counted.blocks_read
    return Measured(
        days=found.days,
        commits=counted.commits,
        hit_fraction=counted.blocks_hit / blocks if blocks >= MANY_BLOCKS else None,
        read_bytes=counted.blocks_read * server.block_size,
        read_most=found.read_most,
        databases_bytes=found.databases_bytes,
        temporary_files=counted.temporary_files,
        temporary_bytes=counted.temporary_bytes,
        connections=found.connections,
        active=found.active,
    )


def _read_most(snapshot: Snapshot, statistics: Statistics) -> tuple[str, ...]:
    read = [
        (table.qualified, _blocks_read(counted), _hit_fraction(counted))
        for table in snapshot.catalog.tables
        if (counted := statistics.of(table)) is not None and _blocks_read(counted)
    ]
    read.sort(key=lambda one: (-one[1], one[0]))
    return tuple(f"{name} ({hit:.0%} hit)" for name, _, hit in read[:SHOWN_TABLES])


def _blocks_read(counted: TableStatistics) -> int:
    return counted.heap_blocks_read + counted.index_blocks_read


def _hit_fraction(counted: TableStatistics) -> float:
    hit = counted.heap_blocks_hit + counted.index_blocks_hit
    return hit / (hit + _blocks_read(counted))
