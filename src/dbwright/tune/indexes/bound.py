"""How good could any set be? A lower bound, so that advice can say how far it is from the best.

If the indexes Y give a query the cost c, then no subset of Y gives it less: the planner had all
of them to choose from. So a set is only better than c where it has an index outside of Y. Each
plan that is known is such a cut, and the best set that all cuts allow is a bound for every set.
"""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.tune.indexes.choose import Problem
from dbwright.tune.indexes.costs import Costs, bits, mask

__all__ = ["Bound", "lower_bound", "sharpen"]


@dataclass(frozen=True, slots=True)
class Bound:
    value: float
    """No set of candidates that fits costs less, as far as the planner keeps to the rule."""
    chosen: int
    """The set that would reach it if the cuts were all there is to know."""


def lower_bound(problem: Problem, costs: Costs, seconds: float) -> Bound:
    """The bound of what is known by now."""
    if not problem.allowed:  # a problem without a whole number in it has no such bound
        known = zip(problem.weights, costs.all(0), strict=True)
        return Bound(sum(weight * cost for weight, cost in known), 0)
    import highspy  # with numpy it takes a third of a second

    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.silent()
    solver.setOptionValue("time_limit", max(0.1, seconds))
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 0)
    x = {number: solver.addBinary(obj=problem.upkeep[number]) for number in bits(problem.allowed)}
    for number in bits(problem.forced):
        solver.addConstr(x[number] >= 1)
    if problem.budget < float("inf"):
        solver.addConstr(
            solver.qsum(problem.sizes[number] * variable for number, variable in x.items())
            <= problem.budget
        )
    plain = 0.0
    for query, weight in enumerate(problem.weights):
        least = min(plan.cost for plan in costs.plans[query])
        plain += weight * least
        cost = solver.addVariable(lb=least, obj=weight)
        for outside, limit in _cuts(problem, costs, query):
            gain = limit - least
            if gain > 0:
                solver.addConstr(
                    cost + solver.qsum(gain * x[number] for number in bits(outside)) >= limit
                )
    solver.solve()
    values = solver.getSolution().col_value
    chosen = (
        mask(number for number, variable in x.items() if values[variable.index] > 0.5)
        if values
        else 0
    )
    # Out of time before it has any, the solver's own bound says nothing.
    return Bound(max(plain, solver.getInfo().mip_dual_bound), chosen)


def sharpen(costs: Costs, chosen: int, calls: int) -> None:
    """Learn why `chosen` is no better: of each query the largest set that gives the same cost.
    Spends up to `calls`."""
    spent = costs.calls + calls
    for query in range(len(costs)):
        visible = costs.relevant[query]
        while costs.calls < spent:
            outside = costs.plan(query, visible).used & ~chosen
            if not outside:
                break
            # One at a time: the fewer are hidden, the more the cut says.
            visible &= ~(outside & -outside)


def _cuts(problem: Problem, costs: Costs, query: int) -> list[tuple[int, float]]:
    """Sets of candidates, and what the query costs at least without any of them."""
    found: dict[int, float] = {}
    for plan in costs.plans[query]:
        outside = costs.relevant[query] & ~plan.visible & problem.allowed
        found[outside] = max(plan.cost, found.get(outside, 0.0))
    kept: list[tuple[int, float]] = []
    # The same or more with fewer candidates: the others say nothing beside it.
    for outside, limit in sorted(found.items(), key=lambda c: (-c[1], c[0].bit_count(), c[0])):
        if not any(not other & ~outside for other, _ in kept):
            kept.append((outside, limit))
    return kept
