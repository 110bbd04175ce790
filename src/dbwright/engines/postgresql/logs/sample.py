"""Figures of many calls in little memory."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence

__all__ = ["Durations"]

KEPT = 1024
"""So many durations of a group are kept for its percentiles."""


class Durations:
    """Seconds of calls: exact count, sum, mean, deviation, extremes; percentiles of a sample.

    The sample is systematic: every 2nd, 4th, 8th … call as they become more, so that the same log
    gives the same figures in every run.
    """

    __slots__ = ("_every", "_kept", "_next", "_squares", "count", "largest", "mean", "smallest")

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self._squares = 0.0
        self.smallest = math.inf
        self.largest = 0.0
        self._kept = array("d")
        self._every = 1
        self._next = 0

    @property
    def total(self) -> float:
        return self.mean * self.count

    @property
    def deviation(self) -> float:
        """Of all calls (not of a sample of them), as pg_stat_statements has it."""
        return math.sqrt(max(0.0, self._squares / self.count)) if self.count else 0.0

    def add(self, seconds: Sequence[float]) -> None:
        """Some more calls (at least one), in their order."""
        more = len(seconds)
        mean = sum(seconds) / more
        squares = math.dist(seconds, [mean] * more) ** 2 if more > 1 else 0.0
        # Two groups into one, without cancellation (Chan, Golub, LeVeque 1979).
        all_calls, away = self.count + more, mean - self.mean
        self._squares += squares + away * away * self.count * more / all_calls
        self.mean += away * more / all_calls
        self.smallest = min(self.smallest, min(seconds))
        self.largest = max(self.largest, max(seconds))
        self._keep(seconds)
        self.count = all_calls

    def percentile(self, share: float) -> float | None:
        """The least of the kept durations that `share` of them do not exceed."""
        if not self._kept:
            return None
        ordered = sorted(self._kept)
        return ordered[max(0, math.ceil(share * len(ordered)) - 1)]

    def _keep(self, seconds: Sequence[float]) -> None:
        while self._next < self.count + len(seconds):
            start = self._next - self.count
            room = KEPT - len(self._kept)
            taken = seconds[start :: self._every][:room]
            self._kept.extend(taken)
            self._next += len(taken) * self._every
            if len(self._kept) == KEPT:
                self._kept = self._kept[::2]
                self._every *= 2
                # The next one to keep goes on with the wider step.
                self._next = -(-self._next // self._every) * self._every
