"""The choice without a solver, beside the exact one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from dbwright.tune.indexes.choose import Problem, choose
from dbwright.tune.indexes.costs import Answered, Costs, KnownPlan, mask
from dbwright.tune.indexes.greedy import greedy

NAMES = tuple("abcdef")


class NoPlanner:
    """Nothing may be asked."""

    def ask(self, statements: Sequence[str], visible: Iterable[str]) -> Sequence[Answered]:
        raise AssertionError(statements)


def known(queries: list[list[tuple[float, int]]], count: int) -> Costs:
    """Costs of which each plan is known: (cost, indexes)."""
    everything = mask(range(count))
    costs = Costs(
        NoPlanner(), [str(n) for n in range(len(queries))], NAMES[:count], [everything] * 9
    )
    costs.plans = [
        [KnownPlan(cost, used, everything) for cost, used in [(100.0, 0), *plans]]
        for plans in queries
    ]
    return costs


def problem_of(sizes: list[float], queries: int, budget: float) -> Problem:
    everything = mask(range(len(sizes)))
    return Problem([1.0] * queries, sizes, [0.0] * len(sizes), budget, everything)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_never_worse_than_nothing_and_never_better_than_the_best(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 6))
    plan = st.tuples(st.integers(1, 99).map(float), st.integers(1, mask(range(count))))
    queries = data.draw(st.lists(st.lists(plan, max_size=5), min_size=1, max_size=5))
    sizes = [float(data.draw(st.integers(1, 20))) for _ in range(count)]
    forced = data.draw(st.sampled_from([0, 0, 1]))
    costs = known(queries, count)
    problem = Problem(
        weights=[float(data.draw(st.integers(1, 5))) for _ in queries],
        sizes=sizes,
        upkeep=[data.draw(st.sampled_from([0.0, 0.5, 10.0])) for _ in sizes],
        budget=sizes[0] + data.draw(st.sampled_from([float("inf"), sum(sizes) / 2])),
        allowed=mask(range(count)),
        forced=forced,
    )
    found = greedy(problem, costs)
    assert problem.fits(found)
    assert found & forced == forced
    value = problem.value_known(costs, found)
    assert value <= problem.value_known(costs, forced) + 1e-6
    best = problem.value_known(costs, choose(problem, costs, 10, found))
    assert best <= value + 1e-6
    assert costs.calls == 0
    assert greedy(problem, costs) == found


def test_two_indexes_that_are_worth_nothing_alone() -> None:
    costs = known([[(10.0, 0b011)], [(90.0, 0b100)]], 3)
    assert greedy(problem_of([5.0, 5.0, 5.0], 2, 10.0), costs) == 0b011


def test_an_exchange() -> None:
    # By the byte the small one comes first; then the large one, which serves better, has no room.
    costs = known([[(60.0, 0b01), (5.0, 0b10)]], 2)
    assert greedy(problem_of([1.0, 10.0], 1, 10.0), costs) == 0b10
