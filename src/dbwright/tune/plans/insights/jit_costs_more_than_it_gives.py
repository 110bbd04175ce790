"""Compiling the query took a large part of its time.

## What it finds

Plans in which just-in-time compilation took at least a fifth of the execution, and a tenth of a
second or more.

## Why it matters

JIT pays for queries that evaluate expressions over very many rows. It is chosen by estimated cost
alone: where the estimate is too high, or the plan has many nodes (partitions), compiling takes
longer than running.

## How to fix

Raise jit_above_cost (and jit_inline_above_cost, jit_optimize_above_cost), or switch jit off for
the role or the server, and compare. Where a wrong estimate made the plan look dear, mend that.

## When to ignore

The query runs once, and would be slower without.

## Sources

- PostgreSQL manual, When to JIT?
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.finding import Severity
from dbwright.model.plan import Plan
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight

QUERY = "SELECT sum(n * 2) FROM generate_series(1, 10) n WHERE n % 3 = 1"
ALWAYS = {
    "jit": "on",
    "jit_above_cost": "0",
    "jit_inline_above_cost": "0",
    "jit_optimize_above_cost": "0",
}

BAD = PlanExample(QUERY, settings=ALWAYS, majors=(15,), options={"min_seconds": 0.0})
GOOD = PlanExample(QUERY, settings={"jit": "off"}, options={"min_seconds": 0.0})


@insight(severity=Severity.WARNING, bad=BAD, good=GOOD)
def jit_costs_more_than_it_gives(
    plan: Plan,
    *,
    min_seconds: Annotated[float, "of compilation"] = 0.1,
    min_fraction: Annotated[float, "of the execution"] = 0.2,
) -> Iterator[PlanFault]:
    jit = plan.jit
    if jit is None or jit.total_seconds is None or not plan.seconds:
        return
    fraction = jit.total_seconds / plan.seconds
    if jit.total_seconds < min_seconds or fraction < min_fraction:
        return
    yield PlanFault(
        None,
        f"compiling {jit.functions} functions took {fraction:.0%} of the execution",
        {
            "jit_seconds": jit.total_seconds,
            "execution_seconds": plan.seconds,
            "functions": jit.functions,
            "optimization_seconds": jit.optimization_seconds,
            "inlining_seconds": jit.inlining_seconds,
            "estimated_cost": plan.root.total_cost,
        },
        f"SET jit = off before this query and compare; or raise jit_above_cost above "
        f"{plan.root.total_cost or 0:,.0f}, this plan's cost.",
    )
