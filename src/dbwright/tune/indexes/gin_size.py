"""The pages of a GIN index as CREATE INDEX builds it: a tree of entries, each with its rows.

The addresses of an entry's rows are written as differences in one to five bytes (varbyte,
ginpostinglist.c), in the entry's tuple while they fit into a third of a page, else in a tree of
their own. Entries come in order, so the pages of their tree are split in halves and stay half full
(ginentrypage.c); posting trees are filled up while an index is built (gindatapage.c).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dbwright.tune.indexes.duplicates import KeyClass
from dbwright.tune.indexes.gin_lists import LIST_HEADER, RowLists
from dbwright.tune.indexes.widths import HEADER, align

__all__ = ["GinEntries", "gin_pages"]

PAGE_HEADER = 24
SPECIAL = 8
LINE_POINTER = 4
LARGEST = 2704
"""Bytes of an entry's tuple with its rows (GinMaxItemSize of pages of 8 KiB, rounded down)."""
SEGMENT = 256
"""Bytes of one list in a posting tree; its header of 8 is part of it."""
POSTING_OVERHEAD = 16
COLUMN_NUMBER = 2
"""Bytes of it in each key of an index of several columns."""
BEHIND_MIDDLE = 0.75
"""Of a tuple: how far behind the middle of a page it is split (ginentrypage.c, entrySplitPage)."""
LOADS = tuple(0.1 * place for place in (-1.53, -0.89, -0.49, -0.16, 0.16, 0.49, 0.89, 1.53))
"""Octiles of a normal distribution."""
POSTING_FILL = 0.97
NODE, COPY, BY_VALUE = 104, 12, 8
"""Bytes that a build takes for an entry, with the first rows of it, and for its key where that is
no number."""
FIRST, GATHERED = 5, 8.5
"""Rows beyond the first ones take more."""


@dataclass(frozen=True, slots=True)
class GinEntries:
    """What one column's rows are taken apart into: classes of entries that a row has with a
    probability (so the shares add up to the entries of a row), and the bytes of one."""

    classes: tuple[KeyClass, ...]
    key_bytes: float
    sure: bool = False
    """Counted in rows (or values that ANALYZE counted), not guessed? Then the bytes are padded."""
    spread: float = 1.0
    """The part of the table that the rows of one entry lie in."""
    known: bool = True
    """Or is nothing known of the values at all?"""

    @property
    def per_row(self) -> float:
        """Entries of one row."""
        return sum(found.share for found in self.classes)

    @property
    def tuple_bytes(self) -> float:
        """Of the tuple of an entry with one row."""
        return self.padded + LIST_HEADER

    @property
    def padded(self) -> float:
        """The header and the key, up to where its rows begin."""
        size = HEADER + self.key_bytes
        return size if self.sure else align(math.ceil(size))


def gin_pages(
    entries: Sequence[GinEntries],
    rows: float,
    table_pages: float,
    *,
    columns: int = 1,
    memory: float = math.inf,
    page_size: int = 8192,
) -> int:
    """Of an index on so many columns, with these entries, of a table of so many rows and pages,
    whose build gathers so many bytes of `memory` before it writes them."""
    room = page_size - PAGE_HEADER - SPECIAL
    tree = _tree(entries, rows, table_pages, columns, room)
    if tree.memory <= memory:
        return math.ceil(1 + tree.pages() + tree.posting)
    low, high = 0.0, 1.0
    for _ in range(20):
        middle = (low + high) / 2
        part = _tree(entries, rows * middle, table_pages * middle, columns, room)
        low, high = (middle, high) if part.memory < memory else (low, middle)
    first = _tree(entries, rows * high, table_pages * high, columns, room)
    return math.ceil(1 + tree.pages(max(1.0, tree.bytes / first.bytes)) + tree.posting)


def _tree(
    entries: Sequence[GinEntries], rows: float, table_pages: float, columns: int, room: int
) -> _EntryTree:
    """Of so many rows of the table."""
    tree = _EntryTree(room)
    for part in entries:
        listed = RowLists(rows, table_pages * part.spread)
        key = part.padded + (COLUMN_NUMBER if columns > 1 else 0)
        held = NODE + (part.key_bytes + COPY if part.key_bytes > BY_VALUE else 0)
        for found in part.classes:
            expected = found.probability * rows
            if expected <= 0:
                continue
            there = found.keys * -math.expm1(-expected)
            tree.memory += there * held + GATHERED * max(0.0, found.share * rows - FIRST * there)
            size = key + listed.tuple_bytes(expected)
            if size > LARGEST:
                size = key
                whole = listed.bytes(expected) * SEGMENT / (SEGMENT - LIST_HEADER)
                tree.posting += there * _posting_pages(whole, room)
            tree.add(there, size, key)
    return tree


@dataclass(slots=True)
class _EntryTree:
    """The pages of entries. They come in order, so each page is split when it is full, into halves
    of which the left one gets the tuple in the middle; and it stays so, until the memory of the
    build is full again and it all begins anew."""

    room: int
    number: float = 0.0
    bytes: float = 0.0
    squares: float = 0.0
    keys: float = 0.0
    """Bytes of the entries without their rows."""
    posting: float = 0.0
    """Pages of posting trees."""
    memory: float = 0.0
    """That the build takes to gather all of it (ginbulk.c)."""

    def add(self, entries: float, size: float, key: float) -> None:
        whole = size + LINE_POINTER
        self.number += entries
        self.bytes += entries * whole
        self.squares += entries * whole * whole
        self.keys += entries * (key + LINE_POINTER)

    def pages(self, grown: float = 1.0) -> float:
        """`grown`: how many times as large as what was written first."""
        if self.bytes <= self.room:
            return 1.0
        middle = self.squares / self.bytes  # of the tuple that is met at a place in the bytes
        half = min(self.room / 2 + BEHIND_MIDDLE * middle, self.room)
        pivot = self.keys / self.number
        level = pages = self.bytes / (half * grown) * _splits(half / self.room * grown)
        while level * pivot > self.room:
            level *= pivot / (self.room / 2 + BEHIND_MIDDLE * pivot)
            pages += level
        return pages + 1


def _splits(load: float) -> float:
    """Into how many pages one is split on average that should hold so many times what it can: the
    loads of pages are a bit different."""
    splits = (max(0, math.ceil(math.log2(load * math.exp(one)))) for one in LOADS)
    return sum(math.ldexp(1.0, one) for one in splits) / len(LOADS)


def _posting_pages(size: float, room: int) -> float:
    leaves = max(1.0, size / ((room - POSTING_OVERHEAD) * POSTING_FILL))
    return math.ceil(leaves) + (1 if leaves > 1 else 0)
