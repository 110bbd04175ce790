"""How large an index will be, from column statistics alone.

It is the size that CREATE INDEX builds; a B-tree that grows by inserts in random order is about a
third larger (pages split into halves). B-trees are within 10 % of real builds where the statistics
are good (tests/tune/indexes/test_size.py, bench/index_size.py); `IndexSize.error` says how far off
the size may be.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from dbwright.tune.indexes.brin_size import brin_pages
from dbwright.tune.indexes.btree_size import Prefix, btree_pages
from dbwright.tune.indexes.combinations import KeyClasses, key_classes
from dbwright.tune.indexes.duplicates import KeyClass
from dbwright.tune.indexes.gin_size import GinEntries, gin_pages
from dbwright.tune.indexes.gist_size import gist_pages
from dbwright.tune.indexes.hash_size import hash_pages
from dbwright.tune.indexes.lengths import UNCOMPRESSED
from dbwright.tune.indexes.sampled import Sampling, seldom_met
from dbwright.tune.indexes.widths import KeyWidth, TupleSizes, mean_size, tuple_sizes

__all__ = ["ERRORS", "ROUGH", "IndexSize", "index_size", "together"]

ERRORS: Mapping[str, float] = {"btree": 0.15, "hash": 0.25, "brin": 0.5, "gin": 2.0, "gist": 0.7}
"""By access method, where the statistics are good."""
COUNTED_ERROR = 0.25
"""Where entries, or keys, were counted in a sample of rows."""
UNKNOWN_ENTRIES_ERROR = LONG_ERROR = 9.0
UNKNOWN_WIDTH_ERROR = 0.5
ROUGH = 0.5
"""The error from which a size is told as a range."""
UNKNOWN_DUPLICATES_ERROR = 3.0
"""Joined duplicates take a quarter of what unique keys take."""
DEDUPLICATION_SINCE = 13
HASH_ENTRY = 16.0


@dataclass(frozen=True, slots=True)
class IndexSize:
    """Of an index that was just built."""

    pages: int
    bytes: int
    height: int
    """Levels above the leaves, as the planner counts them; 0 where the method has none."""
    tuples: float
    """Rows that are in it."""
    entry_bytes: float
    """Of one entry's tuple on its own, without line pointer."""
    entries: float
    """Of a row: one, but as many as it has elements in a GIN index."""
    distinct: tuple[float, ...]
    """How many different first columns of the key there are, first two …, whole keys."""
    error: float
    """The real size lies between `bytes` / (1 + error) and `bytes` * (1 + error), in nearly all
    cases."""
    error_above: float | None = None
    """The same for the upper end, where that is nearer: what is not known is often taken for the
    larger."""

    @property
    def above(self) -> float:
        return self.error if self.error_above is None else self.error_above

    @property
    def rough(self) -> bool:
        """Is it of the right order only?"""
        return self.error > ROUGH

    @property
    def least_bytes(self) -> int:
        return round(self.bytes / (1 + self.error))

    @property
    def most_bytes(self) -> int:
        return round(self.bytes * (1 + self.above))


def index_size(
    method: str,
    keys: Sequence[KeyWidth],
    include: Sequence[KeyWidth] = (),
    *,
    rows: float,
    table_pages: float = 0,
    share: float = 1.0,
    fixed: Collection[str] = (),
    present: Collection[str] = (),
    distinct: Mapping[frozenset[str], float] | None = None,
    tuple_bytes: float | None = None,
    unique: bool = False,
    entries: Sequence[GinEntries] = (),
    options: Mapping[str, str] | None = None,
    sampling: Sampling | None = None,
    build_memory: float = math.inf,
    major: int = 18,
    page_size: int = 8192,
) -> IndexSize:
    """The size of an index on a table of so many `rows` and pages.

    `share` of the rows satisfy a partial index's predicate (0 to 1), which allows one value of
    each of the `fixed` columns, and no null in those that have to be `present`. `distinct` tells
    how many different combinations of columns (by their names) the whole table has, where that is
    known, `tuple_bytes` what the keys take in a row, where that was counted. GIN needs the
    `entries` of each column and the memory of its build, BRIN the table's pages. `options` are
    storage parameters. Raises ValueError for another method than btree, hash, gin, gist and brin.
    """
    if method not in ERRORS:
        raise ValueError(f"no size is known for the access method {method}")
    options = options or {}
    found = key_classes(keys, rows, sampling, fixed=fixed, present=present, known=distinct)
    full = {*fixed, *present}
    keys = [replace(key, null_fraction=0.0) if key.name in full else key for key in keys]
    include = [replace(key, null_fraction=0.0) if key.name in full else key for key in include]
    kept = rows * share
    known = all(key.known for key in [*keys, *include])
    sizes = tuple_sizes([*keys, *include])
    # How far an index compresses long values (some are, at half of that) no count tells.
    long = tuple_bytes is not None and tuple_bytes > UNCOMPRESSED / 2
    if tuple_bytes is not None and not known and not (long and sizes.mean < tuple_bytes):
        sizes = mean_size(tuple_bytes)
    error, height = ERRORS[method], 0
    above: float | None = None
    if method == "btree":
        joined = not unique and _joins_duplicates(keys, include, options, major)
        tree = _Tree(keys, sizes, found, kept, int(options.get("fillfactor", "90")), page_size)
        pages, height = tree.pages(found.whole if joined else None)
        if not known and tuple_bytes is not None:
            error, above = LONG_ERROR if long else COUNTED_ERROR, COUNTED_ERROR
        elif not known:
            above = UNKNOWN_WIDTH_ERROR  # what is not known is taken as unique
            error = UNKNOWN_DUPLICATES_ERROR if joined else above
        elif joined and sampling is not None:
            more, less = tree.doubt(pages, seldom_met(found.whole, rows, sampling))
            above = error + more
            error += max(more, less)
    elif method == "hash":
        fillfactor = int(options.get("fillfactor", "75"))
        pages = hash_pages(kept, found.whole, fillfactor=fillfactor, page_size=page_size)
    elif method == "brin":
        ranges = int(options.get("pages_per_range", "128"))
        pages = brin_pages(keys, table_pages, pages_per_range=ranges, page_size=page_size)
    elif method == "gin":
        pages = gin_pages(
            entries,
            kept,
            table_pages,
            columns=len(keys),
            memory=build_memory,
            page_size=page_size,
        )
        if all(column.sure for column in entries):
            error = COUNTED_ERROR
        elif not all(column.known for column in entries):
            error = UNKNOWN_ENTRIES_ERROR
    else:
        pages, height = gist_pages(kept, sizes, sorted_build=major >= 18, page_size=page_size)
    return IndexSize(
        pages=pages,
        bytes=pages * page_size,
        height=height,
        tuples=kept,
        entry_bytes=_entry_bytes(method, sizes, entries),
        entries=sum(column.per_row for column in entries) if method == "gin" else 1.0,
        distinct=found.distinct(kept),
        error=error,
        error_above=above,
    )


def together(parts: Sequence[IndexSize]) -> IndexSize:
    """Of the partitions of a table."""
    if not parts:
        return IndexSize(0, 0, 0, 0.0, 0.0, 1.0, (), 0.0)
    return IndexSize(
        pages=sum(part.pages for part in parts),
        bytes=sum(part.bytes for part in parts),
        height=max(part.height for part in parts),
        tuples=sum(part.tuples for part in parts),
        entry_bytes=max(part.entry_bytes for part in parts),
        entries=max(part.entries for part in parts),
        distinct=tuple(map(sum, zip(*(part.distinct for part in parts), strict=True))),
        error=max(part.error for part in parts),
        error_above=max(part.above for part in parts),
    )


def _entry_bytes(method: str, sizes: TupleSizes, entries: Sequence[GinEntries]) -> float:
    if method == "hash":
        return HASH_ENTRY
    if method == "gin":
        a_row = max(sum(column.per_row for column in entries), 1e-9)
        return sum(column.tuple_bytes * column.per_row for column in entries) / a_row
    return sizes.mean


def _joins_duplicates(
    keys: Sequence[KeyWidth], include: Sequence[KeyWidth], options: Mapping[str, str], major: int
) -> bool:
    switch = options.get("deduplicate_items", "on").lower()
    return (
        major >= DEDUPLICATION_SINCE
        and not include
        and all(key.deduplicates for key in keys)
        and switch in ("on", "true", "yes", "1")
    )


@dataclass(frozen=True, slots=True)
class _Tree:
    """What a B-tree is made of."""

    keys: Sequence[KeyWidth]
    sizes: TupleSizes
    classes: KeyClasses
    rows: float
    fillfactor: int
    page_size: int

    def pages(self, joined: Sequence[KeyClass] | None) -> tuple[int, int]:
        """Pages, and levels above the leaves, with the duplicates of such classes `joined`."""
        distinct = self.classes.distinct(self.rows)
        prefixes = [
            Prefix(count, min(tuple_sizes(self.keys[: place + 1]).mean, self.sizes.mean))
            for place, count in enumerate(distinct)
        ]
        found = btree_pages(
            self.rows,
            self.sizes,
            joined,
            prefixes,
            fillfactor=self.fillfactor,
            page_size=self.page_size,
        )
        return found.pages, found.height

    def doubt(self, pages: int, seldom_met: float) -> tuple[float, float]:
        """How much larger it is if keys of which the sample met hardly any twice are unique, and
        how much smaller if columns depend on one another."""
        unique = self.pages(None)[0] / pages - 1
        dependent = 0.0
        if self.classes.fewest is not None:
            dependent = pages / self.pages(self.classes.fewest)[0] - 1
        return seldom_met * unique, dependent
