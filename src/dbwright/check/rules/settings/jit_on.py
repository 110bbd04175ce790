"""Just-in-time compilation is on for short queries.

## What it finds

`jit = on` with `jit_above_cost` at its default or below, in a database that has committed
`min_commits` transactions or more: one of many short transactions.

## Why it matters

Compiling takes tens to hundreds of milliseconds, each time and in each parallel worker: where an
estimate of the costs is too high, a query of a few milliseconds becomes many times slower.

## How to fix

Switch it off for the server and on for the roles that run reports, or raise `jit_above_cost`.

## When to ignore

Long analytical queries matter most, or the server was built without LLVM (`SELECT
pg_jit_available()`): then the setting does nothing.

## Sources

- PostgreSQL manual, Just-in-Time Compilation (JIT): When to JIT?
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import server_wide, wrong_setting
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, Severity
from dbwright.model.statistics import Statistics

BAD = Example(settings={"jit": "on"}, options={"min_commits": 0}, objects=("jit",))
GOOD = (
    Example(settings={"jit": "off"}, options={"min_commits": 0}),
    Example(settings={"jit": "on", "jit_above_cost": "500000"}, options={"min_commits": 0}),
)


@rule(
    severity=Severity.NOTICE,
    confidence=Confidence.LOW,
    needs=("catalog.settings", "statistics.databases"),
    bad=BAD,
    good=GOOD,
)
def jit_on(
    catalog: Catalog,
    statistics: Statistics,
    *,
    min_commits: Annotated[int, "so many commits mean many short transactions"] = 10_000_000,
) -> Iterator[Fault]:
    setting = server_wide(catalog, "jit")
    above = server_wide(catalog, "jit_above_cost")
    counted = statistics.of_database(catalog.server.database)
    if setting is None or setting.value != "on" or above is None or counted is None:
        return
    cost = float(above.value)
    if cost < 0 or cost > float(above.default or cost) or counted.commits < min_commits:
        return
    yield wrong_setting(
        catalog,
        setting,
        f"jit is on from a cost of {cost:,.0f}, in a database of short transactions",
        should_be="off",
        evidence={"jit_above_cost": cost, "committed_at_least": min_commits},
        risk="long analytical queries may get slower: set it on for the roles that run them",
    )
