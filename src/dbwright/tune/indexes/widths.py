"""How many bytes a value takes in an index tuple, and the tuple of several.

An index tuple is 8 bytes of header (16 with a null bitmap), the values at their alignment, and
rounded up to 8 (itup.h, index_form_tuple). Values of varying length up to 126 bytes have a header
of one byte and no alignment (heaptuple.c, heap_compute_data_size), and pg_stats counts them so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from dbwright.model.catalog import Column
from dbwright.model.statistics import ColumnStatistics
from dbwright.tune.indexes.lengths import (
    SHORT,
    UNKNOWN_WIDTH,
    Lengths,
    column_lengths,
    measure_of,
    spread_lengths,
)

__all__ = [
    "HEADER",
    "HEADER_WITH_NULLS",
    "KeyWidth",
    "TupleSizes",
    "align",
    "column_width",
    "expression_width",
    "mean_size",
    "too_wide",
    "tuple_sizes",
]

HEADER = 8
HEADER_WITH_NULLS = 16
MAXIMUM_ALIGNMENT = 8
LONG_ALIGNMENT = 4
TOO_WIDE = 16
"""Bytes on average from which values that statistics hold none of are taken for longer than ANALYZE
keeps: it counts what they take compressed, which may be little."""


@dataclass(frozen=True, slots=True)
class KeyWidth:
    """What a size model has to know of one key or included column.

    `lengths` are bytes as stored (with the header of a varying type) and their share of the rows
    that are not null; the shares add up to 1. `distinct` and `frequencies` (of the most common
    values) are shares of all rows, as in pg_stats: below 0 `distinct` is a share, above a count.
    """

    name: str
    lengths: Lengths
    alignment: int = 1
    varying: bool = False
    null_fraction: float = 0.0
    distinct: float = -1.0
    frequencies: tuple[float, ...] = ()
    correlation: float | None = None
    deduplicates: bool = True
    """Are equal values of the type always the same bytes (B-tree support function 4)?"""
    known: bool = True
    """From statistics (or of a fixed width and unique), not guessed."""

    @property
    def average(self) -> float:
        """Bytes of a value that is not null."""
        return sum(length * share for length, share in self.lengths)


def align(size: int, to: int = MAXIMUM_ALIGNMENT) -> int:
    return (size + to - 1) // to * to


@lru_cache(maxsize=4096)
def column_width(
    column: Column,
    statistics: ColumnStatistics | None,
    *,
    only: str | None = None,
    deduplicates: bool = True,
) -> KeyWidth:
    """Of a table's column. Without statistics widths are the planner's own guesses, and values
    are taken as unique. `only`: the one value (as text) that all rows of the index have."""
    fixed = column.type_length > 0 and column.base_type != "name"
    measure = measure_of(column)
    if fixed:
        lengths: Lengths = ((column.type_length, 1.0),)
    elif only is not None and measure is not None:
        lengths = ((measure(only), 1.0),)
    else:
        lengths = column_lengths(column, statistics)
    width = KeyWidth(
        name=column.name,
        lengths=lengths,
        alignment=column.type_alignment if fixed else max(column.type_alignment, LONG_ALIGNMENT),
        varying=not fixed,
        deduplicates=deduplicates,
        known=statistics is not None and (fixed or not too_wide(statistics)),
    )
    if statistics is None:
        return width
    return replace(
        width,
        null_fraction=statistics.null_fraction,
        distinct=statistics.distinct or -1.0,
        frequencies=statistics.common_frequencies,
        correlation=statistics.correlation,
    )


def too_wide(statistics: ColumnStatistics) -> bool:
    """Values of more than 1 KiB are no part of the statistics but for their number: ANALYZE takes
    them all for different (WIDTH_THRESHOLD)."""
    kept = statistics.common_frequencies or statistics.histogram
    return statistics.average_width > TOO_WIDE and statistics.distinct == -1 and not kept


def expression_width(
    name: str,
    *,
    of: KeyWidth | None = None,
    length: int = 0,
    alignment: int = 4,
    deduplicates: bool = True,
) -> KeyWidth:
    """Of an expression: `length` bytes of a fixed type (0: of a varying one) with the spread of
    the column it is made `of`; of a varying type its lengths too. Such widths are guesses."""
    if length:
        lengths: Lengths = ((length, 1.0),)
    else:
        lengths = of.lengths if of is not None and of.varying else spread_lengths(UNKNOWN_WIDTH)
        alignment = LONG_ALIGNMENT
    base = of or KeyWidth(name, lengths)
    return replace(
        base,
        name=name,
        lengths=lengths,
        alignment=alignment,
        varying=not length,
        correlation=None,
        deduplicates=deduplicates,
        known=False,
    )


@dataclass(frozen=True, slots=True)
class TupleSizes:
    """Sizes of index tuples (bytes, without line pointer), and their share of the rows: of those
    without a null, of those with one (each adds up to 1 if there are any), and of all."""

    plain: Mapping[int, float]
    with_nulls: Mapping[int, float]
    all: Mapping[int, float]

    @property
    def mean(self) -> float:
        return sum(size * share for size, share in self.all.items())


def tuple_sizes(widths: Sequence[KeyWidth]) -> TupleSizes:
    """Of tuples of these columns, where they are independent of one another."""
    # By where the data ends, counted from its beginning, which is always aligned.
    plain: dict[int, float] = {0: 1.0}
    with_nulls: dict[int, float] = {}
    for width in widths:
        null = min(max(width.null_fraction, 0.0), 1.0)
        skipped = _sum(plain, with_nulls)
        with_nulls = _sum(_placed(with_nulls, width, 1 - null), skipped, null)
        plain = _placed(plain, width, 1 - null)
    short, long = _sized(plain, HEADER), _sized(with_nulls, HEADER_WITH_NULLS)
    return TupleSizes(_whole(short), _whole(long), _sum(short, long))


def mean_size(size: float) -> TupleSizes:
    """Of tuples of which only the mean is known."""
    low = int(size // MAXIMUM_ALIGNMENT) * MAXIMUM_ALIGNMENT
    more = (size - low) / MAXIMUM_ALIGNMENT
    both = ((low, 1 - more), (low + MAXIMUM_ALIGNMENT, more))
    sizes = {place: share for place, share in both if share > 0}
    return TupleSizes(sizes, sizes, sizes)


def _placed(ends: Mapping[int, float], width: KeyWidth, present: float) -> dict[int, float]:
    found: dict[int, float] = {}
    if present <= 0:
        return found
    for end, share in ends.items():
        for length, weight in width.lengths:
            short = width.varying and length <= SHORT
            place = (end if short else align(end, width.alignment)) + length
            found[place] = found.get(place, 0.0) + share * weight * present
    return found


def _sized(ends: Mapping[int, float], header: int) -> dict[int, float]:
    sizes: dict[int, float] = {}
    for end, share in sorted(ends.items()):
        size = align(header + end)
        sizes[size] = sizes.get(size, 0.0) + share
    return sizes


def _whole(sizes: Mapping[int, float]) -> dict[int, float]:
    total = sum(sizes.values())
    return {size: share / total for size, share in sizes.items()}


def _sum(
    one: Mapping[int, float], other: Mapping[int, float], factor: float = 1.0
) -> dict[int, float]:
    found = dict(one)
    for end, weight in other.items():
        if weight * factor > 0:
            found[end] = found.get(end, 0.0) + weight * factor
    return found
