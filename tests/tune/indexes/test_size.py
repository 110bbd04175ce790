"""Sizes from statistics, beside those of real indexes on PostgreSQL 12, 15 and 18."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.tune.indexes.real_indexes import BTREES, OTHERS, ROWS, SINCE_13, TRIGRAMS, Built, build

from dbwright.sandbox import start
from dbwright.tune.indexes.estimate import estimated_size
from dbwright.tune.indexes.size import IndexSize, index_size
from dbwright.tune.indexes.widths import KeyWidth

WITHIN = 0.1
"""Of the real pages; one page more or less is always let pass."""
FIXED = {"partial": {"flag": "t"}, "partial_status": {"status": "open"}}
PRESENT = {"partial_not_null": ("seldom",)}
TOO_LARGE = {"hour", "city_region"}
"""An expression whose number of values nobody knows; columns that depend on one another."""


@pytest.fixture(scope="module", params=sorted(ROWS))
def built(request: pytest.FixtureRequest) -> Iterator[Built]:
    with start(request.param, settings={"maintenance_work_mem": "128MB"}) as server:
        yield build(server)


def ours(built: Built, name: str, *, all_values: bool = False) -> IndexSize:
    index, table = built.index(name)
    statistics = built.statistics if all_values else built.snapshot.statistics
    assert statistics is not None
    share = None
    if index.partial:
        rows = statistics.of(table)
        held = built.real(name).rows
        assert rows is not None and held is not None
        share = held / rows.best_rows
    return estimated_size(
        index,
        table,
        built.snapshot.catalog,
        statistics,
        share=share,
        fixed=FIXED.get(name),
        present=PRESENT.get(name, ()),
    )


@pytest.mark.parametrize("name", [name for name in (*BTREES, *SINCE_13) if name not in TOO_LARGE])
def test_btree(built: Built, name: str) -> None:
    if name in SINCE_13 and built.snapshot.catalog.server.major < 13:
        return  # there is no such option
    real = built.real(name).pages
    found = ours(built, name)
    assert found.bytes == found.pages * 8192
    assert abs(found.pages - real) <= max(WITHIN * real, 1), (found, real)


def test_what_is_not_known_is_taken_as_unique(built: Built) -> None:
    """So the estimate errs on the large side, and `error` says how far."""
    for name in TOO_LARGE:
        real = built.real(name).pages
        found = ours(built, name)
        assert real * (1 - WITHIN) <= found.pages <= real * 4
    joined = built.snapshot.catalog.server.major >= 13
    assert ours(built, "hour").error == (3.0 if joined else 0.5)


def test_real_sizes_are_within_the_error(built: Built) -> None:
    for name in BTREES:
        real = built.real(name).pages
        found = ours(built, name)
        assert real / (1 + found.error) - 1 <= found.pages <= real * (1 + found.error) + 1, name


def test_extended_statistics_know_combinations(built: Built) -> None:
    real = built.real("city_region").pages
    assert abs(ours(built, "city_region", all_values=True).pages - real) <= max(WITHIN * real, 1)


def test_with_all_values(built: Built) -> None:
    """Longer lists of common values and bounds do no harm."""
    for name in BTREES:
        if name not in TOO_LARGE:
            real = built.real(name).pages
            found = ours(built, name, all_values=True)
            assert abs(found.pages - real) <= max(WITHIN * real, 1), (name, found, real)


def test_all_together(built: Built) -> None:
    """Errors are not all to one side."""
    names = [name for name in BTREES if name not in TOO_LARGE]
    sum_real = sum(built.real(name).pages for name in names)
    sum_ours = sum(ours(built, name).pages for name in names)
    assert abs(sum_ours / sum_real - 1) < 0.02


@pytest.mark.parametrize("name", [*OTHERS, *TRIGRAMS])
@pytest.mark.parametrize("all_values", [False, True])
def test_other_methods(built: Built, name: str, all_values: bool) -> None:
    if name in TRIGRAMS and built.snapshot.catalog.server.major != 18:
        return  # the servers of the other majors come without pg_trgm
    real = built.real(name).pages
    found = ours(built, name, all_values=all_values)
    low, high = real / (1 + found.error) - 1, real * (1 + found.error) + 1
    assert low <= found.pages <= high, (found, real)


def test_partial_index_needs_its_share(built: Built) -> None:
    index, table = built.index("partial")
    assert built.snapshot.statistics is not None
    with pytest.raises(ValueError, match="share of rows"):
        estimated_size(index, table, built.snapshot.catalog, built.snapshot.statistics)


def test_unknown_method() -> None:
    with pytest.raises(ValueError, match="spgist"):
        index_size("spgist", [KeyWidth("a", ((4, 1.0),), 4)], rows=10)
