"""How long the values of a column are, from the values that its statistics hold.

pg_stats has an average only, cut to whole bytes. How an index tuple is padded depends on each
value's length, so the common values and the bounds of the histogram are measured as they would be
stored; values of types whose text does not tell are taken as spread around the average.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dbwright.model.catalog import Column
from dbwright.model.statistics import ColumnStatistics
from dbwright.tune.indexes.pglz import compressed_bytes

__all__ = [
    "SHORT",
    "UNCOMPRESSED",
    "UNKNOWN_WIDTH",
    "Lengths",
    "column_lengths",
    "measure_of",
    "numeric_bytes",
    "spread_lengths",
]

SHORT = 127
"""Bytes with its header of one: up to here a varying value is stored so."""
UNKNOWN_WIDTH = 32
"""What the planner takes for a varying type without statistics (lsyscache.c, get_typavgwidth)."""
UNCOMPRESSED = 508
"""Bytes of a value up to which an index does not compress it (TOAST_INDEX_TARGET)."""
COMPRESSIBLE = ("extended", "main")
COMPRESSED_VALUES = 20
"""Of so many it is tried how far that gets."""
HEADER = 4
CLASSES = 24
"""Different lengths that are kept of one column."""

Lengths = tuple[tuple[int, float], ...]
"""Bytes as stored, with the header of a varying type, and their share of the values."""


def measure_of(column: Column) -> Callable[[str], int] | None:
    """Stored bytes of a value by its text; None where the text does not tell."""
    return None if column.is_array else MEASURES.get(column.base_type)


def numeric_bytes(text: str) -> int:
    """Of a numeric value as it is stored with a header of one byte: four decimal digits to two
    bytes, zeros at both ends left out (numeric.c; the short header is two bytes)."""
    digits = text.lstrip("-")
    whole, _, fraction = digits.partition(".")
    if not whole.isdigit() and not fraction.isdigit():
        return 3  # NaN, Infinity
    whole = whole.zfill(-(-len(whole) // 4) * 4)
    fraction = fraction.ljust(-(-len(fraction) // 4) * 4, "0")
    joined = whole + fraction
    groups = [joined[place : place + 4] for place in range(0, len(joined), 4)]
    while groups and groups[0] == "0000":
        groups.pop(0)
    while groups and groups[-1] == "0000":
        groups.pop()
    return 3 + 2 * len(groups)


def _text_bytes(text: str) -> int:
    length = len(text.encode(errors="replace"))
    return length + 1 if length < SHORT else length + 4


def _bytea_bytes(text: str) -> int:
    length = len(text) // 2 - 1  # \x and two digits a byte
    return length + 1 if length < SHORT else length + 4


def _name_bytes(text: str) -> int:
    return len(text.encode(errors="replace")) + 1  # an index holds it as a C string


def _address_bytes(text: str) -> int:
    return 19 if ":" in text else 7


MEASURES: Mapping[str, Callable[[str], int]] = {
    "text": _text_bytes,
    "character varying": _text_bytes,
    "character": _text_bytes,
    "citext": _text_bytes,
    "name": _name_bytes,
    "bytea": _bytea_bytes,
    "numeric": numeric_bytes,
    "inet": _address_bytes,
    "cidr": _address_bytes,
}
"""Stored bytes of a value by its text, for types where the text tells."""


def column_lengths(column: Column, statistics: ColumnStatistics | None) -> Lengths:
    """Of a column of varying type: of the values that the statistics hold, moved so that their
    mean is the column's average; the planner's guess without statistics."""
    if statistics is None:
        return spread_lengths(_typical_width(column))
    measure = measure_of(column)
    if measure is None or not statistics.sample:
        return spread_lengths(statistics.average_width)
    shares: dict[int, float] = {}
    rest = max(0.0, 1 - statistics.null_fraction - sum(statistics.common_frequencies))
    weighted = [*zip(statistics.common_values, statistics.common_frequencies, strict=False)]
    if statistics.histogram:
        # The ends are extremes; but bounds of equal shares of the rows all the same.
        weighted += [(value, rest / len(statistics.histogram)) for value in statistics.histogram]
    for value, share in weighted:
        length = measure(value)
        shares[length] = shares.get(length, 0.0) + share
    total = sum(shares.values())
    if total <= 0:
        return spread_lengths(statistics.average_width)
    lengths = tuple(sorted((length, share / total) for length, share in shares.items()))
    if column.base_type == "name":
        return lengths  # the average is of the table's fixed 64 bytes
    return _compressed(
        _fewer(_around(lengths, statistics.average_width)),
        [value for value, _ in weighted]
        if measure is _text_bytes and column.storage in COMPRESSIBLE
        else (),
    )


def _compressed(lengths: Lengths, values: Sequence[str]) -> Lengths:
    """As an index stores them: the long ones compressed (indextuple.c), as far as it gets with
    those `values` that are known."""
    if lengths[-1][0] <= UNCOMPRESSED:
        return lengths
    long = [text.encode(errors="replace") for text in values if len(text) > UNCOMPRESSED]
    tried = long[:: max(1, len(long) // COMPRESSED_VALUES)]
    before = sum(len(value) for value in tried)
    share = sum(compressed_bytes(value) for value in tried) / before if before else 1.0
    shorter: dict[int, float] = {}
    for length, weight in lengths:
        place = length if length <= UNCOMPRESSED else max(HEADER, round(length * share))
        shorter[place] = shorter.get(place, 0.0) + weight
    return tuple(sorted(shorter.items()))


def _around(lengths: Lengths, average: int) -> Lengths:
    """Moved so that their mean is the column's average, which pg_stats cuts to whole bytes."""
    mean = sum(length * share for length, share in lengths)
    if average <= mean < average + 1:
        return lengths
    move = (average if mean < average else average + 0.99) - mean
    whole = int(move // 1)
    part = move - whole
    moved: dict[int, float] = {}
    for length, share in lengths:
        for extra, weight in ((whole, 1 - part), (whole + 1, part)):
            if weight:
                place = max(1, length + extra)
                moved[place] = moved.get(place, 0.0) + share * weight
    return tuple(sorted(moved.items()))


def _fewer(lengths: Lengths) -> Lengths:
    """Neighbours put together where there are too many, each group at its mean."""
    if len(lengths) <= CLASSES:
        return lengths
    step = -(-len(lengths) // CLASSES)
    groups = [lengths[place : place + step] for place in range(0, len(lengths), step)]
    merged: dict[int, float] = {}
    for group in groups:
        share = sum(weight for _, weight in group)
        mean = sum(length * weight for length, weight in group) / share
        low = int(mean)
        for length, weight in ((low, share * (low + 1 - mean)), (low + 1, share * (mean - low))):
            if weight > 0:
                merged[length] = merged.get(length, 0.0) + weight
    return tuple(sorted(merged.items()))


def spread_lengths(average: int) -> Lengths:
    """Lengths of which only the average is known: as likely at every offset modulo 8."""
    low = max(1, average - 3)
    return tuple((length, 1 / 8) for length in range(low, low + 8))


def _typical_width(column: Column) -> int:
    """The planner's guess (lsyscache.c, get_typavgwidth)."""
    most = column.length
    if most is None or column.is_array:
        return UNKNOWN_WIDTH
    if column.base_type == "character" or most <= UNKNOWN_WIDTH:
        return most + 1
    return UNKNOWN_WIDTH + (min(most, 1000) - UNKNOWN_WIDTH) // 2
