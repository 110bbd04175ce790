"""Statistics are collected from too small a sample.

## What it finds

`default_statistics_target` below 100, its default; at `very_low` or less it is a warning, else a
notice.

## Why it matters

ANALYZE then keeps fewer common values and histogram bounds and looks at fewer rows, and the
planner guesses where it could know: wrong joins, wrong scans.

## How to fix

Set it back to 100, reload, and ANALYZE. Raise or lower it for single columns where that is needed
(`ALTER TABLE … ALTER COLUMN … SET STATISTICS`).

## When to ignore

Planning time matters more than the plan: very many short queries on few, even values.

## Sources

- PostgreSQL manual, Other Planner Options: default_statistics_target.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import server_wide, wrong_setting
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

BAD = Example(settings={"default_statistics_target": "10"}, objects=("default_statistics_target",))
GOOD = Example(settings={"default_statistics_target": "100"})

DEFAULT = 100


@rule(severity=Severity.WARNING, needs=("catalog.settings",), bad=BAD, good=GOOD)
def statistics_target_low(
    catalog: Catalog,
    *,
    very_low: Annotated[int, "this or less is a warning"] = 25,
) -> Iterator[Fault]:
    setting = server_wide(catalog, "default_statistics_target")
    if setting is None or int(setting.value) >= DEFAULT:
        return
    yield wrong_setting(
        catalog,
        setting,
        f"default_statistics_target is {setting.value}: the planner sees a sample of "
        f"{300 * int(setting.value):,} rows of each table",
        should_be=str(DEFAULT),
        severity=None if int(setting.value) <= very_low else Severity.NOTICE,
        risk="it counts from the next ANALYZE of each table on",
    )
