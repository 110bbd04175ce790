"""What one new entry of an index writes to the write-ahead log, and which pages it touches.

A B-tree entry is one record: 48 bytes and the tuple (nbtxlog.h: record header 24, block reference
20, offset 4). From time to time a page is split, which logs the half that moves; and the first
change of a page after a checkpoint logs the whole page (full_page_writes).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from dbwright.tune.indexes.size import IndexSize

__all__ = ["InsertCost", "insert_cost"]

RECORD = 48
SPLIT_RECORD = 100
"""Of a split: headers, three block references, the new high key."""
LINE_POINTER = 4
PAGE_OVERHEAD = 40
IMAGE_HEADER = 7
RANDOM_FILL = math.log(2)
"""Pages that are split into halves are so full on average."""
SEQUENTIAL_FILL = 0.9
"""The last page is split so that the left one stays as full as its fillfactor."""
HASH_RECORD = 64
"""Entry and counter of the meta page."""
LOCAL = 4
"""With so many pages to a place a page is split where the entries come, not in the middle
(nbtsplitloc.c, _bt_afternewitemoff), and stays full."""
FEW_ROWS = 1000
"""Below, pages that are nearly empty say nothing of what a row takes."""
GIN_RECORD = 60
"""Of an entry that is moved from the pending list to its place."""


@dataclass(frozen=True, slots=True)
class InsertCost:
    """Of one entry, on average."""

    wal_bytes: float
    """Without full page images."""
    image_bytes: float
    """Its share of the full page images after checkpoints."""
    pages_read: float
    """Pages that are looked at on the way down, nearly always cached."""
    pages_dirtied: float
    """Pages that have to be written because of it, between two checkpoints."""

    @property
    def bytes(self) -> float:
        return self.wal_bytes + self.image_bytes

    def scaled(self, share: float) -> InsertCost:
        """Of a row, if a `share` of the rows have an entry."""
        return InsertCost(
            self.wal_bytes * share,
            self.image_bytes * share,
            self.pages_read * share,
            self.pages_dirtied * share,
        )


def insert_cost(
    method: str,
    size: IndexSize,
    *,
    places: float,
    between_checkpoints: float | None = None,
    full_page_writes: bool = True,
    page_size: int = 8192,
) -> InsertCost:
    """`places` in the index where new entries come: 1 for keys that only grow (a serial number, a
    creation time), one for each customer in an index on customer and time, the number of keys
    where they come anywhere. `between_checkpoints` is how many entries come between two
    checkpoints; None: so few that each one touches a page of its own.

    B-trees are within a quarter of what servers write (tests/tune/indexes/test_insert_cost.py);
    hash, GIN, GiST and BRIN are rough.
    """
    entry = size.entry_bytes
    if method == "brin":
        # Only a value outside of its range's summary changes the summary.
        share = 0.0 if places <= 1 else 0.1
        return InsertCost(share * (RECORD + entry), 0.0, 1.0, share)
    if method == "hash":
        wal = HASH_RECORD + 16 + page_size / 300.0
        return _with_images(wal, size.pages, 1.0, between_checkpoints, full_page_writes, page_size)
    if method == "gin":
        pending = RECORD + size.entries * entry
        wal = pending + size.entries * (GIN_RECORD + entry)
        return _with_images(
            wal, size.pages, size.entries, between_checkpoints, full_page_writes, page_size
        )
    spread = max(1.0, min(float(size.pages), places))
    wal = _btree_bytes(size, spread * LOCAL < size.pages or places <= 1, page_size)
    cost = _with_images(wal, spread, 1.0, between_checkpoints, full_page_writes, page_size)
    return InsertCost(cost.wal_bytes, cost.image_bytes, size.height + 1.0, cost.pages_dirtied)


def _btree_bytes(size: IndexSize, sequential: bool, page_size: int) -> float:
    """The record of the entry, and its share of a split and of the downlink that it adds."""
    entry = max(size.entry_bytes, 16.0)
    record = _aligned(RECORD + entry)
    room = page_size - PAGE_OVERHEAD
    # What a row takes of a page in the end: less than its tuple where duplicates are joined.
    a_row = entry + LINE_POINTER
    if size.tuples >= FEW_ROWS:
        a_row = min(a_row, max(1.0, SEQUENTIAL_FILL * size.bytes / size.tuples))
    kept = SEQUENTIAL_FILL if sequential else RANDOM_FILL
    moved = (1 - SEQUENTIAL_FILL if sequential else 0.5) * room
    split = SPLIT_RECORD + moved * entry / (entry + LINE_POINTER) + _aligned(RECORD + 20 + entry)
    return record + split * a_row / (room * kept)


def _with_images(
    wal: float,
    spread: float,
    touched: float,
    between_checkpoints: float | None,
    full_page_writes: bool,
    page_size: int,
) -> InsertCost:
    """`spread` pages may be `touched` by an entry."""
    if between_checkpoints is None or between_checkpoints <= 1:
        dirtied = touched
    else:
        changes = between_checkpoints * touched
        dirtied = spread * -math.expm1(-changes / spread) / between_checkpoints
    image = (page_size - PAGE_OVERHEAD) * RANDOM_FILL + PAGE_OVERHEAD + IMAGE_HEADER
    return InsertCost(wal, dirtied * image if full_page_writes else 0.0, 1.0, dirtied)


def _aligned(size: float) -> float:
    return math.ceil(size / 8) * 8.0
