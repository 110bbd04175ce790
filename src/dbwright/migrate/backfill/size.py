"""How many rows a batch has, and each portion of it: as many as fit into the time it may take.

A batch goes to the server in portions with rests between them. While one statement over many rows
runs, it has a processor for itself and fills the log: what others write then comes behind it, and
their slowest transactions take three times as long. Portions of about a millisecond let them
through (docs/benchmarks.md has the figures).
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LARGEST", "PORTION", "SMALLEST", "BatchSize", "Sizes"]

SMALLEST, LARGEST = 10, 200_000
"""Rows. What one transaction costs would outweigh fewer; more would come at once for the log."""
FIRST_PORTION = 100
"""Rows."""
PORTION = 0.002
"""Seconds."""
AIM = 0.8
"""Of the time that one may take: the next one may be slower."""
GROWTH, SHRINKAGE = 2.0, 0.2
"""At most, from one batch to the next: one that was slow for a reason of its own counts little."""
FASTER, SLOWER = 0.7, 1.5
"""So many times the time before: half the rows, or twice as many, made a difference."""


@dataclass(slots=True)
class BatchSize:
    """Changes from batch to batch."""

    rows: int
    seconds: float
    """That a batch may take."""
    is_fixed: bool = False
    """Does a batch take longer than it may however few rows it has? A subquery is computed for each
    of them: smaller ones would never come to an end."""
    _before: tuple[int, float] = (0, 0.0)

    def took(self, seconds: float, rows: int) -> None:
        """A batch of so many rows took so long."""
        (rows_before, seconds_before), self._before = self._before, (rows, seconds)
        if seconds <= self.seconds:
            self.is_fixed = False
        elif self._is_no_matter_of_rows(rows / max(rows_before, 1), seconds, seconds_before):
            self.is_fixed = True
            self._set(rows * GROWTH)
            return
        elif self.is_fixed:  # rows do matter now
            return
        fitting = rows * AIM * self.seconds / max(seconds, 0.0001)
        bounded = min(max(fitting, self.rows * SHRINKAGE), self.rows * GROWTH)
        # One with fewer rows than it might have had (the last one) says nothing for more.
        if rows >= self.rows or bounded < self.rows:
            self._set(bounded)

    def halve(self) -> None:
        """It was in somebody's way, or somebody in its."""
        self._set(self.rows / 2)

    def _is_no_matter_of_rows(self, growth: float, seconds: float, before: float) -> bool:
        if growth <= 0.5:
            return seconds > FASTER * before > 0
        return self.is_fixed and growth >= GROWTH and seconds < SLOWER * before

    def _set(self, rows: float) -> None:
        self.rows = int(min(max(rows, SMALLEST), LARGEST))


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of batches and of their portions."""

    batch: BatchSize
    portion: BatchSize

    @classmethod
    def of(cls, rows: int, seconds: float) -> Sizes:
        """For batches of so many seconds, the first one of so many rows."""
        return cls(BatchSize(rows, seconds), BatchSize(FIRST_PORTION, min(PORTION, seconds)))
