"""The pages of a B-tree as CREATE INDEX builds it, by the rules of nbtsort.c.

Leaf pages are filled until 10 % is free (fillfactor 90), inner pages until 30 % is. From version
13 on the rows of one key share posting list tuples of at most a tenth of a page (nbtdedup.c);
the last tuple of a page moves to the next one and leaves its key behind as the high key, without
its posting list, and without the columns that are not needed to tell it from the tuple before.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dbwright.tune.indexes.duplicates import KeyClass
from dbwright.tune.indexes.widths import TupleSizes, align

__all__ = ["BtreePages", "Prefix", "btree_pages"]

LINE_POINTER = 4
PAGE_HEADER = 24
SPECIAL = 16
HEAP_POINTER = 6
"""Bytes of one row's address in a posting list."""
INNER_FILL = 70
EMPTY_PIVOT = 8
"""The first tuple of an inner page has no values."""
SIMULATED_PAGES = 8
LONG_RUN = 100
"""Posting lists of one key that are filled into pages one by one."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """The first columns of the key: how many different ones there are, and the size of a tuple
    that holds only these (bytes)."""

    distinct: float
    size: float


@dataclass(frozen=True, slots=True)
class BtreePages:
    pages: int
    leaf_pages: int
    height: int
    """Levels above the leaves."""
    tuples: float
    """In the leaves: rows, or posting lists."""


def btree_pages(
    rows: float,
    sizes: TupleSizes,
    classes: Sequence[KeyClass] | None,
    prefixes: Sequence[Prefix],
    *,
    fillfactor: int = 90,
    page_size: int = 8192,
) -> BtreePages:
    """`sizes` of a row's tuple; `classes` of keys where the build joins duplicates, else None;
    `prefixes` of the key, the shortest first."""
    if rows < 1:
        return BtreePages(1, 0, 0, 0.0)
    page = _Page(page_size, fillfactor)
    if classes is None:
        tuples, pages = rows, rows * _mean(sizes.all) / page.filled_with(sizes.all)
    else:
        tuples, pages = _joined(rows, sizes, classes, page)
    # The last tuple of all finds room above the limit.
    leaves = max(1, math.ceil(pages * (1 - 1 / max(tuples, 1.0)) - 1e-6))
    pivot = _pivot_size(prefixes, tuples)
    height, inner = 0, 0
    level = leaves
    while level > 1:
        height += 1
        level = max(1, math.ceil((level - 1) / page.pivots(pivot)))
        inner += level
    return BtreePages(1 + leaves + inner, leaves, height, tuples)


@dataclass(frozen=True, slots=True)
class _Page:
    size: int
    fillfactor: int

    @property
    def room(self) -> int:
        """For tuples and their line pointers beside the high key's line pointer, and one more."""
        return self.size - PAGE_HEADER - SPECIAL - 2 * LINE_POINTER

    @property
    def limit(self) -> int:
        """With more than this on it a leaf is full."""
        return self.room - self.size * (100 - self.fillfactor) // 100

    @property
    def largest_posting(self) -> int:
        return self.size * 10 // 100 // 8 * 8 - LINE_POINTER

    def filled_with(self, sizes: Mapping[int, float]) -> float:
        """Bytes (with line pointers) that stay on a leaf of tuples that are not joined."""
        if len(sizes) == 1:
            (size,) = sizes
            each = size + LINE_POINTER
            return float(max(1, self.limit // each) * each)
        first = sum((size + LINE_POINTER) * share for size, share in sizes.items())
        second = sum((size + LINE_POINTER) ** 2 * share for size, share in sizes.items())
        # What is missing to the limit when a tuple does not fit any more (renewal theory), and
        # half of the step in which sizes come.
        return max(first, self.limit - first + second / (2 * first) + LINE_POINTER / 2)

    def pivots(self, size: float) -> int:
        """Children of an inner page."""
        limit = self.room - self.size * (100 - INNER_FILL) // 100
        return max(2, int((limit - EMPTY_PIVOT - LINE_POINTER) // (size + LINE_POINTER)) + 1)


def _mean(sizes: Mapping[int, float]) -> float:
    return sum((size + LINE_POINTER) * share for size, share in sizes.items())


def _pivot_size(prefixes: Sequence[Prefix], tuples: float) -> float:
    """Of the key between two pages: as many columns as tell the tuples beside it apart, and the
    row's address where none does."""
    told, size = 0.0, 0.0
    for prefix in prefixes:
        share = min(1.0, prefix.distinct / tuples)
        if share > told:
            size += (share - told) * prefix.size
            told = share
    whole = prefixes[-1].size + align(HEAP_POINTER)
    return size + (1 - told) * whole


def _joined(
    rows: float, sizes: TupleSizes, classes: Sequence[KeyClass], page: _Page
) -> tuple[float, float]:
    """Tuples and pages where the rows of a key share posting lists."""
    tuples = pages = 0.0
    for found in classes:
        expected = found.probability * rows
        own = sizes.with_nulls if found.null else sizes.plain
        if expected < 1e-3:  # practically unique
            tuples += found.share * rows
            pages += found.share * rows * _mean(own) / page.filled_with(own)
            continue
        rounded = float(f"{expected:.2g}")  # so that equal work is done once
        keys = -found.keys * math.expm1(-expected) * _seen(expected) / _seen(rounded)
        mean = _mean(own) - LINE_POINTER
        low = int(mean // 8) * 8
        for size, share in ((low, 1 - (mean - low) / 8), (low + 8, (mean - low) / 8)):
            if share > 1e-9:
                a_key, a_page = _packed(rounded, size, page.size, page.fillfactor)
                tuples += keys * share * a_key
                pages += keys * share * a_page
    return tuples, pages


def _seen(expected: float) -> float:
    """Rows of a key that has any, on average."""
    return expected / -math.expm1(-expected)


@lru_cache(maxsize=20000)
def _packed(expected: float, size: int, page_size: int, fillfactor: int) -> tuple[float, float]:
    """Tuples and pages of one key with a Poisson number of rows (not none), mean `expected`."""
    page = _Page(page_size, fillfactor)
    most = max(1, (page.largest_posting // 8 * 8 - size) // HEAP_POINTER)
    counts = _counts(expected)
    tuples = sum(share * math.ceil(count / most) for count, share in counts)
    used = sum(share * _bytes(count, most, size) for count, share in counts)
    small = max(_tuple(min(count, most), size) for count, _ in counts)
    if small <= 160:
        kept = _kept_small(counts, size, page)
    else:
        kept = _kept_large(counts, most, size, page)
    return tuples, used / kept


def _counts(expected: float) -> tuple[tuple[int, float], ...]:
    """Numbers of rows of a key and their share of the keys."""
    if expected > 12:
        spread = math.sqrt(expected)
        places = (-1.53, -0.89, -0.49, -0.16, 0.16, 0.49, 0.89, 1.53)  # octiles of the normal
        return tuple((max(1, round(expected + spread * place)), 1 / 8) for place in places)
    found: list[tuple[int, float]] = []
    chance = math.exp(-expected)
    some = -math.expm1(-expected)
    for count in range(1, int(expected + 8 * math.sqrt(expected)) + 6):
        chance *= expected / count
        found.append((count, chance / some))
    return tuple(found)


def _tuple(count: int, size: int) -> int:
    return size if count == 1 else align(size + count * HEAP_POINTER)


def _bytes(count: int, most: int, size: int) -> int:
    """Of all tuples of a key with so many rows, line pointers counted."""
    full, rest = divmod(count, most)
    used = full * (_tuple(most, size) + LINE_POINTER)
    return used + (_tuple(rest, size) + LINE_POINTER if rest else 0)


def _kept_small(counts: Sequence[tuple[int, float]], size: int, page: _Page) -> float:
    """Bytes that stay on a leaf of small posting lists: as `_Page.filled_with`, but the page is
    only full when the last tuple is above the limit without its posting list."""
    steps = [(_tuple(count, size) + LINE_POINTER, share) for count, share in counts]
    first = sum(step * share for step, share in steps)
    second = sum(step * step * share for step, share in steps)
    return page.limit - (size + LINE_POINTER) + second / (2 * first) + LINE_POINTER / 2


def _kept_large(counts: Sequence[tuple[int, float]], most: int, size: int, page: _Page) -> float:
    """The same for large ones, by filling pages in the way the build does."""
    kept: list[int] = []
    used, items, last = 0, 0, 0
    for added in _sequence(counts, most, size):
        key = min(last, size + LINE_POINTER)
        soft = items > 1 and used - last + key > page.limit
        if soft or page.room - used < added - LINE_POINTER + align(HEAP_POINTER):
            kept.append(used - last)
            used, items = last, 1
            if len(kept) > SIMULATED_PAGES:
                break
        used, items, last = used + added, items + 1, added
    return sum(kept[1:]) / SIMULATED_PAGES


def _sequence(counts: Sequence[tuple[int, float]], most: int, size: int) -> Iterator[int]:
    """Sizes of tuples (with line pointers) of key after key, without end; the numbers of rows are
    eight of equal weight, in a mixed order."""
    eighths = _eighths(counts)
    full = _tuple(most, size) + LINE_POINTER
    runs: list[int] = []
    for place in (4, 1, 6, 3, 0, 7, 2, 5):
        whole, rest = divmod(eighths[place], most)
        runs += [full] * min(whole, LONG_RUN)
        if rest:
            runs.append(_tuple(rest, size) + LINE_POINTER)
    return itertools.cycle(runs)


def _eighths(counts: Sequence[tuple[int, float]]) -> list[int]:
    """The middles of eight equal parts of a distribution."""
    found: list[int] = []
    below = 0.0
    for count, share in counts:
        below += share
        while len(found) < 8 and below >= (len(found) + 0.5) / 8 - 1e-9:
            found.append(count)
    return found + [counts[-1][0]] * (8 - len(found))
