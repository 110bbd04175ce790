"""Candidates for the values of a column, whatever its type."""

from __future__ import annotations

import random

from dbwright.design.seed.values.meaning import meaning_of
from dbwright.design.seed.values.numbers import is_number, number_of
from dbwright.design.seed.values.others import array, composite, other_of
from dbwright.design.seed.values.texts import fitted, text_of
from dbwright.design.seed.values.times import is_moment, moment_text, moments, rank_of
from dbwright.design.seed.values.words import Words
from dbwright.model.catalog import Catalog, Column, Table, Type, TypeKind

__all__ = ["Values", "is_text"]

TEXTS = ("text", "character varying", "character", "citext")
MOSTLY = ("is_active", "active", "enabled", "visible", "published", "verified", "confirmed")
SELDOM = ("deleted", "archived", "blocked", "disabled", "hidden", "is_admin", "admin", "banned")
DEPTH = 3
"""Of composite types in one another."""


def is_text(base_type: str) -> bool:
    return base_type in TEXTS or base_type.endswith(".citext")


class Values:
    """Makes them; the same for the same seed."""

    def __init__(self, catalog: Catalog, words: Words) -> None:
        self.words = words
        self._types: dict[str, Type] = {type_.qualified: type_ for type_ in catalog.types}

    def own_type(self, column: Column) -> Type | None:
        """The enum, composite or range that the column's values are of (not its domain)."""
        found = self._types.get(column.base_type)
        return None if found is None or found.kind is TypeKind.DOMAIN else found

    def domain(self, column: Column) -> Type | None:
        return None if column.domain is None else self._types.get(column.domain)

    def one(self, table: Table, column: Column, rng: random.Random, width: int = 0) -> str | None:
        """One that is not NULL; None for a type that nothing is known of."""
        meaning = meaning_of(table, column.name)
        if not column.is_array:
            return self._scalar(column, meaning, rng, width)
        found = [self._scalar(column, meaning, rng, 0) for _ in range(rng.randint(0, 4))]
        return array([value for value in found if value is not None])

    def _scalar(
        self, column: Column, meaning: str, rng: random.Random, width: int, depth: int = DEPTH
    ) -> str | None:
        base = column.base_type
        if is_text(base):
            return fitted(text_of(meaning, self.words, rng, width), column.length)
        if is_number(base):
            return number_of(column, meaning, rng)
        if is_moment(base):
            return moment_text(base, moments(rng, [rank_of(column.name)])[0])
        if base == "boolean":
            return "t" if rng.random() < _chance(column.name) else "f"
        own = self.own_type(column)
        if own is None:
            return other_of(base, rng, self.words, column.type)
        if own.kind is TypeKind.ENUM:
            return rng.choice(own.labels) if own.labels else None
        if own.kind is TypeKind.COMPOSITE and depth:
            return composite([self._field(a.name, a.type, rng, depth) for a in own.attributes])
        if own.kind is TypeKind.RANGE and own.base_type is not None:
            ends = sorted(
                float(value)
                for value in (self._field("", own.base_type, rng, depth) for _ in range(2))
                if value is not None and value.replace(".", "", 1).isdecimal()
            )
            return f"[{ends[0]:g},{ends[1]:g}]" if len(ends) == 2 else "empty"
        return None

    def _field(self, name: str, type_: str, rng: random.Random, depth: int) -> str | None:
        """Of a composite type, by its type as SQL writes it."""
        bare = type_.partition("(")[0].removesuffix("[]")
        domain = self._types.get(bare)
        if domain is not None and domain.kind is TypeKind.DOMAIN and domain.base_type:
            bare = domain.base_type.partition("(")[0]
        inside = type_.partition("(")[2].rstrip(")[]")
        length = int(inside) if inside.isdecimal() else None
        column = Column(name, 1, type_, bare, length=length)
        if type_.endswith("[]"):
            value = self._scalar(column, "", rng, 0, depth - 1)
            return array([] if value is None else [value])
        return self._scalar(column, "", rng, 0, depth - 1)


def _chance(name: str) -> float:
    lower = name.lower()
    if any(lower.endswith(word) for word in MOSTLY):
        return 0.9
    return 0.05 if any(lower.endswith(word) for word in SELDOM) else 0.5
