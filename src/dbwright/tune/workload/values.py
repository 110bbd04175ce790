"""Values that a parameter is likely to have: from its column's statistics, else by its type."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import ColumnStatistics
from dbwright.tune.workload.defaults import (
    NUMERIC,
    TEXTS,
    as_array,
    as_pattern,
    default_value,
    fixed_argument,
    is_number,
    is_read_moment,
)
from dbwright.tune.workload.slots import Slot, Use

__all__ = ["ARRAY_LENGTH", "Typical", "typical_value"]


class Typical(StrEnum):
    """Which of the values that a column has."""

    COMMON = "common"
    """The most common one; of a range, what was added last (the largest tenth)."""
    MIDDLE = "middle"
    """From the middle of the histogram."""
    TAIL = "tail"
    """A rare one; the narrow end of a range."""


RANGES = {
    Typical.COMMON: (0.9, 0.95),
    Typical.MIDDLE: (0.45, 0.55),
    Typical.TAIL: (0.98, 1.0),
}
"""Where in the histogram a range with two ends begins and ends."""

ABOVE = {Typical.COMMON: 0.9, Typical.MIDDLE: 0.5, Typical.TAIL: 0.99}
"""Where one without an upper end begins; where one without a lower end ends is the mirror of it."""

PREFIX = 3
"""Characters of a value that a pattern begins with."""

LIMIT, OFFSET = "10", "0"

ARRAY_LENGTH = {Typical.COMMON: 5, Typical.MIDDLE: 10, Typical.TAIL: 1}


def typical_value(slot: Slot, typical: Typical, type_name: str, snapshot: Snapshot) -> str:
    """A value for a parameter, as text (not yet quoted).

    type_name: of the parameter as the server says it, else `told_type`; empty for unknown.
    """
    if slot.use is Use.LIMIT:
        return LIMIT
    if slot.use is Use.OFFSET:
        return OFFSET
    fixed = fixed_argument(slot)
    if fixed and (slot.column is None or slot.inside):
        return fixed
    statistics = _statistics(slot, snapshot)
    if statistics is not None and _fits(slot, type_name):
        found = _from_statistics(slot, typical, statistics)
        if found is not None:
            return found
    column = slot.column
    if not type_name and column is not None:
        type_name = column.base_type + ("[]" if column.is_array or slot.use is Use.ARRAY else "")
    return default_value(slot, type_name, snapshot)


def _statistics(slot: Slot, snapshot: Snapshot) -> ColumnStatistics | None:
    if snapshot.statistics is None or slot.table is None or slot.column is None:
        return None
    return snapshot.statistics.of_column(slot.table, slot.column)


def _fits(slot: Slot, type_name: str) -> bool:
    """Is a value of the column one of the parameter's type?"""
    column = slot.column
    if column is None:
        return False
    moments = column.base_type.startswith(("timestamp", "date"))
    if is_read_moment(slot):
        return moments
    if slot.inside:  # text that is put together may hold any text, and nothing else may
        return column.base_type in TEXTS and (not type_name or type_name in TEXTS)
    if slot.use in (Use.ARRAY, Use.CONTAINED, Use.PATTERN):
        return True
    own = {column.base_type, column.type, column.domain}
    numbers = type_name in NUMERIC and column.base_type in NUMERIC
    alike = type_name in TEXTS and column.base_type in TEXTS
    dates = type_name.startswith(("timestamp", "date")) and moments
    brackets = type_name.endswith("[]") == column.is_array
    return (
        not type_name
        or (brackets and type_name.removesuffix("[]") in own)
        or (numbers or alike or dates)
    )


def _from_statistics(slot: Slot, typical: Typical, statistics: ColumnStatistics) -> str | None:
    if slot.use in (Use.ABOVE, Use.BELOW):
        return _bound(slot, typical, statistics)
    if slot.use is Use.CONTAINED:
        return _contained(slot, typical, statistics)
    if slot.use is Use.ARRAY:
        count = ARRAY_LENGTH[typical]
        values = [_point(statistics, typical, rank) for rank in range(count)]
        known = dict.fromkeys(value for value in values if value is not None)
        return as_array(list(known)) if known else None
    value = _point(statistics, typical, slot.rank)
    if value is None:
        return None
    if slot.case:
        value = value.lower() if slot.case == "lower" else value.upper()
    if slot.use is Use.PATTERN:
        escaped = (slot.place.function, slot.place.argument) == ("like_escape", 0)
        inside = slot.inside and not escaped
        return value[:PREFIX] if inside else as_pattern(value[:PREFIX])
    return value


def _point(statistics: ColumnStatistics, typical: Typical, rank: int) -> str | None:
    """One value; another one for each rank as long as there are others."""
    common, histogram = statistics.common_values, statistics.histogram
    if typical is Typical.COMMON and common:
        return common[rank % len(common)]
    if histogram:
        middle = len(histogram) // 2 if typical is not Typical.TAIL else len(histogram) - 1
        step = rank if typical is not Typical.TAIL else -rank
        return histogram[(middle + step) % len(histogram)]
    if common:
        place = len(common) // 2 if typical is Typical.MIDDLE else len(common) - 1
        return common[(place - rank) % len(common)]
    return None


def _bound(slot: Slot, typical: Typical, statistics: ColumnStatistics) -> str | None:
    """An end of a range."""
    values = statistics.histogram or _ordered(statistics.common_values, slot)
    if not values:
        return None
    if slot.paired:
        share = RANGES[typical][slot.use is Use.BELOW]
    else:
        share = ABOVE[typical] if slot.use is Use.ABOVE else 1.0 - ABOVE[typical]
    return values[round(share * (len(values) - 1))]


def _ordered(values: Sequence[str], slot: Slot) -> Sequence[str]:
    """In the order of the column's type, as far as the text of values tells it."""
    if slot.column is not None and slot.column.base_type in NUMERIC:
        numbers = [value for value in values if is_number(value)]
        return sorted(numbers, key=float)
    return sorted(values)


def _contained(slot: Slot, typical: Typical, statistics: ColumnStatistics) -> str | None:
    """What an array or a document is asked to hold."""
    elements = statistics.elements
    if elements is None or not elements.common_elements:
        return None
    common = elements.common_elements
    place = {Typical.COMMON: 0, Typical.MIDDLE: len(common) // 2, Typical.TAIL: -1}[typical]
    is_array = slot.column is not None and slot.column.is_array
    return as_array([common[place]]) if is_array else None
