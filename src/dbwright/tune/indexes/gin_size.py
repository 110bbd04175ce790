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
from dbwright.tune.indexes.widths import HEADER, align

__all__ = ["GinEntries", "gin_pages"]

PAGE_HEADER = 24
SPECIAL = 8
LINE_POINTER = 4
LARGEST = 2704
"""Bytes of an entry's tuple with its rows (GinMaxItemSize of pages of 8 KiB, rounded down)."""
LIST_HEADER = 8
SEGMENT = 256
"""Bytes of one list in a posting tree; its header of 8 is part of it."""
POSTING_OVERHEAD = 16
ENTRY_FILL = 0.52
POSTING_FILL = 0.97
PAGE_BITS = 11
"""A page further on is a difference of 2 ** 11 (MaxHeapTuplesPerPageBits)."""


@dataclass(frozen=True, slots=True)
class GinEntries:
    """What one column's rows are taken apart into: classes of entries that a row has with a
    probability (so the shares add up to the entries of a row), and the bytes of one."""

    classes: tuple[KeyClass, ...]
    key_bytes: float

    @property
    def per_row(self) -> float:
        """Entries of one row."""
        return sum(found.share for found in self.classes)

    @property
    def tuple_bytes(self) -> float:
        """Of the tuple of an entry with one row."""
        return align(HEADER + math.ceil(self.key_bytes)) + LIST_HEADER


def gin_pages(
    columns: Sequence[GinEntries], rows: float, table_pages: float, *, page_size: int = 8192
) -> int:
    """Of an index on these columns of a table of so many rows and pages."""
    room = page_size - PAGE_HEADER - SPECIAL
    entry_bytes = entries = posting = 0.0
    for column in columns:
        key = align(HEADER + math.ceil(column.key_bytes) + (2 if len(columns) > 1 else 0))
        for found in column.classes:
            expected = found.probability * rows
            if expected <= 0:
                continue
            there = found.keys * -math.expm1(-expected)
            each = found.share * rows / there
            listed = _list_bytes(each, rows, table_pages)
            size = align(key + LIST_HEADER + math.ceil(listed))
            if size > LARGEST:
                size = key
                whole = listed * SEGMENT / (SEGMENT - LIST_HEADER)
                posting += there * _posting_pages(whole, room)
            entries += there
            entry_bytes += there * (size + LINE_POINTER)
    leaves = max(1.0, entry_bytes / (room * ENTRY_FILL))
    inner = leaves * (entry_bytes / max(entries, 1.0)) / (room * ENTRY_FILL) if leaves > 1 else 0.0
    return math.ceil(1 + leaves + inner + (1 if leaves > 1 else 0) + posting)


def _posting_pages(size: float, room: int) -> float:
    leaves = max(1.0, size / ((room - POSTING_OVERHEAD) * POSTING_FILL))
    return math.ceil(leaves) + (1 if leaves > 1 else 0)


def _list_bytes(count: float, rows: float, table_pages: float) -> float:
    """Of the differences between `count` rows' addresses, spread over the table by chance."""
    if count <= 1:
        return 0.0
    pages = max(table_pages, 1.0)
    on_a_page = count / pages
    empty = math.exp(-on_a_page)
    used = pages * (1 - empty)
    # The first on a page is some pages away from the one before; the next ones are near.
    longer = 0.0
    for more in (3, 4, 5):
        far = 2 ** (7 * (more - 1) - PAGE_BITS)
        longer += empty ** (far - 1)
    return used * (2 + longer) + max(count - used, 0.0)
