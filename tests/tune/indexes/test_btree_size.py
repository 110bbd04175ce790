"""Pages of B-trees: what holds for all of them, and limits known from the source."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbwright.tune.indexes.btree_size import BtreePages, Prefix, btree_pages
from dbwright.tune.indexes.duplicates import UNIQUE, KeyClass
from dbwright.tune.indexes.widths import TupleSizes
from servers.postgresql import Database

sizes = st.integers(2, 60).map(lambda size: size * 8)
rows = st.floats(1, 1e7)
keys = st.floats(1, 1e7)


def of(size: int) -> TupleSizes:
    return TupleSizes({size: 1.0}, {}, {size: 1.0})


def pages(count: float, size: int, different: float | None, fillfactor: int = 90) -> BtreePages:
    classes = None if different is None else (KeyClass(different, 1 / different),)
    return btree_pages(
        count, of(size), classes, [Prefix(different or count, size)], fillfactor=fillfactor
    )


@settings(deadline=None)
@given(rows, sizes, keys)
def test_joined_is_not_larger(count: float, size: int, different: float) -> None:
    joined = pages(count, size, different)
    assert joined.pages <= pages(count, size, None).pages * 1.03 + 1
    assert joined.tuples <= count * 1.001


@settings(deadline=None)
@given(rows, sizes, keys, st.floats(1, 3))
def test_more_rows_are_not_smaller(count: float, size: int, different: float, more: float) -> None:
    # A single key's last page may be a little fuller: two digits of its rows are looked at.
    assert (
        pages(count * more, size, different).pages >= pages(count, size, different).pages * 0.95 - 1
    )


@settings(deadline=None)
@given(rows, sizes)
def test_fuller_pages_are_fewer(count: float, size: int) -> None:
    found = [pages(count, size, None, fillfactor=fill).pages for fill in (50, 70, 90, 100)]
    assert found == sorted(found, reverse=True)


@settings(deadline=None)
@given(rows, sizes)
def test_height(count: float, size: int) -> None:
    found = pages(count, size, None)
    assert (found.height == 0) == (found.leaf_pages == 1)
    assert found.pages > found.leaf_pages


@pytest.mark.parametrize("count", [1, 2, 366, 367, 368, 733, 734, 104_310, 104_311, 120_000])
def test_unique_rows_to_the_page(database: Database, count: int) -> None:
    """366 rows of 16 bytes fill a leaf and 284 children an inner page, and one more if it is the
    last one."""
    database.execute(
        f"""CREATE EXTENSION pageinspect;
        CREATE TABLE t AS SELECT g::bigint AS id FROM generate_series(1, {count}) g;
        CREATE INDEX i ON t (id)"""
    )
    real = database.execute("SELECT pg_relation_size('i') / 8192, level FROM bt_metap('i')")
    found = pages(count, 16, UNIQUE)
    assert [(found.pages, found.height)] == real


@pytest.mark.parametrize("count", [1, 2, 132, 133, 1188, 1320, 50_000])
def test_one_key(database: Database, count: int) -> None:
    """132 rows share a posting list, and nine of these fill a leaf. (How many rows one key has is
    not known to the row, so a page or two may be off.)"""
    database.execute(
        f"""CREATE TABLE t AS SELECT 1 AS one FROM generate_series(1, {count});
        CREATE INDEX i ON t (one)"""
    )
    ((real,),) = database.execute("SELECT pg_relation_size('i') / 8192")
    assert pages(count, 16, 1).pages == pytest.approx(real, abs=2)


def test_empty() -> None:
    assert pages(0, 16, None) == BtreePages(1, 0, 0, 0.0)
