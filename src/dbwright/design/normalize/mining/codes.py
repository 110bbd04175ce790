"""A relation's codes, and those of some of its rows; of several columns together as well."""

from __future__ import annotations

from collections import OrderedDict
from math import prod
from random import Random

from dbwright.design.normalize.mining.counting import Codes, combined, distinct, numbered
from dbwright.design.normalize.relation import Relation

__all__ = ["SAMPLE", "Coded", "sampled"]

SAMPLE = 5000
"""Rows of a sample."""
RUN = 50
"""Neighbours that are taken together: what is repeated often stands together."""
KEPT = 16
"""Combinations whose codes are kept."""
LARGE = 1 << 45
"""Codes beyond it are numbered anew, or they would grow with each column."""


class Coded:
    """Columns as codes, by their numbers."""

    def __init__(self, columns: list[Codes], sizes: list[int], rows: int) -> None:
        self.columns = columns
        self.sizes = sizes
        self.rows = rows
        self._kept: OrderedDict[tuple[int, ...], tuple[Codes, int]] = OrderedDict()

    @classmethod
    def of(cls, relation: Relation) -> Coded:
        columns: list[Codes] = [column.codes for column in relation.columns]
        return cls(columns, [column.distinct for column in relation.columns], relation.rows)

    def together(self, columns: tuple[int, ...]) -> tuple[Codes, int]:
        """The codes of these columns together (in ascending order), and how many there are."""
        if len(columns) == 1:
            return self.columns[columns[0]], self.sizes[columns[0]]
        if columns in self._kept:
            self._kept.move_to_end(columns)
            return self._kept[columns]
        first, _ = self.together(columns[:-1])
        last = columns[-1]
        codes: Codes = combined(first, self.columns[last], max(1, self.sizes[last]))
        if prod(self.sizes[column] for column in columns) > LARGE:
            codes = numbered(codes)
        found = codes, distinct(codes)
        self._kept[columns] = found
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return found


def sampled(coded: Coded, rows: int = SAMPLE) -> Coded:
    """The same rows each time: half of them by chance, half in runs of neighbours."""
    if coded.rows <= rows:
        return coded
    random = Random(0)
    chosen = set(random.sample(range(coded.rows), rows // 2))
    starts = random.sample(
        range(max(0, coded.rows - RUN)), min(rows // 2 // RUN, max(0, coded.rows - RUN))
    )
    for start in starts:
        chosen.update(range(start, start + RUN))
    rows_taken = sorted(chosen)
    columns: list[Codes] = [[codes[row] for row in rows_taken] for codes in coded.columns]
    # Numbered anew, or combinations of few rows would have as large numbers as those of all.
    columns = [numbered(codes) for codes in columns]
    return Coded(columns, [distinct(codes) for codes in columns], len(chosen))
