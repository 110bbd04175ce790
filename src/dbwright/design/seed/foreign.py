"""The foreign keys of one table: which belong together, which may be NULL, and their parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dbwright.design.seed.copy_text import NULL
from dbwright.design.seed.keys import Keys, ListedKeys
from dbwright.design.seed.like import distinct_of
from dbwright.design.seed.parts import Part, Pooled
from dbwright.design.seed.recipe import Recipe, Unfillable
from dbwright.design.seed.references import Joined, OneToOne, Reference, SelfReference, Side
from dbwright.design.seed.skew import Skew
from dbwright.design.seed.sources import null_share
from dbwright.design.seed.uniqueness import unique_sets
from dbwright.model.catalog import ForeignKey, Table

__all__ = ["ForeignKeys", "may_be_null"]


def may_be_null(table: Table, key: ForeignKey) -> bool:
    """May a row refer to nothing, with the rest of its columns as they are?"""
    if key.match_full:
        return not any(table.column(name).not_null for name in key.columns)
    return any(not table.column(name).not_null for name in key.columns)


class ForeignKeys:
    """Of one table."""

    def __init__(
        self,
        recipe: Recipe,
        table: Table,
        keys_of: Callable[[ForeignKey], Keys | None],
        postponed: Sequence[ForeignKey],
    ) -> None:
        generated = {column.name for column in table.columns if column.generated is not None}
        usable = [k for k in table.foreign_keys if k.enforced and not generated & set(k.columns)]
        different = {(k.columns, k.references, k.referenced_columns): k for k in usable}
        waiting = {key.name for key in postponed}
        self._recipe = recipe
        self._table = table
        self._keys_of = keys_of
        self._now = [key for key in different.values() if key.name not in waiting]
        taken = {name for key in self._now for name in key.columns}
        self._later = [
            name
            for key in different.values()
            if key.name in waiting
            for name in key.columns
            if name not in taken and not table.column(name).not_null
        ]
        self.columns = frozenset(taken.union(self._later))
        self.to_itself = any(key.references == table.qualified for key in self._now)
        self._own: set[int] = set()
        uniques = [set(unique.columns) for unique in unique_sets(table)]
        self._once = [key for key in self._now if set(key.columns) in uniques]

    def takes_once(self, columns: Sequence[str]) -> bool:
        """Is a foreign key among these columns of which each key is taken once?"""
        return any(
            set(key.columns) <= set(columns) and len(self._group(key)) == 1 for key in self._once
        )

    def refers_to_itself(self, part: Part) -> bool:
        return id(part) in self._own

    def parts(self, rows: int) -> list[Part]:
        """Raises Unfillable."""
        found: list[Part] = []
        done: set[str] = set()
        for key in self._now:
            if key.name in done:
                continue
            group = self._group(key)
            done |= {one.name for one in group}
            part = self._one(key, rows) if len(group) == 1 else self._joined(group, rows)
            if any(one.references == self._table.qualified for one in group):
                self._own.add(id(part))
            found.append(part)
        for name in dict.fromkeys(self._later):
            found.append(Pooled((name,), [NULL], self._recipe.chance(self._table, name)))
        return found

    def _group(self, key: ForeignKey) -> list[ForeignKey]:
        """The foreign keys that share columns with it, directly or through others."""
        columns = set(key.columns)
        while True:
            group = [one for one in self._now if columns & set(one.columns)]
            more = {name for one in group for name in one.columns}
            if more == columns:
                return group
            columns = more

    def _one(self, key: ForeignKey, rows: int) -> Part:
        rng = self._recipe.chance(self._table, *key.columns)
        keys, nulls, null = self._side(key)
        if key.references == self._table.qualified:
            own = key.referenced_columns
            return SelfReference(key.columns, own, keys, nulls, null, rng)
        if key in self._once:
            return OneToOne(key.columns, keys, nulls, null, rng)
        return Reference(key.columns, keys, self._skew(key, rows), nulls, null, rng)

    def _joined(self, group: Sequence[ForeignKey], rows: int) -> Part:
        sides = []
        for key in group:
            keys, nulls, _ = self._side(key)
            nullable = frozenset(n for n in key.columns if not self._table.column(n).not_null)
            own = key.references == self._table.qualified
            sides.append(Side(key.columns, keys, nullable, self._skew(key, rows), nulls, own))
        return Joined(sides, self._recipe.chance(self._table, *sides[0].columns))

    def _side(self, key: ForeignKey) -> tuple[Keys, float, str]:
        """What is referred to, the share of rows that refer to nothing, and their fragment."""
        table = self._table
        keys = self._keys_of(key)
        free = all(not table.column(name).not_null for name in key.columns)
        nulls = 0.0
        if free or (may_be_null(table, key) and len(self._group(key)) > 1):
            nullable = [table.column(n) for n in key.columns if not table.column(n).not_null]
            nulls = max(null_share(self._recipe, table, column) for column in nullable)
        if keys is None or (not len(keys) and key.references != table.qualified):
            if not may_be_null(table, key):
                raise Unfillable(f"{key.references} has no rows to refer to", key.name)
            keys, nulls = ListedKeys(), 1.0
        return keys, nulls, "\t".join([NULL] * len(key.columns))

    def _skew(self, key: ForeignKey, rows: int) -> Skew:
        statistics = self._recipe.statistics(self._table, key.columns[0])
        if statistics is None or len(key.columns) > 1:
            return Skew(self._recipe.power)
        there = self._recipe.like_rows.get(self._table.qualified, rows)
        distinct = distinct_of(statistics, there, rows)
        share = 1.0 - statistics.null_fraction or 1.0
        frequencies = tuple(frequency / share for frequency in statistics.common_frequencies)
        return Skew(1.0, frequencies, distinct)
