"""What an index is weighed against."""

from __future__ import annotations

import pytest

from dbwright.tune.indexes.problem import at_stake


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ([], 0.0),
        ([0.0, 7.0], 7.0),
        ([5.0, 5.0], 10.0),
        ([1000.0, 1.0], 1001.0),
        ([1.0] * 30, 30.0),
    ],
)
def test_it_is_the_cost_of_all(costs: list[float], expected: float) -> None:
    assert at_stake(costs) == pytest.approx(expected)


def test_a_few_large_queries_do_not_hide_the_others() -> None:
    found = at_stake([800.0, 700.0, *[1.0] * 20])
    assert 20 < found < 40
    # Each of the large ones is a tenth of it.
    assert found == pytest.approx(20 / (1 - 0.2))


def test_but_something_is_left_of_them() -> None:
    assert at_stake([1e9, *[1e-3] * 40]) == pytest.approx(1e7)
