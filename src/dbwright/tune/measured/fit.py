"""Cost constants that fit the times of plans: a linear programme.

The cost of a plan that stays the same is linear in the constants: cost = sum of n[i] * c[i] + rest,
where the rest (parallel workers) is in the same unit and keeps its ratio to seq_page_cost. Wanted
are constants and a scale with seconds ~ scale * cost, by the least sum of relative deviations:
large and small plans count alike, and single plans that are far off (a wrong row estimate) do not
pull.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["DEFAULTS", "Fitted", "Observation", "error_of", "fit"]

DEFAULTS = {
    "seq_page_cost": 1.0,
    "random_page_cost": 4.0,
    "cpu_tuple_cost": 0.01,
    "cpu_index_tuple_cost": 0.005,
    "cpu_operator_cost": 0.0025,
}
"""As the server is compiled; costs.c calls seq_page_cost the unit."""
MOST = 10.0
"""No constant is more than so many times its default, nor less than its inverse."""
PULL = 0.01
"""Towards the default, for constants that the times say little about: of a whole deviation."""
DIGITS = 3
SMALL = 1e-8
"""The solver takes no coefficients below."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One plan and how long it took."""

    seconds: float
    counts: Mapping[str, float]
    """How often its cost holds each constant."""
    rest: float = 0.0

    def cost(self, constants: Mapping[str, float]) -> float:
        own = sum(count * constants[name] for name, count in self.counts.items())
        return own + self.rest * constants["seq_page_cost"]


@dataclass(frozen=True, slots=True)
class Fitted:
    constants: Mapping[str, float]
    """seq_page_cost is 1."""
    error: float
    """The median relative deviation."""


def error_of(observations: Sequence[Observation], constants: Mapping[str, float]) -> float:
    """The median relative deviation with these constants and the scale that fits them best."""
    scale = statistics.median(o.seconds / o.cost(constants) for o in observations)
    return statistics.median(
        abs(scale * o.cost(constants) - o.seconds) / o.seconds for o in observations
    )


def fit(observations: Sequence[Observation]) -> Fitted:
    """The constants. Times and costs must be above 0."""
    import highspy  # with numpy it takes a third of a second

    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.silent()
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 0)
    # The unknowns are scale times constant, in units that make them about 1.
    unit = statistics.median(o.seconds / o.cost(DEFAULTS) for o in observations)
    x = {name: solver.addVariable(lb=0.0) for name in DEFAULTS}
    page = x["seq_page_cost"]
    for name, default in DEFAULTS.items():
        if name == "seq_page_cost":
            continue
        least = 1.0 if name == "random_page_cost" else default / MOST
        most = MOST if name == "random_page_cost" else default * MOST
        solver.addConstr(x[name] * 1.0 - page * least >= 0)
        solver.addConstr(x[name] * 1.0 - page * most <= 0)
        pulled = solver.addVariable(lb=0.0, obj=PULL * len(observations) / default)
        solver.addConstr(pulled - x[name] + page * default >= 0)
        solver.addConstr(pulled + x[name] - page * default >= 0)
    for one in observations:
        off = solver.addVariable(lb=0.0, obj=1.0)
        share = unit / one.seconds
        weights = {name: count * share for name, count in one.counts.items()}
        weights["seq_page_cost"] = weights.get("seq_page_cost", 0.0) + one.rest * share
        cost = solver.qsum(x[name] * own for name, own in weights.items() if own > SMALL)
        solver.addConstr(off - cost >= -1.0)
        solver.addConstr(off + cost >= 1.0)
    solver.solve()
    values = solver.getSolution().col_value
    whole = values[page.index] or 1.0
    constants = {
        name: float(f"{values[variable.index] / whole:.{DIGITS}g}") for name, variable in x.items()
    }
    return Fitted(constants, error_of(observations, constants))
