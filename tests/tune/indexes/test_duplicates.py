"""Classes of keys: what holds for all of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbwright.tune.indexes.duplicates import (
    UNIQUE,
    KeyClass,
    binned,
    combined,
    distinct_keys,
    scaled_to,
    without_nulls,
)

parts = st.lists(
    st.tuples(st.floats(1, 1e6), st.floats(0.01, 1), st.booleans()), min_size=1, max_size=8
)


def classes_of(drawn: list[tuple[float, float, bool]]) -> tuple[KeyClass, ...]:
    """With shares that add up to 1."""
    total = sum(share for _, share, _ in drawn)
    return tuple(KeyClass(keys, share / total / keys, null) for keys, share, null in drawn)


@settings(deadline=None)
@given(parts, parts)
def test_combinations(
    one: list[tuple[float, float, bool]], other: list[tuple[float, float, bool]]
) -> None:
    rows = 1e5
    first, second = classes_of(one), classes_of(other)
    both = combined([first, second])
    assert sum(found.share for found in both) == pytest.approx(1)
    together = distinct_keys(both, rows)
    assert together <= rows * 1.0001
    assert together >= 0.99 * max(distinct_keys(first, rows), distinct_keys(second, rows))


@settings(deadline=None)
@given(parts)
def test_classes_put_together_have_as_many_keys(drawn: list[tuple[float, float, bool]]) -> None:
    classes = classes_of(drawn)
    assert distinct_keys(binned(classes), 1e5) == pytest.approx(
        distinct_keys(classes, 1e5), rel=0.01
    )


@settings(deadline=None)
@given(parts, st.floats(10, 5e4))
def test_scaled(drawn: list[tuple[float, float, bool]], wanted: float) -> None:
    found = scaled_to(classes_of(drawn), wanted, 1e5)
    assert distinct_keys(found, 1e5) == pytest.approx(wanted, rel=0.01)
    assert sum(part.share for part in found) == pytest.approx(1)


def test_scaled_to_unique() -> None:
    (found,) = scaled_to((KeyClass(10, 0.1),), 1000, 1000)
    assert (found.keys, found.share) == (UNIQUE, 1)


def test_many_unique_columns_keep_their_share() -> None:
    unique = (KeyClass(UNIQUE, 1 / UNIQUE),)
    (found,) = combined([unique] * 32)
    assert found.share == pytest.approx(1)


def test_without_nulls() -> None:
    found = without_nulls((KeyClass(1, 0.5, null=True), KeyClass(5, 0.1)))
    assert found == (KeyClass(5, 0.2),)
