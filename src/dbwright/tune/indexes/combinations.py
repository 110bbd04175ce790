"""The keys of an index of several columns: how many there are of the first columns, and of all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dbwright.tune.indexes.duplicates import (
    ONE_KEY,
    KeyClass,
    combined,
    distinct_keys,
    scaled_to,
    without_nulls,
)
from dbwright.tune.indexes.sampled import Sampling, column_classes
from dbwright.tune.indexes.widths import KeyWidth

__all__ = ["KeyClasses", "key_classes"]


@dataclass(frozen=True, slots=True)
class KeyClasses:
    """`prefixes` are the classes of the first column, of the first two …"""

    prefixes: tuple[tuple[KeyClass, ...], ...]
    fewest: tuple[KeyClass, ...] | None
    """Of the whole key, if each column followed from the one with the most values; None where
    that is not in question (one column, or a number that is known)."""

    @property
    def whole(self) -> tuple[KeyClass, ...]:
        return self.prefixes[-1] if self.prefixes else ONE_KEY

    def distinct(self, rows: float) -> tuple[float, ...]:
        """How many different first columns so many rows have, first two …"""
        return tuple(distinct_keys(classes, rows) for classes in self.prefixes)


def key_classes(
    keys: Sequence[KeyWidth],
    rows: float,
    sampling: Sampling | None,
    *,
    fixed: Collection[str] = (),
    present: Collection[str] = (),
    known: Mapping[frozenset[str], float] | None = None,
) -> KeyClasses:
    """Of a table of so many rows. `fixed` columns have one value, `present` ones are not null in
    the index. `known` are numbers of combinations in the whole table, by the columns' names."""
    prefixes: list[tuple[KeyClass, ...]] = []
    names: frozenset[str] = frozenset()
    classes: tuple[KeyClass, ...] = ONE_KEY
    most, doubtful = 1.0, False
    for key in keys:
        names |= {key.name}
        if key.name not in fixed:
            column = column_classes(key, rows, sampling)
            column = without_nulls(column) if key.name in present else column
            doubtful = doubtful or most > 1
            most = max(most, distinct_keys(column, rows))
            classes = combined([classes, column])
        told = _told(names, known or {}, rows)
        if told is not None:
            classes = scaled_to(classes, told, rows)
            most, doubtful = told, False
        prefixes.append(classes)
    return KeyClasses(tuple(prefixes), scaled_to(classes, most, rows) if doubtful else None)


def _told(
    names: frozenset[str], known: Mapping[frozenset[str], float], rows: float
) -> float | None:
    """Just these columns, or some of them that are unique already."""
    if names in known:
        return known[names]
    unique = any(group < names and count >= rows for group, count in known.items())
    return rows if unique else None
