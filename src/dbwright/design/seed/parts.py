"""What makes the fields of one or more columns, many rows at a time."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Protocol

from dbwright.design.seed.copy_text import NULL
from dbwright.design.seed.values.others import uuid_text
from dbwright.design.seed.values.texts import NUMBER

__all__ = ["Counted", "Dealt", "Distinct", "Made", "Numbered", "Part", "Pooled", "Uuids"]

ALONG = 0.3
"""Correlation from which on it is kept over the whole table."""
Made = Mapping[tuple[str, ...], Sequence[str]]
"""What other parts made of the same rows, by their columns."""


class Part(Protocol):
    """Makes fragments."""

    columns: tuple[str, ...]

    def take(self, first: int, count: int, made: Made) -> list[str]:
        """Of `count` rows, of which the first has the number `first` (from 0 on); fewer where no
        more can be had."""
        ...


class Counted:
    """1, 2, 3 …"""

    def __init__(
        self, column: str, start: int, most: int, rng: random.Random, nulls: float = 0.0
    ) -> None:
        self.columns: tuple[str, ...] = (column,)
        self.start = start
        self.nulls = nulls
        """Their share."""
        self._most = most
        self._rng = rng

    def take(self, first: int, count: int, made: Made) -> list[str]:
        begin = self.start + first
        numbers = list(map(str, range(begin, min(begin + count, self._most + 1))))
        if self.nulls:
            chance, share = self._rng.random, self.nulls
            return [NULL if chance() < share else number for number in numbers]
        return numbers


class Uuids:
    """Random ones."""

    def __init__(self, column: str, rng: random.Random) -> None:
        self.columns: tuple[str, ...] = (column,)
        self._rng = rng

    def take(self, first: int, count: int, made: Made) -> list[str]:
        rng = self._rng
        return [uuid_text(rng) for _ in range(count)]


class Pooled:
    """Any of a pool, again and again; where it has a place for it, with the row's number."""

    def __init__(
        self,
        columns: tuple[str, ...],
        pool: Sequence[str],
        rng: random.Random,
        *,
        offset: int = 1,
    ) -> None:
        self.columns = columns
        self._pool = pool
        self._rng = rng
        self._offset = offset
        self._numbered = any(NUMBER in one for one in pool)

    def take(self, first: int, count: int, made: Made) -> list[str]:
        if not self._pool:
            return []
        found = self._rng.choices(self._pool, k=count)
        if not self._numbered:
            return found
        number = first + self._offset
        return [one.replace(NUMBER, str(place)) for place, one in enumerate(found, number)]


class Dealt:
    """All of a pool before one comes again, so that each is there as often as in the pool.

    The pool is in the order of its values. With a correlation of 1 rows go through it from its
    beginning to its end, with -1 backwards, with 0 anyhow.
    """

    def __init__(
        self,
        column: str,
        pool: Sequence[str],
        rng: random.Random,
        correlation: float,
        rows: int,
    ) -> None:
        self.columns: tuple[str, ...] = (column,)
        strength = abs(correlation)
        deck = list(pool if correlation >= 0 else reversed(pool))
        loose = [place for place in range(len(deck)) if rng.random() >= strength]
        values = [deck[place] for place in loose]
        rng.shuffle(values)
        for place, value in zip(loose, values, strict=True):
            deck[place] = value
        self._deck = deck
        # Of rows that go along with their values, equal ones are neighbours.
        self._along = strength > ALONG
        self._rows = max(rows, 1)

    def take(self, first: int, count: int, made: Made) -> list[str]:
        deck, size, rows = self._deck, len(self._deck), self._rows
        if not deck:
            return []
        numbers = range(first, first + count)
        if self._along:
            return [deck[min(row * size // rows, size - 1)] for row in numbers]
        return [deck[row % size] for row in numbers]


class Distinct:
    """Each of a list once, then those of another list with the row's number; NULL between them."""

    def __init__(
        self,
        column: str,
        values: Sequence[str],
        further: Sequence[str],
        rng: random.Random,
        *,
        offset: int = 1,
        nulls: float = 0.0,
    ) -> None:
        self.columns: tuple[str, ...] = (column,)
        self._values = values
        self._further = further
        self._rng = rng
        self._offset = offset
        self._nulls = nulls

    def take(self, first: int, count: int, made: Made) -> list[str]:
        found = list(self._values[first : first + count])
        left = count - len(found)
        if left and self._further:
            begin = first + len(found) + self._offset
            found += [
                one.replace(NUMBER, str(number))
                for number, one in enumerate(self._rng.choices(self._further, k=left), begin)
            ]
        elif left and self._nulls:
            found += [NULL] * left
        if self._nulls:
            chance, share = self._rng.random, self._nulls
            return [NULL if chance() < share else one for one in found]
        return found


class Numbered:
    """1, 2, 3 … among the rows that are equal in other columns: lines of an order."""

    def __init__(
        self,
        column: str,
        within: Sequence[tuple[tuple[str, ...], tuple[int, ...]]],
        start: int = 1,
    ) -> None:
        """`within`: columns of other parts, and which of their fields."""
        self.columns: tuple[str, ...] = (column,)
        self._within = within
        self._start = start
        self._next: dict[str, int] = {}

    def take(self, first: int, count: int, made: Made) -> list[str]:
        following, start = self._next, self._start
        drivers = [_fields(made[columns], places) for columns, places in self._within]
        keys = drivers[0] if len(drivers) == 1 else list(map("\t".join, zip(*drivers, strict=True)))
        found = []
        for key in keys:
            number = following.get(key, start)
            following[key] = number + 1
            found.append(str(number))
        return found


def _fields(fragments: Sequence[str], places: Sequence[int]) -> Sequence[str]:
    if places == (0,) and (not fragments or "\t" not in fragments[0]):
        return fragments
    split = (one.split("\t") for one in fragments)
    return ["\t".join(fields[place] for place in places) for fields in split]
