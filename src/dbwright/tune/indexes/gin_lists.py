"""How many bytes the rows of a GIN index's entry take: the differences between their addresses.

Each is written in one to five bytes (varbyte, ginpostinglist.c); the first address is whole.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from dbwright.tune.indexes.widths import align

__all__ = ["LIST_HEADER", "RowLists"]

LIST_HEADER = 8
"""With the first row's address."""
MANY = 16
"""Rows of an entry, from which on their exact number does not matter."""
MEAN_PADDING = 3.5
NEARLY_NONE = 1e-6
PAGE_BITS = 11
"""A page further on is a difference of 2 ** 11 (MaxHeapTuplesPerPageBits)."""


@dataclass(frozen=True, slots=True)
class RowLists:
    """Of rows that are spread by chance over a table of so many rows and pages."""

    rows: float
    table_pages: float

    def tuple_bytes(self, expected: float) -> float:
        """In the entry's tuple, padded, of entries with a Poisson number of rows (not none)."""
        if expected > MANY:
            return LIST_HEADER + self.bytes(expected) + MEAN_PADDING
        chance, some, size = math.exp(-expected), -math.expm1(-expected), 0.0
        left = 1.0
        for count in range(1, MANY * 4):
            chance *= expected / count
            share = chance / some
            size += share * align(LIST_HEADER + math.ceil(self.bytes(count)))
            left -= share
            if left < NEARLY_NONE:
                break
        return size / (1 - left)

    def bytes(self, count: float) -> float:
        """Of the differences between so many rows' addresses; the first address is whole."""
        if count <= 1:
            return 0.0
        pages = max(self.table_pages, 1.0)
        on_a_page = count / pages
        empty = math.exp(-on_a_page)
        used = pages * (1 - empty)
        # The first on a page is some pages away from the one before; the next ones are near.
        longer = 0.0
        for more in (3, 4, 5):
            far = 2 ** (7 * (more - 1) - PAGE_BITS)
            longer += empty ** (far - 1)
        return (used * (2 + longer) + max(count - used, 0.0)) * (count - 1) / count
