"""The planner's costs don't fit any machine, or not this one.

## What it finds

Costs that contradict each other: a random page cheaper than a sequential one or more than
`max_random` times as dear, a row as dear as a page, an operator dearer than a row; and
`effective_cache_size` below `shared_buffers`. As a notice: `random_page_cost` still at 4, on a
database larger than `min_bytes`.

## Why it matters

The planner compares plans by these numbers alone: with wrong ones it reads whole tables where an
index would do, or the other way round.

A default of 4 is for rotating disks; on solid state disks 1.1 to 2 is nearer to the truth. Which
disk it is can't be seen from within the server.

## How to fix

Set the value that is given, and look at the slowest queries before and after.

## When to ignore

The notice: the data are on rotating disks, or nearly everything is read from the cache.

## Sources

- PostgreSQL manual, Planner Cost Constants: "Storage that has a low random read cost
  relative to sequential, e.g., solid-state drives, might also be better modeled with a lower value
  for random_page_cost".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import (
    server_wide,
    shown,
    size_bytes,
    size_text,
    wrong_setting,
)
from dbwright.model.catalog import Catalog, Setting
from dbwright.model.finding import Confidence, Severity
from dbwright.model.statistics import Statistics

BAD = (
    Example(
        settings={"random_page_cost": "0.5", "cpu_operator_cost": "2", "cpu_tuple_cost": "1.5"},
        objects=("cpu_operator_cost", "cpu_tuple_cost", "random_page_cost"),
    ),
    Example(
        settings={"effective_cache_size": "8MB", "random_page_cost": "4"},
        options={"min_bytes": 0},
        objects=("effective_cache_size", "random_page_cost"),
    ),
)
GOOD = Example(settings={"random_page_cost": "1.1"}, options={"min_bytes": 0})

DISK_DEFAULT = 4.0
RISK = "plans change: look at the slowest queries before and after"

Wrong = tuple[Setting, str, str]
"""The setting, what is wrong with it, and what it should be."""


@rule(severity=Severity.WARNING, needs=("catalog.settings",), bad=BAD, good=GOOD)
def cost_constants(
    catalog: Catalog,
    statistics: Statistics | None,
    *,
    max_random: Annotated[float, "a random page is at most so many sequential ones"] = 10.0,
    min_bytes: Annotated[int, "the notice is for larger databases"] = 1_000_000_000,
) -> Iterator[Fault]:
    for setting, what, should_be in (*_contradictions(catalog, max_random), *_cache(catalog)):
        yield wrong_setting(catalog, setting, what, should_be=should_be, risk=RISK)
    random = server_wide(catalog, "random_page_cost")
    sequential = server_wide(catalog, "seq_page_cost")
    counted = statistics.of_database(catalog.server.database) if statistics else None
    size = counted.bytes if counted else None
    if random is None or sequential is None or size is None or size < min_bytes:
        return
    if float(random.value) == DISK_DEFAULT * float(sequential.value):
        yield wrong_setting(
            catalog,
            random,
            f"random_page_cost is {random.value}, which is for rotating disks",
            should_be=f"{1.1 * float(sequential.value):g}",
            evidence={"database_bytes": size},
            severity=Severity.NOTICE,
            confidence=Confidence.LOW,
            risk=f"only on solid state disks; {RISK}",
        )


def _contradictions(catalog: Catalog, max_random: float) -> Iterator[Wrong]:
    page = server_wide(catalog, "seq_page_cost")
    row = server_wide(catalog, "cpu_tuple_cost")
    random = server_wide(catalog, "random_page_cost")
    if page is not None and float(page.value) <= 0:
        yield page, f"seq_page_cost is {page.value}: reading costs nothing", page.default or "1"
        return
    if random is not None and page is not None:
        times = float(random.value) / float(page.value)
        if times < 1:
            what = f"random_page_cost ({random.value}) is below seq_page_cost ({page.value})"
            yield random, what, f"{1.1 * float(page.value):g}"
        elif times > max_random:
            what = f"random_page_cost ({random.value}) is {times:g} times seq_page_cost"
            yield random, what, f"{DISK_DEFAULT * float(page.value):g}"
    for small, large in (
        (row, page),
        (server_wide(catalog, "cpu_index_tuple_cost"), row),
        (server_wide(catalog, "cpu_operator_cost"), row),
    ):
        if small is None or large is None or float(small.value) < float(large.value):
            continue
        if small.value != small.default and small.default is not None:
            what = f"{small.name} ({small.value}) is not below {large.name} ({large.value})"
            yield small, what, small.default


def _cache(catalog: Catalog) -> Iterator[Wrong]:
    cache = server_wide(catalog, "effective_cache_size")
    buffers = catalog.setting("shared_buffers")
    if cache is None or buffers is None or size_bytes(cache) >= size_bytes(buffers):
        return
    memory = catalog.server.memory_bytes
    wanted = max(size_bytes(buffers), memory * 3 // 4 if memory else 3 * size_bytes(buffers))
    megabyte = 1024**2
    yield (
        cache,
        f"effective_cache_size ({shown(cache)}) is below shared_buffers ({shown(buffers)}), "
        "which it includes",
        size_text(wanted // megabyte * megabyte),
    )
