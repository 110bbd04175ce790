"""How large an index will be, from column statistics alone.

It is the size that CREATE INDEX builds; a B-tree that grows by inserts in random order is about a
third larger (pages split into halves). B-trees are within 10 % of real builds where the statistics
are good (tests/tune/indexes/test_size.py, bench/index_size.py); `IndexSize.error` says how far off
the size may be.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from dbwright.tune.indexes.brin_size import brin_pages
from dbwright.tune.indexes.btree_size import Prefix, btree_pages
from dbwright.tune.indexes.combinations import KeyClasses, key_classes
from dbwright.tune.indexes.duplicates import KeyClass
from dbwright.tune.indexes.gin_size import GinEntries, gin_pages
from dbwright.tune.indexes.gist_size import gist_pages
from dbwright.tune.indexes.hash_size import hash_pages
from dbwright.tune.indexes.sampled import Sampling, seldom_met
from dbwright.tune.indexes.widths import KeyWidth, TupleSizes, tuple_sizes

__all__ = ["ERRORS", "IndexSize", "index_size"]

ERRORS: Mapping[str, float] = {"btree": 0.15, "hash": 0.25, "brin": 0.5, "gin": 2.0, "gist": 1.0}
"""By access method, where the statistics are good."""
UNKNOWN_WIDTH_ERROR = 0.5
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
    unique: bool = False,
    entries: Sequence[GinEntries] = (),
    options: Mapping[str, str] | None = None,
    sampling: Sampling | None = None,
    major: int = 18,
    page_size: int = 8192,
) -> IndexSize:
    """The size of an index on a table of so many `rows` and pages.

    `share` of the rows satisfy a partial index's predicate (0 to 1), which allows one value of
    each of the `fixed` columns, and no null in those that have to be `present`. `distinct` tells
    how many different combinations of columns (by their names) the whole table has, where that is
    known. GIN needs the `entries` of each column, BRIN the table's pages. `options` are storage
    parameters. Raises ValueError for another method than btree, hash, gin, gist and brin.
    """
    if method not in ERRORS:
        raise ValueError(f"no size is known for the access method {method}")
    options = options or {}
    found = key_classes(keys, rows, sampling, fixed=fixed, present=present, known=distinct)
    full = {*fixed, *present}
    keys = [replace(key, null_fraction=0.0) if key.name in full else key for key in keys]
    include = [replace(key, null_fraction=0.0) if key.name in full else key for key in include]
    kept = rows * share
    sizes = tuple_sizes([*keys, *include])
    error, height = ERRORS[method], 0
    if method == "btree":
        joined = not unique and _joins_duplicates(keys, include, options, major)
        tree = _Tree(keys, sizes, found, kept, int(options.get("fillfactor", "90")), page_size)
        pages, height = tree.pages(found.whole if joined else None)
        if not all(key.known for key in [*keys, *include]):
            error = UNKNOWN_DUPLICATES_ERROR if joined else UNKNOWN_WIDTH_ERROR
        elif joined and sampling is not None:
            error += tree.doubt(pages, seldom_met(found.whole, rows, sampling))
    elif method == "hash":
        fillfactor = int(options.get("fillfactor", "75"))
        pages = hash_pages(kept, found.whole, fillfactor=fillfactor, page_size=page_size)
    elif method == "brin":
        ranges = int(options.get("pages_per_range", "128"))
        pages = brin_pages(keys, table_pages, pages_per_range=ranges, page_size=page_size)
    elif method == "gin":
        pages = gin_pages(entries, kept, table_pages, page_size=page_size)
    else:
        pages, height = gist_pages(kept, sizes, page_size=page_size)
    return IndexSize(
        pages=pages,
        bytes=pages * page_size,
        height=height,
        tuples=kept,
        entry_bytes=_entry_bytes(method, sizes, entries),
        entries=sum(column.per_row for column in entries) if method == "gin" else 1.0,
        distinct=found.distinct(kept),
        error=error,
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
            Prefix(count, tuple_sizes(self.keys[: place + 1]).mean)
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

    def doubt(self, pages: int, seldom_met: float) -> float:
        """How far off the size is if keys of which the sample met hardly any twice are unique, or
        if columns depend on one another."""
        unique = self.pages(None)[0] / pages - 1
        dependent = 0.0
        if self.classes.fewest is not None:
            dependent = pages / self.pages(self.classes.fewest)[0] - 1
        return max(seldom_met * unique, dependent)
