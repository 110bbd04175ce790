"""The rows of one table, in batches of lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbwright.design.seed.copy_text import NULL
from dbwright.design.seed.judge import Judge
from dbwright.design.seed.keys import Keys, ListedKeys
from dbwright.design.seed.parts import Part
from dbwright.design.seed.plan import Plan
from dbwright.design.seed.uniqueness import Unique

__all__ = ["BATCH", "batches"]

BATCH = 5000
SMALL = 20
"""Of the first batch of a table that refers to itself; each further one is twice as large."""
FRUITLESS = 6
"""Batches one after the other of which hardly a row could be taken: then there are no more."""
HARDLY = 0.01
FEW = 100
"""In batches of fewer rows it may be chance that none could be taken."""


def batches(
    plan: Plan, judge: Judge, recorded: Sequence[tuple[tuple[str, ...], Keys]]
) -> Iterator[list[str]]:
    """`recorded`: columns whose values are kept, for rows that refer to them; of those that count
    the number. As many rows as the plan asks for, or fewer where the constraints leave no more."""
    places = [(keys, [plan.columns.index(name) for name in columns]) for columns, keys in recorded]
    compared = [_Compared(unique, plan) for unique in plan.different]
    order = [part.columns for part in plan.written]
    tried = made = fruitless = 0
    wanted = plan.rows
    size = SMALL if plan.self_referring else BATCH
    while made < plan.rows and fruitless < (FRUITLESS if wanted > FEW else 10 * FRUITLESS):
        wanted = min(size, plan.rows - made)
        if compared:
            wanted = min(size, wanted + wanted // 4 + 16)
        lines, core = _lines(plan, order, compared, tried, made, wanted)
        tried += wanted
        if plan.judged and lines:
            lines = judge.accept(plan.table, plan.columns, lines)
        made += len(lines)
        fruitless = fruitless + 1 if len(lines) <= HARDLY * wanted else 0
        if core < wanted and not compared and not plan.judged:
            fruitless = 10 * FRUITLESS  # a part has no more
        elif not core:
            fruitless = 10 * FRUITLESS
        for keys, at in places:
            if isinstance(keys, ListedKeys):
                keys.add(lines, at)
            else:
                keys.count += len(lines)
        if lines:
            yield lines
        size = min(BATCH, size * 2)


def _lines(
    plan: Plan,
    order: Sequence[tuple[str, ...]],
    compared: Sequence[_Compared],
    tried: int,
    made: int,
    wanted: int,
) -> tuple[list[str], int]:
    """Rows, and how many there were before those that are there already were left out."""
    fragments: dict[tuple[str, ...], Sequence[str]] = {}
    count = wanted
    for part in plan.parts[: plan.core]:
        count = _take(part, tried, count, fragments)
    before = count
    if compared and count:
        rows = list(map("\t".join, zip(*(f[:count] for f in fragments.values()), strict=True)))
        kept = [n for n, row in enumerate(rows) if all(one.is_new(row) for one in compared)]
        kept = kept[: plan.rows - made]
        fragments = {names: [some[n] for n in kept] for names, some in fragments.items()}
        count = len(kept)
    for part in plan.parts[plan.core :]:
        # Numbers go on without gaps, unless the server leaves rows out.
        first = tried if plan.judged else made
        count = _take(part, first, count, fragments)
        before = min(before, count) if not compared else before
    if not count:
        return [], 0 if not compared else before
    cut = [fragments[columns][:count] for columns in order]
    return (list(map("\t".join, zip(*cut, strict=True))) if len(cut) > 1 else list(cut[0])), before


def _take(
    part: Part, first: int, count: int, fragments: dict[tuple[str, ...], Sequence[str]]
) -> int:
    found = part.take(first, count, fragments) if count else []
    fragments[part.columns] = found
    return min(count, len(found))


class _Compared:
    """The keys of the rows so far, for one unique constraint."""

    def __init__(self, unique: Unique, plan: Plan) -> None:
        names = [name for part in plan.parts[: plan.core] for name in part.columns]
        self._places = [names.index(name) for name in unique.columns]
        self._nulls_differ = not unique.nulls_not_distinct
        self._seen: set[tuple[str, ...]] = set()

    def is_new(self, row: str) -> bool:
        fields = row.split("\t")
        key = tuple([fields[place] for place in self._places])
        if self._nulls_differ and NULL in key:
            return True
        if key in self._seen:
            return False
        self._seen.add(key)
        return True
