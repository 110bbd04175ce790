"""The pages of a GiST index, roughly: what a key holds is the operator class's own affair."""

from __future__ import annotations

import math

from dbwright.tune.indexes.widths import TupleSizes

__all__ = ["gist_pages"]

PAGE_HEADER = 24
SPECIAL = 16
LINE_POINTER = 4
FILL = 0.65
"""Of pages that rows come to one by one, and that are split by where these lie."""


def gist_pages(rows: float, sizes: TupleSizes, *, page_size: int = 8192) -> tuple[int, int]:
    """Pages, and levels above the leaves, where a key is as large as the value. (Points and, with
    btree_gist, ranges of two values are up to twice as large; sorted builds a third smaller.)"""
    if rows < 1:
        return 1, 0
    each = sizes.mean + LINE_POINTER
    a_page = max(2.0, (page_size - PAGE_HEADER - SPECIAL) * FILL / each)
    level = math.ceil(rows / a_page)
    pages, height = level, 0
    while level > 1:
        level = math.ceil(level / a_page)
        pages += level
        height += 1
    return pages, height
