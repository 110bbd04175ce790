"""Substitutes of values: their order and their equalities, and nothing else of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbwright.model.catalog import Column
from dbwright.model.statistics import ColumnStatistics
from dbwright.snapshot.substitute import substituted


def _of(type_: str, common: list[str], bounds: list[str]) -> tuple[ColumnStatistics, Column]:
    base = type_.partition("(")[0]
    length = int(type_.partition("(")[2].rstrip(")")) if base == "character varying" else None
    known = ColumnStatistics(1, "c", 0.0, 4, -1.0, tuple(common), histogram=tuple(bounds))
    return known, Column("c", 1, type_, base, length=length)


@given(
    st.lists(st.decimals(allow_nan=False, places=2), unique=True, max_size=30), st.integers(0, 30)
)
def test_numbers_keep_their_order(values: list[Decimal], split: int) -> None:
    common, bounds = values[:split], sorted(values[split:])
    known, column = _of("numeric", [str(v) for v in common], [str(v) for v in bounds])
    new = substituted(known, column)
    ranks = [int(v) for v in new.common_values + new.histogram]
    both = common + bounds
    assert [ranks.index(r) for r in sorted(ranks)] == [both.index(v) for v in sorted(both)]
    assert new.sample == ()


@given(st.lists(st.dates(), unique=True, min_size=1, max_size=30))
def test_dates_keep_their_order(values: list[date]) -> None:
    ours = [str(value) for value in sorted(values)]
    texts = ["-infinity", "0044-03-15 BC", *ours, "10000-01-01", "infinity"]
    new = substituted(*_of("date", texts, []))
    assert list(new.common_values) == sorted(set(new.common_values))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)


@given(st.lists(TEXTS, unique=True, max_size=40), st.lists(TEXTS, unique=True, max_size=40))
def test_texts_keep_equalities_and_the_histogram_s_order(
    common: list[str], bounds: list[str]
) -> None:
    """The bounds come in an order of which nothing is known: some collation's."""
    new = substituted(*_of("text", common, bounds))
    substitutes = dict(zip(common + bounds, new.common_values + new.histogram, strict=True))
    assert [substitutes[value] for value in common] == list(new.common_values)
    assert len(set(substitutes.values())) == len(substitutes)
    assert list(new.histogram) == sorted(new.histogram)
    for value in substitutes.values():
        assert value.isdecimal()


def test_substitutes_say_nothing_of_the_value() -> None:
    """Only its rank: else one could guess at values and compare."""
    one = substituted(*_of("text", ["alice"], []))
    two = substituted(*_of("text", ["bob"], []))
    assert one.common_values == two.common_values == ("00001",)


@pytest.mark.parametrize(
    ("type_", "values", "expected"),
    [
        ("character varying(2)", 99, ("01", "99")),
        ("character varying(2)", 100, ()),
        ("numeric(3,1)", 999, ("0.1", "99.9")),
        ("numeric(3,1)", 1000, ()),
        ("numeric(2,-2)", 99, ("100", "9900")),
        ("uuid", 3, ()),
    ],
)
def test_substitutes_fit_into_the_column(
    type_: str, values: int, expected: tuple[str, ...]
) -> None:
    new = substituted(*_of(type_, [f"{n:04d}" for n in range(values)], []))
    assert (new.common_values[:1] + new.common_values[-1:]) == expected
