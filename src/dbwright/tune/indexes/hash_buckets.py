"""How many buckets a hash index starts with: the steps in which it doubles (hashpage.c)."""

from __future__ import annotations

__all__ = ["ITEM", "built_buckets", "initial_buckets", "target_fill"]

ITEM = 20
"""Bytes of an entry: tuple header, hash code, line pointer."""
SINGLE_STEPS = 10
"""Up to 2 ** 9 buckets double at once, later in four steps."""
MOST = 0x40000000


def target_fill(page_size: int, fillfactor: int = 75) -> int:
    """Entries that a bucket should have (_hash_init_metabuffer)."""
    return max(10, page_size * fillfactor // 100 // ITEM)


def initial_buckets(rows: float, fill: int) -> int:
    """For so many rows, and `fill` entries a bucket."""
    wanted = rows / fill
    if wanted <= 2:
        return 2
    if wanted >= MOST:
        return MOST
    return _buckets_of(_step(int(wanted)))


def built_buckets(rows: float, fill: int) -> int:
    """Whose pages there are in the end: with one row too many, those of the next step are taken
    all at once (_hash_expandtable)."""
    buckets = initial_buckets(rows, fill)
    return buckets if rows <= fill * buckets else _buckets_of(_step(buckets + 1))


def _step(buckets: int) -> int:
    """_hash_spareindex: the step that allocates the last of so many buckets."""
    group = (buckets - 1).bit_length()
    if group < SINGLE_STEPS:
        return group
    first = SINGLE_STEPS + (group - SINGLE_STEPS) * 4
    return first + (((buckets - 1) >> (group - 3)) & 3)


def _buckets_of(step: int) -> int:
    """_hash_get_totalbuckets: all buckets up to that step."""
    if step < SINGLE_STEPS:
        return 1 << step
    group = SINGLE_STEPS + ((step - SINGLE_STEPS) >> 2)
    half: int = 1 << (group - 1)
    return half + (half >> 2) * (((step - SINGLE_STEPS) & 3) + 1)
