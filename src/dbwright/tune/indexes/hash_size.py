"""The pages of a hash index as CREATE INDEX builds it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dbwright.tune.indexes.duplicates import KeyClass
from dbwright.tune.indexes.hash_buckets import ITEM, built_buckets, target_fill

__all__ = ["hash_pages"]

PAGE_HEADER = 24
SPECIAL = 16
BITS_A_BYTE = 8


def hash_pages(
    rows: float, classes: Sequence[KeyClass], *, fillfactor: int = 75, page_size: int = 8192
) -> int:
    """One page a bucket, and overflow pages where the rows of frequent keys come together; beside
    the meta page and the bitmap of overflow pages."""
    fill = target_fill(page_size, fillfactor)
    buckets = built_buckets(rows, fill)
    room = (page_size - PAGE_HEADER - SPECIAL) // ITEM
    frequent = [found for found in classes if found.probability * rows > room / 2]
    others = [found for found in classes if found.probability * rows <= room / 2]
    # Of the others a bucket has a sum of Poisson numbers, each key with all its rows.
    mean = sum(found.share for found in others) * rows / buckets
    variance = (
        sum(found.share * rows * (1 + found.probability * rows) for found in others) / buckets
    )
    overflow = buckets * _overflow(mean, math.sqrt(max(variance, 1e-9)), room)
    for found in frequent:
        load = found.probability * rows + mean
        overflow += found.keys * max(0.0, math.ceil(load / room) - 1)
    bitmap = 1 << ((page_size - PAGE_HEADER - SPECIAL).bit_length() - 1)
    return 1 + buckets + math.ceil(overflow) + max(1, math.ceil(overflow / bitmap / BITS_A_BYTE))


def _overflow(mean: float, deviation: float, room: int) -> float:
    """Pages beyond the first of a bucket with a normal number of rows, on average."""
    pages = 0.0
    for first in range(1, int((mean + 6 * deviation) // room) + 1):
        pages += 0.5 * math.erfc((first * room - mean) / deviation / math.sqrt(2))
    return pages
