"""How many rows share a key: classes of keys that are alike frequent.

A class is `keys` possible keys that each row has with `probability`. Of `rows` rows such a key
gets a Poisson number, so a key of a rare class may well have none. That carries over to
combinations of columns (which are taken as independent of one another, unless something better is
known) and to the part of the rows that a partial index holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "ONE_KEY",
    "UNIQUE",
    "KeyClass",
    "binned",
    "combined",
    "distinct_keys",
    "scaled_to",
    "without_nulls",
]

UNIQUE = 1e15
"""Possible keys where values never repeat."""
BIN = math.log(1.2)
"""Classes whose probabilities differ by less than this factor are taken together."""


@dataclass(frozen=True, slots=True)
class KeyClass:
    """`keys` possible keys; a row has each one with `probability`."""

    keys: float
    probability: float
    null: bool = False
    """Is a value of such a key null? Then its tuple has a null bitmap."""

    @property
    def share(self) -> float:
        """Of the rows."""
        return self.keys * self.probability


ONE_KEY = (KeyClass(1, 1.0),)
"""All rows have the same."""


def combined(columns: Sequence[Sequence[KeyClass]]) -> tuple[KeyClass, ...]:
    """Of several columns that are independent of one another."""
    classes: tuple[KeyClass, ...] = ONE_KEY
    for column in columns:
        classes = binned(_both(one, other) for one in classes for other in column)
    return classes


def distinct_keys(classes: Sequence[KeyClass], rows: float) -> float:
    """How many different keys so many rows have."""
    return sum(-found.keys * math.expm1(-found.probability * rows) for found in classes)


def scaled_to(classes: Sequence[KeyClass], distinct: float, rows: float) -> tuple[KeyClass, ...]:
    """The classes with their keys split or joined alike, so that `rows` rows have `distinct` keys:
    for a combination whose number is known (a unique key, extended statistics)."""
    if distinct >= rows * 0.9999:
        return tuple(KeyClass(UNIQUE, found.share / UNIQUE, found.null) for found in classes)
    low, high = -math.log(UNIQUE) - 1, math.log(UNIQUE)
    tried = tuple(classes)
    for _ in range(60):
        middle = (low + high) / 2
        factor = math.exp(middle)
        tried = tuple(KeyClass(c.keys * factor, c.probability / factor, c.null) for c in classes)
        if distinct_keys(tried, rows) < distinct:
            low = middle
        else:
            high = middle
    return tried


def without_nulls(classes: Sequence[KeyClass]) -> tuple[KeyClass, ...]:
    """Of the rows that are not null."""
    kept = [found for found in classes if not found.null]
    share = sum(found.share for found in kept)
    return tuple(KeyClass(found.keys, found.probability / share) for found in kept)


def binned(classes: Iterable[KeyClass]) -> tuple[KeyClass, ...]:
    """Classes of about the same probability as one; the most probable first."""
    bins: dict[tuple[int, bool], tuple[float, float]] = {}
    for found in classes:
        if found.share > 0:
            place = round(math.log(found.probability) / BIN), found.null
            keys, share = bins.get(place, (0.0, 0.0))
            bins[place] = keys + found.keys, share + found.share
    return tuple(
        KeyClass(keys, share / keys, null)
        for (_, null), (keys, share) in sorted(bins.items(), reverse=True)
    )


def _both(one: KeyClass, other: KeyClass) -> KeyClass:
    keys = min(one.keys * other.keys, UNIQUE)
    return KeyClass(keys, one.share * other.share / keys, one.null or other.null)
