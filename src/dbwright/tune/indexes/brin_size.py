"""The pages of a BRIN index: a summary of each range of table pages (brin_tuple.c)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dbwright.tune.indexes.widths import KeyWidth, align

__all__ = ["brin_pages"]

HEADER = 5
PAGE_HEADER = 24
SPECIAL = 8
LINE_POINTER = 4
REVMAP_ITEM = 6
NULL_BITS = 2


def brin_pages(
    keys: Sequence[KeyWidth],
    table_pages: float,
    *,
    pages_per_range: int = 128,
    page_size: int = 8192,
) -> int:
    """With the least and the greatest value of each column (the minmax operator classes; others
    hold more, up to the size of a page a range)."""
    room = page_size - PAGE_HEADER - SPECIAL
    ranges = math.ceil(table_pages / pages_per_range)
    revmap = max(1, math.ceil(ranges / (room // REVMAP_ITEM)))
    nulls = math.ceil(len(keys) * NULL_BITS / 8) if any(key.null_fraction for key in keys) else 0
    data = 0.0
    for key in keys:
        for _ in ("least", "greatest"):
            short = key.varying and key.average < 127
            data = data if short else align(math.ceil(data), key.alignment)
            data += key.average
    summary = align(align(HEADER + nulls) + math.ceil(data)) + LINE_POINTER
    return 1 + revmap + math.ceil(ranges / max(1, room // summary))
