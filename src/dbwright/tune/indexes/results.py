"""From the results of an expression for some values of a column to what ANALYZE would count.

The values are those of the column's statistics: the common ones, each with its share of the rows,
and the bounds of the histogram, which stand for equal shares of the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import gcd, sqrt
from typing import NamedTuple

from dbwright.model.statistics import ColumnStatistics
from dbwright.tune.indexes.computed import Computed
from dbwright.tune.indexes.lengths import SHORT, UNCOMPRESSED, Lengths
from dbwright.tune.indexes.pglz import compressed_bytes

__all__ = ["FEWEST", "Result", "computed_statistics"]

FEWEST = 20
"""Values of a column from which anything is told."""
UNIQUE = 0.95
"""Of the results that differ: from there on the expression joins no values that can be seen."""
HEADER = 4
SHORT_HEADER = 3
"""Bytes by which the header of a computed value is longer than that of a short stored one."""
INTEGERS = ("smallint", "integer", "bigint")
DATES = ("date", "timestamp without time zone", "timestamp with time zone")


class Result(NamedTuple):
    """What the expression gives for one value."""

    text: str | None
    """None for NULL."""
    rank: int
    """Equal for equal results, higher for greater ones."""
    size: int | None
    """Bytes as computed."""
    type: str
    type_length: int
    """-1 for a varying type."""

    @property
    def stored(self) -> int:
        """Bytes in an index."""
        size = self.size or 0
        if self.type == "text" and size > UNCOMPRESSED + HEADER:
            return HEADER + compressed_bytes((self.text or "").encode(errors="replace"))
        short = self.type_length == -1 and size - SHORT_HEADER < SHORT
        return size - SHORT_HEADER if short else size


@dataclass(slots=True)
class _Group:
    """The values that give the same result."""

    text: str
    share: float = 0.0
    """Of the rows."""
    common: bool = False
    """Is one of the column's common values among them?"""
    bounds: int = 0
    """Bounds of the histogram among them."""


def computed_statistics(
    counted: ColumnStatistics, results: Sequence[Result], rows: float
) -> Computed | None:
    """`results` are of the values of `counted.sample`, in their order. None where all are NULL."""
    shares = _shares(counted)
    groups: dict[int, _Group] = {}
    lengths: dict[int, float] = {}
    nulls, width = counted.null_fraction, 0.0
    for place, (result, share) in enumerate(zip(results, shares, strict=True)):
        if result.text is None:
            nulls += share
            continue
        group = groups.setdefault(result.rank, _Group(result.text))
        group.share += share
        group.common |= place < len(counted.common_values)
        group.bounds += place >= len(counted.common_values)
        lengths[result.stored] = lengths.get(result.stored, 0.0) + share
        width += share * (result.size or 0)
    present = sum(lengths.values())
    if present <= 0:
        return None
    often = _often(groups)
    statistics = ColumnStatistics(
        table_oid=0,
        column="",
        null_fraction=min(nulls, 1.0),
        average_width=round(width / present),
        distinct=_distinct(counted, results, groups, rows),
        common_values=tuple(group.text for group in often),
        common_frequencies=tuple(group.share for group in often),
        histogram=_histogram(groups, often),
        correlation=_correlation(counted, results),
    )
    return Computed(statistics, _lengths(lengths, present))


def _shares(counted: ColumnStatistics) -> list[float]:
    """Of the rows, that each value of the sample stands for."""
    common = list(counted.common_frequencies)
    rest = max(0.0, 1 - counted.null_fraction - sum(common))
    bounds = len(counted.histogram)
    return common + [rest / bounds for _ in range(bounds)]


def _often(groups: Mapping[int, _Group]) -> list[_Group]:
    """Results that are more frequent than others: of common values, or of more bounds of the
    histogram than chance gives one of equally frequent results. The most frequent first."""
    bounded = [group.bounds for group in groups.values() if not group.common]
    mean = sum(bounded) / len(bounded) if bounded else 0.0
    most = mean + 3 * sqrt(mean)
    found = [group for group in groups.values() if group.common or group.bounds > max(1.0, most)]
    return sorted(found, key=lambda group: (-group.share, group.text))


def _histogram(groups: Mapping[int, _Group], often: Sequence[_Group]) -> tuple[str, ...]:
    common = {group.text for group in often}
    rest = [groups[rank] for rank in sorted(groups) if groups[rank].text not in common]
    values = tuple(group.text for group in rest for _ in range(group.bounds))
    return values if len(rest) > 1 else ()


def _distinct(
    counted: ColumnStatistics,
    results: Sequence[Result],
    groups: Mapping[int, _Group],
    rows: float,
) -> float:
    """As in pg_stats: above 0 a number, below 0 a share of the rows."""
    bounds = [r for r in results[len(counted.common_values) :] if r.text is not None]
    found = Counter(result.rank for result in bounds)
    if not bounds:
        return float(len(groups))
    if len(found) > UNIQUE * len(bounds):
        told = counted.distinct
    else:
        common = sum(group.common and not group.bounds for group in groups.values())
        told = common + _behind(len(found), len(bounds))
    possible = _possible([result for result in results if result.text is not None])
    number = told if told > 0 else -told * rows
    return told if possible is None or number <= possible else float(possible)


def _behind(different: int, drawn: int) -> float:
    """How many equally frequent results there are, of which so many differ in so many draws."""
    low, high = float(different), float(different) * drawn
    for _ in range(60):
        middle = (low + high) / 2
        seen = middle * (1 - (1 - 1 / middle) ** drawn) if middle > 1 else 1.0
        low, high = (middle, high) if seen < different else (low, middle)
    return float(round(high))


def _possible(results: Sequence[Result]) -> int | None:
    """The most results that there can be between the least and the greatest one, where all lie on
    a grid: whole numbers, days, hours. None where they do not."""
    try:
        numbers = sorted({_number(result) for result in results})
    except ValueError:
        return None  # infinity, or a year before Christ
    step = gcd(*(number - numbers[0] for number in numbers)) if numbers else 0
    return (numbers[-1] - numbers[0]) // step + 1 if step else None


def _number(result: Result) -> int:
    """Raises ValueError for a result that is no whole number and no date."""
    text = result.text or ""
    if result.type in INTEGERS:
        return int(text)
    if result.type == "date":
        return date.fromisoformat(text).toordinal()
    if result.type in DATES:
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
        seconds = (moment - datetime(2000, 1, 1)).total_seconds()
        return round(seconds * 1_000_000)
    raise ValueError(result.type)


def _correlation(counted: ColumnStatistics, results: Sequence[Result]) -> float | None:
    """The column's own where the results rise with it (or fall)."""
    ranks = [r.rank for r in results[len(counted.common_values) :] if r.text is not None]
    if counted.correlation is None or len(set(ranks)) < 2:
        return None
    if ranks == sorted(ranks):
        return counted.correlation
    return -counted.correlation if ranks == sorted(ranks, reverse=True) else None


def _lengths(lengths: Mapping[int, float], present: float) -> Lengths:
    return tuple(sorted((length, share / present) for length, share in lengths.items()))
