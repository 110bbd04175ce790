"""Parts of foreign keys: fields that are a key of another table's row, or of an earlier one's."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbwright.design.seed.copy_text import NULL
from dbwright.design.seed.keys import Keys, NumberedKeys
from dbwright.design.seed.parts import Made
from dbwright.design.seed.skew import Skew, scattered

__all__ = ["Joined", "OneToOne", "Reference", "SelfReference", "Side"]

TRIES = 20
"""How often a row is thrown anew whose foreign keys don't agree."""


class Reference:
    """One foreign key, to rows that are there."""

    def __init__(
        self,
        columns: tuple[str, ...],
        keys: Keys,
        skew: Skew,
        nulls: float,
        null: str,
        rng: random.Random,
    ) -> None:
        """`null`: the fragment of a row that refers to none; `nulls`: their share."""
        self.columns = columns
        self._keys = keys
        self._skew = skew
        self._nulls = nulls
        self._null = null
        self._rng = rng

    def take(self, first: int, count: int, made: Made) -> list[str]:
        if not len(self._keys):
            return [self._null] * count if self._nulls else []
        found = self._keys.at(self._skew.places(self._rng, count, len(self._keys)))
        if self._nulls:
            chance, share, null = self._rng.random, self._nulls, self._null
            return [null if chance() < share else one for one in found]
        return found


class OneToOne:
    """One foreign key that is unique: each key once, NULL after that where it may be."""

    def __init__(
        self, columns: tuple[str, ...], keys: Keys, nulls: float, null: str, rng: random.Random
    ) -> None:
        self.columns = columns
        self._keys = keys
        self._nulls = nulls
        self._null = null
        self._rng = rng

    def take(self, first: int, count: int, made: Made) -> list[str]:
        there = len(self._keys)
        places = range(first, min(first + count, there))
        found = self._keys.at(scattered(places, there)) if there else []
        if self._nulls:
            chance, share = self._rng.random, self._nulls
            found = [self._null if chance() < share else one for one in found]
            found += [self._null] * (count - len(found))
        return found


class SelfReference:
    """A foreign key to the table itself: to an earlier row, so that trees grow."""

    def __init__(
        self,
        columns: tuple[str, ...],
        own: tuple[str, ...],
        keys: Keys,
        nulls: float,
        null: str,
        rng: random.Random,
    ) -> None:
        """`own`: the columns that are referred to; `keys`: of the rows before."""
        self.columns = columns
        self.own = own
        self._keys = keys
        self._nulls = nulls
        self._null = null
        self._rng = rng

    def take(self, first: int, count: int, made: Made) -> list[str]:
        chance = self._rng.random
        itself = made.get(self.own)
        if isinstance(self._keys, NumberedKeys):
            start = self._keys.start
            found = [
                str(start + int(row * chance())) if row else None
                for row in range(first, first + count)
            ]
        else:
            there = len(self._keys)
            places = [int(there * chance()) for _ in range(count)]
            found = [*self._keys.at(places)] if there else [None] * count
        share, null = self._nulls, self._null
        lines = []
        for row, one in enumerate(found):
            if share and (one is None or chance() < share):
                lines.append(null)
            elif one is not None:
                lines.append(one)
            elif itself is not None:
                lines.append(itself[row])
            else:
                return lines
        return lines


@dataclass(frozen=True, slots=True)
class Side:
    """One of several foreign keys that share columns."""

    columns: tuple[str, ...]
    keys: Keys
    nullable: frozenset[str]
    """Columns that may be NULL, so that it refers to nothing."""
    skew: Skew
    nulls: float
    own: bool = False
    """Is it to the table itself?"""


class Joined:
    """Several foreign keys that share columns: rows on which they agree (the same tenant)."""

    def __init__(self, sides: Sequence[Side], rng: random.Random) -> None:
        self._sides = sorted(sides, key=lambda side: (side.own, -len(side.columns)))
        self.columns = tuple(dict.fromkeys(c for side in self._sides for c in side.columns))
        self._rng = rng
        self._indexes: dict[tuple[int, tuple[str, ...]], dict[tuple[str, ...], list[str]]] = {}
        self._indexed: dict[tuple[int, tuple[str, ...]], int] = {}

    def take(self, first: int, count: int, made: Made) -> list[str]:
        lines: list[str] = []
        for _ in range(count):
            row = next(filter(None, (self._row() for _ in range(TRIES))), None)
            if row is None:
                return lines
            lines.append("\t".join(row[column] for column in self.columns))
        return lines

    def _row(self) -> dict[str, str] | None:
        row: dict[str, str] = {}
        for number, side in enumerate(self._sides):
            key = self._key(number, side, row)
            if key is None:
                free = [column for column in side.columns if column not in row]
                if not all(column in side.nullable for column in free) or not (
                    free or any(row[column] == NULL for column in side.columns)
                ):
                    return None
                row |= dict.fromkeys(free, NULL)
            else:
                row |= zip(side.columns, key.split("\t"), strict=True)
        return row

    def _key(self, number: int, side: Side, row: Mapping[str, str]) -> str | None:
        known = tuple(column for column in side.columns if column in row)
        if side.nulls and len(known) < len(side.columns) and self._rng.random() < side.nulls:
            return None
        if not len(side.keys):
            return None
        if not known:
            return side.keys.at(side.skew.places(self._rng, 1, len(side.keys)))[0]
        matching = self._index(number, side, known).get(tuple(row[column] for column in known))
        return None if not matching else matching[int(len(matching) * self._rng.random())]

    def _index(
        self, number: int, side: Side, known: tuple[str, ...]
    ) -> dict[tuple[str, ...], list[str]]:
        """The side's keys by the values of some of its columns; goes on where keys were added."""
        name = (number, known)
        index = self._indexes.setdefault(name, {})
        done = self._indexed.get(name, 0)
        if done < len(side.keys):
            places = [side.columns.index(column) for column in known]
            for key in side.keys.at(range(done, len(side.keys))):
                fields = key.split("\t")
                index.setdefault(tuple(fields[place] for place in places), []).append(key)
            self._indexed[name] = len(side.keys)
        return index
