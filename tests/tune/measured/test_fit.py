"""Constants are found again from times that they made."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbwright.tune.measured.fit import DEFAULTS, MOST, Observation, error_of, fit

counts = st.fixed_dictionaries(
    {
        "seq_page_cost": st.floats(0, 10_000),
        "random_page_cost": st.floats(0, 5_000),
        "cpu_tuple_cost": st.floats(1, 1_000_000),
        "cpu_index_tuple_cost": st.floats(0, 500_000),
        "cpu_operator_cost": st.floats(0, 3_000_000),
    }
)
factors = st.fixed_dictionaries({name: st.floats(0.2, 5) for name in DEFAULTS})


def true_constants(factors: dict[str, float]) -> dict[str, float]:
    found = {name: default * factors[name] for name, default in DEFAULTS.items()}
    found["seq_page_cost"] = 1.0
    found["random_page_cost"] = max(1.0, min(MOST, found["random_page_cost"]))
    return found


@given(st.lists(counts, min_size=6, max_size=12), factors, st.floats(1e-6, 1e-3))
@settings(max_examples=25, deadline=None)
def test_exact_times_are_explained(
    plans: list[dict[str, float]], factors: dict[str, float], scale: float
) -> None:
    true = true_constants(factors)
    seen = [
        Observation(scale * Observation(1.0, plan, 0.5).cost(true), plan, 0.5) for plan in plans
    ]
    found = fit(seen)
    assert found.constants["seq_page_cost"] == 1.0
    for name, default in DEFAULTS.items():
        assert default / MOST * 0.999 <= found.constants[name] <= default * MOST * 1.001
    assert 1.0 <= found.constants["random_page_cost"] <= MOST
    assert found.error <= error_of(seen, DEFAULTS) + 0.05
    assert found.error < 0.1


def test_what_says_nothing_stays_at_its_default() -> None:
    plans = [{"seq_page_cost": 100.0 * n, "cpu_tuple_cost": 500.0 * n * n} for n in range(1, 9)]
    seen = [
        Observation(plan["seq_page_cost"] * 1e-5 + plan["cpu_tuple_cost"] * 3e-7, plan)
        for plan in plans
    ]
    found = fit(seen).constants
    assert found["cpu_tuple_cost"] == pytest.approx(0.03, rel=0.02)
    for name in ("random_page_cost", "cpu_index_tuple_cost", "cpu_operator_cost"):
        assert found[name] == pytest.approx(DEFAULTS[name])


def test_one_plan_that_is_far_off_does_not_pull() -> None:
    plans = [
        {"seq_page_cost": 50.0 * n, "random_page_cost": 20.0 * (10 - n), "cpu_tuple_cost": 1000.0}
        for n in range(1, 10)
    ]
    seen = [
        Observation(1e-5 * (plan["seq_page_cost"] + 1.5 * plan["random_page_cost"] + 10.0), plan)
        for plan in plans
    ]
    seen[4] = Observation(seen[4].seconds * 40, seen[4].counts)
    assert fit(seen).constants["random_page_cost"] == pytest.approx(1.5, rel=0.05)
