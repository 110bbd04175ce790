"""The search beside trying out every set, on planners that are a table of plans."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from dbwright.tune.indexes.bound import NEAR, RELATIVE_GAP, Bounds
from dbwright.tune.indexes.choose import Problem, choose
from dbwright.tune.indexes.costs import Costs, bits, mask
from dbwright.tune.indexes.search import Effort, Found, search

NAMES = tuple("abcdefgh")


@dataclass(frozen=True)
class Plan:
    cost: float
    used: frozenset[str]


@dataclass
class TablePlanner:
    """Each query has plans that need some indexes; the planner takes the cheapest that it can."""

    plans: Sequence[Sequence[Plan]]
    calls: int = 0

    def ask(self, statements: Sequence[str], visible: Iterable[str]) -> list[Plan]:
        there = frozenset(visible)
        self.calls += len(statements)
        return [
            min(
                (plan for plan in self.plans[int(number)] if plan.used <= there),
                key=lambda plan: (plan.cost, sorted(plan.used)),
            )
            for number in statements
        ]


@st.composite
def situations(draw: st.DrawFn) -> tuple[TablePlanner, Problem]:
    count = draw(st.integers(2, len(NAMES)))
    names = NAMES[:count]
    plan = st.builds(
        Plan, st.integers(1, 99).map(float), st.frozensets(st.sampled_from(names), min_size=1)
    )
    queries = draw(st.lists(st.lists(plan, max_size=6), min_size=1, max_size=5))
    planner = TablePlanner([[Plan(100.0, frozenset()), *plans] for plans in queries])
    sizes = [float(draw(st.integers(1, 20))) for _ in names]
    problem = Problem(
        weights=[float(draw(st.integers(1, 5))) for _ in queries],
        sizes=sizes,
        upkeep=[draw(st.sampled_from([0.0, 0.5, 10.0])) for _ in names],
        budget=draw(st.sampled_from([float("inf"), sum(sizes) / 2, sum(sizes) / 4])),
        allowed=mask(range(count)),
    )
    return planner, problem


def costs_of(planner: TablePlanner, count: int) -> Costs:
    statements = [str(number) for number in range(len(planner.plans))]
    everything = mask(range(count))
    return Costs(planner, statements, NAMES[:count], [everything] * len(statements))


def best_of_all(planner: TablePlanner, problem: Problem) -> float:
    count = len(problem.sizes)
    costs = costs_of(planner, count)
    every = (mask(set_) for size in range(count + 1) for set_ in combinations(range(count), size))
    return min(problem.value(costs, chosen) for chosen in every if problem.fits(chosen))


@settings(max_examples=60, deadline=None)
@given(situations())
def test_it_finds_the_best_set_and_knows_how_good_it_is(
    situation: tuple[TablePlanner, Problem],
) -> None:
    planner, problem = situation
    costs = costs_of(planner, len(problem.sizes))
    found = search(problem, costs, Effort(calls=10_000, seconds=60))
    best = best_of_all(planner, problem)
    assert problem.fits(found.chosen)
    assert abs(found.after - problem.value(costs, found.chosen)) < 1e-6
    assert found.bound <= best + 1e-6
    assert found.after <= best * 1.01 + 1e-6


@settings(max_examples=20, deadline=None)
@given(situations(), st.data())
def test_no_set_is_better_than_the_bound_however_little_is_known(
    situation: tuple[TablePlanner, Problem], data: st.DataObject
) -> None:
    planner, problem = situation
    count = len(problem.sizes)
    costs = costs_of(planner, count)
    bounds = Bounds(problem, costs, lambda: 60.0)
    best = best_of_all(planner, problem)
    costs.all(0)
    for _ in range(2):
        parts, whole = bounds.lower(whole=False).value, bounds.lower(whole=True).value
        assert parts <= whole * (1 + RELATIVE_GAP) + 1e-6
        assert whole <= best + 1e-6
        costs.all(data.draw(st.integers(0, (1 << count) - 1)))
    assert bounds.approach(best, lambda: False) >= best * (1 - NEAR) - 1e-6
    assert costs.calls <= len(costs) * 2**count


def test_the_bound_does_not_rely_on_plans_that_the_planner_should_not_have_taken() -> None:
    """With `b` there as well it drops early what would have been cheaper in the end."""

    class Hasty(TablePlanner):
        def ask(self, statements: Sequence[str], visible: Iterable[str]) -> list[Plan]:
            there = frozenset(visible)
            return super().ask(statements, there - {"a"} if "b" in there else there)

    plans = [[Plan(100.0, frozenset()), Plan(10.0, frozenset("a")), Plan(50.0, frozenset("b"))]]
    costs = costs_of(Hasty(plans), 2)
    problem = Problem([1.0], [1.0, 1.0], [1.0, 1.0], float("inf"), 0b11)
    assert [costs.all(chosen) for chosen in (0b00, 0b11, 0b01)] == [[100.0], [50.0], [10.0]]
    bounds = Bounds(problem, costs, lambda: 60.0)
    assert bounds.lower(whole=False).value == bounds.lower(whole=True).value == 11.0
    found = search(problem, costs, Effort(calls=100, seconds=60))
    assert found.chosen == 0b01 and found.bound == found.after == 11.0


@settings(max_examples=30, deadline=None)
@given(situations(), st.randoms(use_true_random=False))
def test_the_choice_is_exact_in_bytes_and_planner_units(
    situation: tuple[TablePlanner, Problem], chance: random.Random
) -> None:
    """HiGHS has tolerances that are absolute: with rows in bytes it took worse sets for the best."""
    planner, problem = situation
    sizes = [8192.0 * chance.randint(1, 250_000) for _ in problem.sizes]
    budget = sum(sizes) / 2
    problem = replace(
        problem,
        sizes=sizes,
        weights=[weight * 1e5 for weight in problem.weights],
        upkeep=[upkeep * 1e5 for upkeep in problem.upkeep],
        budget=budget,
        allowed=mask(n for n, size in enumerate(sizes) if size <= budget),
    )
    costs = costs_of(planner, len(sizes))
    for chosen in range(1 << len(sizes)):
        costs.all(chosen)
    found = choose(problem, costs, 60.0)
    assert problem.fits(found)
    assert problem.value(costs, found) <= best_of_all(planner, problem) * (1 + 1e-4)


@settings(max_examples=60, deadline=None)
@given(situations(), st.data())
def test_what_is_remembered_is_what_the_planner_says(
    situation: tuple[TablePlanner, Problem], data: st.DataObject
) -> None:
    planner, problem = situation
    count = len(problem.sizes)
    costs = costs_of(planner, count)
    for _ in range(30):
        chosen = data.draw(st.integers(0, (1 << count) - 1))
        names = [NAMES[number] for number in bits(chosen)]
        for query in range(len(costs)):
            (said,) = planner.ask([str(query)], names)
            assert costs.cost(query, chosen) == said.cost
            assert costs.bound(query, chosen) >= said.cost
    assert costs.calls < costs.requests


def test_it_stops_at_its_limit() -> None:
    plans = [
        [Plan(100.0, frozenset()), *(Plan(50.0 - n, frozenset(NAMES[n])) for n in range(8))]
    ] * 5
    planner = TablePlanner(plans)
    problem = Problem([1.0] * 5, [1.0] * 8, [0.0] * 8, 2.0, mask(range(8)))
    found = search(problem, costs_of(planner, 8), Effort(calls=12, seconds=60))
    assert not found.complete
    assert problem.fits(found.chosen)
    assert found.bound <= found.after < found.before
    at_once = search(problem, costs_of(planner, 8), Effort(calls=1, seconds=0))
    assert not at_once.complete
    assert at_once.after < at_once.before, "there is a set however short the time was"


def test_many_queries_have_a_good_set_whenever_the_time_is_up() -> None:
    """Plans are learnt in rounds: the first one alone gives what each query wants most."""
    chance = random.Random(3)
    names = [f"i{number}" for number in range(150)]
    plans: list[list[Plan]] = []
    for _ in range(100):
        own = chance.sample(names, 6)
        better = [Plan(chance.uniform(5, 90), frozenset({name})) for name in own]
        both = Plan(chance.uniform(1, 30), frozenset(own[:2]))
        plans.append([Plan(100.0, frozenset()), both, *better])
    relevant = [
        mask(n for n, name in enumerate(names) if any(name in plan.used for plan in own))
        for own in plans
    ]
    problem = Problem([1.0] * 100, [1.0] * 150, [0.5] * 150, float("inf"), mask(range(150)))

    def found_with(calls: int) -> tuple[Found, Costs]:
        planner = TablePlanner(plans)
        costs = Costs(planner, [str(n) for n in range(100)], names, relevant)
        return search(problem, costs, Effort(calls=calls, seconds=60)), costs

    least = sum(min(plan.cost for plan in own) for own in plans)
    little, _ = found_with(250)
    assert not little.complete
    assert little.after < 1.5 * least + 0.5 * 150
    enough, costs = found_with(20_000)
    assert enough.complete
    assert enough.after <= little.after
    assert enough.within < 0.02
    assert enough.bound <= enough.after == problem.value(costs, enough.chosen)
    again, _ = found_with(20_000)
    assert again == enough


def test_an_index_that_another_query_needs_may_spare_one() -> None:
    """`b` was made for the second query alone; the first is as well served by it."""
    plans = [
        [Plan(100.0, frozenset()), Plan(10.0, frozenset("a")), Plan(11.0, frozenset("b"))],
        [Plan(100.0, frozenset()), Plan(10.0, frozenset("b"))],
    ]
    costs = Costs(TablePlanner(plans), ["0", "1"], ("a", "b"), [0b01, 0b10])
    problem = Problem([1.0, 1.0], [1.0, 1.0], [5.0, 5.0], float("inf"), 0b11)
    assert search(problem, costs, Effort(calls=1000, seconds=60)).chosen == 0b11
    # Only where both are there, the planner is asked about both: it takes `a` for the first one.
    plans[0][2] = Plan(9.0, frozenset("b"))
    costs = Costs(TablePlanner(plans), ["0", "1"], ("a", "b"), [0b01, 0b10])
    found = search(problem, costs, Effort(calls=1000, seconds=60))
    assert found.chosen == 0b10
    assert found.after == 9 + 10 + 5


def test_of_two_that_do_the_same_the_better_one_is_taken() -> None:
    plans = [[Plan(100.0, frozenset()), Plan(10.0, frozenset("a")), Plan(10.0, frozenset("b"))]]
    for rather, chosen in (({0: (1,)}, 0b10), ({1: (0,)}, 0b01)):
        problem = Problem([1.0], [1.0, 1.0], [5.0, 5.0], float("inf"), 0b11, rather=rather)
        costs = costs_of(TablePlanner(plans), 2)
        assert search(problem, costs, Effort(calls=1000, seconds=60)).chosen == chosen
