"""Slow statements leave no trace in the log.

## What it finds

No setting makes the server log what took long: `log_min_duration_statement` and
`log_min_duration_sample` are -1, not every statement is logged with its duration (`log_statement`
and `log_duration`), and auto_explain is not at work.

## Why it matters

After an incident nobody can tell which statement, with which values, was slow at that moment:
pg_stat_statements only has sums, without the values.

## How to fix

Log what takes a second or more, and lower the limit as the slow ones are mended.

## When to ignore

A monitoring system samples running statements (pg_stat_activity) closely enough; or statements
hold personal data that must not get into the log (see `log_parameter_max_length`).

## Sources

- PostgreSQL manual, When to Log: log_min_duration_statement.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import server_wide, wrong_setting
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

NAME = "log_min_duration_statement"

BAD = Example(settings={NAME: "-1"}, objects=(NAME,))
GOOD = (
    Example(settings={NAME: "1s"}),
    Example(settings={"log_min_duration_sample": "100ms"}, oldest=13),
)

OTHERS = ("log_min_duration_sample", "auto_explain.log_min_duration")


@rule(severity=Severity.NOTICE, needs=("catalog.settings",), bad=BAD, good=GOOD)
def slow_statements_not_logged(catalog: Catalog) -> Iterator[Fault]:
    setting = server_wide(catalog, NAME)
    if setting is None or setting.value != "-1":
        return
    if any((other := catalog.setting(name)) and other.value != "-1" for name in OTHERS):
        return
    every = catalog.setting("log_statement")
    duration = catalog.setting("log_duration")
    if every and every.value == "all" and duration and duration.value == "on":
        return
    yield wrong_setting(
        catalog,
        setting,
        "slow statements are not logged: log_min_duration_statement is -1",
        should_be="1s",
        risk="the log then holds the statements' values",
    )
