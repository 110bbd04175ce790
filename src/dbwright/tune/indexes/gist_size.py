"""The pages of a GiST index, roughly: what a key holds is the operator class's own affair."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from dbwright.model.catalog import Index, MaterializedView, Table
from dbwright.tune.indexes.widths import KeyWidth, TupleSizes

__all__ = ["gist_keys", "gist_pages"]

PAGE_HEADER = 24
SPECIAL = 16
LINE_POINTER = 4
SHAPES = ("point", "box", "polygon", "circle")
BOX = 32
TRIGRAM, OVERHEAD = 3, 8
"""A text has about as many trigrams as bytes with its header."""
FILL = 0.55
"""Of pages that rows come to one by one, and that are split by where these lie."""
SORTED_FILL = 0.65
"""Where they come in order (of ranges and plain values from version 18 on)."""


def gist_keys(
    index: Index, relation: Table | MaterializedView, widths: Sequence[KeyWidth]
) -> tuple[KeyWidth, ...]:
    """As the usual operator classes hold them: shapes by the box around them (of 32 bytes), plain
    values (btree_gist) by the least and the greatest one, texts (pg_trgm) by their trigrams."""
    types = {column.name: column.base_type for column in relation.columns}
    found: list[KeyWidth] = []
    for key, width in zip(index.keys, widths, strict=True):
        type_ = types.get(key.column or "", "")
        lengths = width.lengths
        if type_ in SHAPES:
            lengths = ((BOX, 1.0),)
        elif "trgm" in key.operator_class:
            lengths = tuple((TRIGRAM * length + OVERHEAD, share) for length, share in lengths)
        elif not width.varying:
            lengths = tuple((2 * length, share) for length, share in lengths)
        found.append(replace(width, lengths=lengths))
    return tuple(found)


def gist_pages(
    rows: float, sizes: TupleSizes, *, sorted_build: bool = True, page_size: int = 8192
) -> tuple[int, int]:
    """Pages, and levels above the leaves, of keys as `gist_keys` gives them."""
    if rows < 1:
        return 1, 0
    fill = SORTED_FILL if sorted_build else FILL
    each = sizes.mean + LINE_POINTER
    a_page = max(2.0, (page_size - PAGE_HEADER - SPECIAL) * fill / each)
    level = math.ceil(rows / a_page)
    pages, height = level, 0
    while level > 1:
        level = math.ceil(level / a_page)
        pages += level
        height += 1
    return pages, height
