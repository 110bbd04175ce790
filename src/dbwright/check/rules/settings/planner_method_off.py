"""A way to run queries is forbidden to the planner.

## What it finds

An `enable_…` setting that is on by default and was switched off for the whole server.

## Why it matters

The planner must take a worse way wherever the forbidden one is best: without hash joins or index
scans some queries take a thousand times as long. It is a tool to try something in one session.

## How to fix

Switch it on, and mend the query that it was meant for: better statistics, an index, or the
setting in that one transaction (`SET LOCAL`).

## When to ignore

A bug or a workload is known that needs it, and somebody looks at it again at each upgrade.

## Sources

- PostgreSQL manual, Planner Method Configuration: "a temporary solution".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import server_wide, wrong_setting
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

BAD = Example(
    settings={"enable_nestloop": "off", "enable_seqscan": "off"},
    objects=("enable_nestloop", "enable_seqscan"),
)
GOOD = Example(settings={"enable_partitionwise_join": "off"})


@rule(severity=Severity.WARNING, needs=("catalog.settings",), bad=BAD, good=GOOD)
def planner_method_off(catalog: Catalog) -> Iterator[Fault]:
    for known in catalog.settings:
        if not known.name.startswith("enable_") or known.default != "on" or known.value != "off":
            continue
        setting = server_wide(catalog, known.name)
        if setting is not None:
            yield wrong_setting(
                catalog,
                setting,
                f"{setting.name} is off for the whole server",
                should_be="on",
                risk="plans change: look at the slowest queries before and after",
            )
