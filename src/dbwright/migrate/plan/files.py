"""Moves put into files, a transaction each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dbwright.migrate.plan.move import Manner, Move

__all__ = ["PlannedFile", "in_files"]

BATCH_TIME = "20ms"
"""For so long nobody else can change a row of a batch."""
MOST_QUICK = 8
"""Moves in a file: short enough for locks that are held together."""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file of the plan."""

    moves: tuple[Move, ...]

    @property
    def manner(self) -> Manner:
        return self.moves[0].manner

    @property
    def table(self) -> str:
        return self.moves[0].table

    @property
    def deploy(self) -> str:
        """What has to be deployed before it; empty for nothing."""
        return self.moves[0].deploy

    @property
    def words(self) -> str:
        """For its name."""
        first = self.moves[0].words or "as it is"
        return first if len(self.moves) == 1 or len(first) > 40 else f"{first} and more"

    @property
    def options(self) -> dict[str, str | None]:
        """What its head says of how it is run."""
        if self.manner is Manner.ALONE:
            return {"no-transaction": None}
        if self.manner is Manner.ROWS:
            return {"batches": self.table, "batch-time": BATCH_TIME}
        return {}

    @property
    def statements(self) -> tuple[str, ...]:
        return tuple(text for move in self.moves for text in move.up)


def in_files(moves: Iterable[Move]) -> tuple[PlannedFile, ...]:
    """Neighbours that may share a transaction do: quick ones of one table, so that no two tables
    are locked at a time. What runs outside of transactions shares a file as well."""
    files: list[list[Move]] = []
    for move in moves:
        if files and _share(files[-1][-1], move) and len(files[-1]) < MOST_QUICK:
            files[-1].append(move)
        else:
            files.append([move])
    return tuple(PlannedFile(tuple(file)) for file in files)


def _share(one: Move, other: Move) -> bool:
    if other.deploy or one.manner is not other.manner:
        return False
    if one.table and other.table and one.table != other.table:
        return False
    return one.manner in (Manner.QUICK, Manner.ALONE) and "exchange" not in other.words
