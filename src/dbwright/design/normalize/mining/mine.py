"""Mining: keys first, then dependencies, small left sides before larger ones.

Each candidate is tried on a sample, and on all rows where the sample does not refute it. What is
refuted on all rows stays a candidate with a further column on its left, so nothing is lost to a
smaller left side that held in the sample only. The result is exact: whatever holds on all rows
holds on each sample, and whatever is broken by at most N rows is broken there by at most N.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

from dbwright.design.normalize.mining.codes import Coded, sampled
from dbwright.design.normalize.mining.counting import holders, surplus, unlike
from dbwright.design.normalize.mining.found import (
    CounterExample,
    Dependency,
    Duplicate,
    Key,
    Mined,
)
from dbwright.design.normalize.relation import Kind, Relation
from dbwright.progress import Progress, silent

__all__ = ["EXAMPLES", "looked_at", "mine"]

EXAMPLES = 5
"""Rows that are shown of those that break a dependency."""
MOST_TESTS = 60_000
"""On the sample: half a minute or so."""
MORE = 25_000
"""Rows of a second sample, for what the first does not refute."""
LEAST_SUPPORT = 20
"""Rows that repeat a value, below which a dependency with exceptions tells nothing."""


def mine(
    relation: Relation,
    *,
    left: int = 2,
    tolerance: float = 0.0,
    sample: int | None = None,
    progress: Progress = silent,
) -> Mined:
    """All that holds, with at most `left` columns on the left side (keys: one more).

    `tolerance`: the share of the rows that repeat a left side which may break a dependency.
    `sample`: rows that propose, for tests.
    """
    return _Miner(relation, left, tolerance, sample, progress).mine()


def looked_at(relation: Relation, left: Sequence[str], right: str) -> Dependency:
    """One dependency that somebody named, with the rows that break it."""
    miner = _Miner(relation, len(left), 0.0, None, silent)
    side = tuple(sorted(relation.names.index(name) for name in left))
    number = relation.names.index(right)
    codes, _ = miner.all.together(side)
    errors = unlike(codes, miner.all.columns[number], miner.all.sizes[number])
    return miner.dependency(side, number, errors)


@dataclass(frozen=True, slots=True)
class _Test:
    errors: int
    near: bool


class _Miner:
    def __init__(
        self,
        relation: Relation,
        left: int,
        tolerance: float,
        sample: int | None,
        progress: Progress,
    ) -> None:
        self.relation = relation
        self.tolerance = tolerance
        self.progress = progress
        self.all = Coded.of(relation)
        self.sample = sampled(self.all) if sample is None else sampled(self.all, sample)
        self.samples = [
            one for one in (self.sample, sampled(self.all, MORE)) if one is not self.all
        ]
        self.candidates = [
            number
            for number, column in enumerate(relation.columns)
            if column.distinct > 1 and column.kind is not Kind.EMPTY
        ]
        self.notes: list[str] = []
        self.left = self._affordable(left)

    def _affordable(self, left: int) -> int:
        """With many columns, pairs of them are too many."""
        columns = len(self.candidates)
        chosen = left
        while chosen > 1 and sum(comb(columns, n) for n in range(1, chosen + 1)) * columns > (
            MOST_TESTS
        ):
            chosen -= 1
        if chosen < left:
            self.notes.append(
                f"{columns} columns: left sides have at most {chosen} of them, not {left} "
                "(--columns names fewer)"
            )
        return chosen

    def mine(self) -> Mined:
        keys, near_keys = self.keys()
        exact, near = self.dependencies(keys)
        constants = tuple(column.name for column in self.relation.columns if column.distinct <= 1)
        duplicates = 0 if keys else self.duplicates()
        return Mined(
            keys=tuple(self._key(key, 0) for key in keys),
            near_keys=tuple(self._key(key, errors) for key, errors in near_keys),
            dependencies=tuple(self.dependency(x, a, 0) for x, a in exact),
            near=tuple(self.dependency(x, a, errors) for x, a, errors in near),
            constants=constants,
            duplicates=duplicates,
            left=self.left,
            notes=tuple(self.notes),
        )

    def _sides(self, columns: Sequence[int], most: int) -> Iterator[tuple[int, ...]]:
        for size in range(1, most + 1):
            yield from combinations(columns, size)

    # Keys

    def keys(self) -> tuple[list[tuple[int, ...]], list[tuple[tuple[int, ...], int]]]:
        """Minimal ones, and single columns that are nearly one with their surplus rows."""
        found: list[tuple[int, ...]] = []
        near: list[tuple[tuple[int, ...], int]] = []
        rows, allowed = self.relation.rows, self.tolerance * self.relation.rows
        sizes = self.left + 1
        while sizes > self.left and comb(len(self.candidates), sizes) > MOST_TESTS:
            sizes -= 1
        for side in self._sides(self.candidates, sizes):
            if any(set(key) <= set(side) for key in found):
                continue
            _, there = self.sample.together(side)
            if self.sample.rows - there > (allowed if len(side) == 1 else 0):
                continue
            _, there = self.all.together(side)
            if there == rows:
                found.append(side)
            elif len(side) == 1 and rows - there <= allowed:
                near.append((side, rows - there))
            self.progress(f"looking for keys of {self.relation.name}")
        return found, near

    def duplicates(self) -> int:
        everything = zip(*self.all.columns, strict=True)
        return self.relation.rows - len(set(everything))

    # Dependencies

    def dependencies(
        self, keys: Sequence[tuple[int, ...]]
    ) -> tuple[
        list[tuple[tuple[int, ...], int]],
        list[tuple[tuple[int, ...], int, int]],
    ]:
        """Minimal exact ones, and minimal ones with exceptions."""
        unique = {key[0] for key in keys if len(key) == 1}
        columns = [number for number in self.candidates if number not in unique]
        exact: dict[int, list[set[int]]] = {number: [] for number in columns}
        near: dict[int, list[set[int]]] = {number: [] for number in columns}
        found: list[tuple[tuple[int, ...], int]] = []
        exceptions: list[tuple[tuple[int, ...], int, int]] = []
        total = sum(comb(len(columns), size) for size in range(1, self.left + 1))
        for done, side in enumerate(self._sides(columns, self.left)):
            if done % 50 == 0:
                name = self.relation.name
                self.progress(f"looking for dependencies of {name}", done, total)
            own = set(side)
            if any(set(key) <= own for key in keys):
                continue
            for right in columns:
                if right in own or any(less <= own for less in exact[right]):
                    continue
                known = any(less <= own for less in near[right])
                test = self._test(side, right, near=not known)
                if test is None:
                    continue
                if not test.errors:
                    exact[right].append(own)
                    found.append((side, right))
                else:
                    near[right].append(own)
                    exceptions.append((side, right, test.errors))
        # Where a left side is exact, one of more columns that is not need not be told; where one
        # column more makes it exact, both are.
        return found, exceptions

    def _test(self, side: tuple[int, ...], right: int, *, near: bool) -> _Test | None:
        """None where it does not hold, nor nearly."""
        share = self.tolerance if near else 0.0
        allowed = share * self.all.rows
        if not all(self._may_hold(one, side, right, allowed) for one in self.samples):
            return None
        codes, there = self.all.together(side)
        own, size = self.all.columns[right], self.all.sizes[right]
        least = surplus(codes, there, own, size)
        if not least:
            return _Test(0, near=False)
        support = self.all.rows - there
        if support < LEAST_SUPPORT or least > share * support:
            return None
        errors = unlike(codes, own, size)
        return _Test(errors, near=True) if errors <= share * support else None

    def _may_hold(self, sample: Coded, side: tuple[int, ...], right: int, allowed: float) -> bool:
        codes, there = sample.together(side)
        own, size = sample.columns[right], sample.sizes[right]
        if surplus(codes, there, own, size) > allowed:
            return False
        return not allowed or unlike(codes, own, size) <= allowed

    # As nouns

    def _names(self, side: tuple[int, ...]) -> tuple[str, ...]:
        return tuple(self.relation.columns[number].name for number in side)

    def _key(self, side: tuple[int, ...], errors: int) -> Key:
        nulls = [self.relation.columns[number] for number in side]
        rows_with_null = max((column.nulls for column in nulls), default=0)
        examples: list[Duplicate] = []
        if errors:
            codes, _ = self.all.together(side)
            first: dict[int, int] = {}
            for row, code in enumerate(codes):
                if code in first and len(examples) < EXAMPLES:
                    values = tuple(column.value(row) for column in nulls)
                    examples.append(Duplicate(row + 1, first[code] + 1, values))
                first.setdefault(code, row)
        return Key(self._names(side), rows_with_null, errors, tuple(examples))

    def dependency(self, side: tuple[int, ...], right: int, errors: int) -> Dependency:
        codes, there = self.all.together(side)
        own, size = self.all.columns[right], self.all.sizes[right]
        column = self.relation.columns[right]
        shown = holders(codes, own, size, EXAMPLES) if errors else []
        examples = tuple(
            CounterExample(
                row=row + 1,
                left=tuple(self.relation.columns[number].value(row) for number in side),
                value=column.value(row),
                usual=column.value(usual),
                usual_row=usual + 1,
            )
            for row, usual in shown
        )
        names = self._names(side)
        support = self.relation.rows - there
        return Dependency(names, column.name, there, support, errors, examples)
