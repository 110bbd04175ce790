"""How a column's values are spread over its line, by what ANALYZE found."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from dbwright.model.statistics import ColumnStatistics
from dbwright.tune.partitions.axis import Axis

__all__ = ["Timeline", "timeline"]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The rows of a table along one column. NULLs have no place on it."""

    axis: Axis
    bounds: tuple[int, ...]
    """Of the histogram: as many rows between each two."""
    common: tuple[tuple[int, float], ...]
    """Values and the share of rows that have them, in order."""
    spread: float
    """The share of all rows that the histogram speaks of."""

    @property
    def low(self) -> int:
        return min([*self.bounds[:1], *(value for value, _ in self.common[:1])])

    @property
    def high(self) -> int:
        return max([*self.bounds[-1:], *(value for value, _ in self.common[-1:])])

    def below(self, number: int) -> float:
        """The share of all rows whose value is less."""
        common = sum(share for value, share in self.common if value < number)
        return common + self.spread * self.rank(number)

    def rank(self, number: int) -> float:
        """How much of the histogram lies below, from 0 to 1."""
        bounds = self.bounds
        if len(bounds) < 2 or number <= bounds[0]:
            return 0.0
        if number > bounds[-1]:
            return 1.0
        place = bisect_left(bounds, number)
        start, end = bounds[place - 1], bounds[place]
        return (place - 1 + (number - start) / (end - start)) / (len(bounds) - 1)

    def between(self, start: int, end: int) -> float:
        """The share of all rows from `start` on and below `end`."""
        return max(0.0, self.below(end) - self.below(start))


def timeline(statistics: ColumnStatistics, axis: Axis) -> Timeline | None:
    """None where the statistics hold no values, others than the rows' (redacted), or such as have
    no place on the line."""
    bounds = [axis.number(text) for text in statistics.histogram]
    values = [axis.number(text) for text in statistics.common_values]
    if statistics.redacted or None in bounds or None in values or not (bounds or values):
        return None
    common = sorted(
        (value, share)
        for value, share in zip(values, statistics.common_frequencies, strict=False)
        if value is not None
    )
    known = 1.0 - statistics.null_fraction - sum(share for _, share in common)
    return Timeline(
        axis,
        tuple(bound for bound in bounds if bound is not None),
        tuple(common),
        max(0.0, known) if len(bounds) > 1 else 0.0,
    )
