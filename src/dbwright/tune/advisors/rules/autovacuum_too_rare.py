"""Autovacuum comes too rarely to a table that changes a lot.

## What it finds

A table of at least `min_rows` rows of which at least `min_writes_a_day` are updated, deleted or
inserted a day, and to which autovacuum comes less often than it should: for each day's dead rows
(`vacuums_a_day`), before `max_dead_share` of the table is dead, and for each week's inserts
(`insert_vacuums_a_day`). Partitions are reported together, at their partitioned table.

## Why it matters

Autovacuum waits for a fifth of the table to be dead. The larger the table the longer that takes,
and all the while scans read dead rows, indexes keep them, and the visibility map that index-only
scans need is out of date. When vacuum comes at last it has weeks of work to do at once.

## How to fix

Give the table a smaller share, worked out from what is written to it. Where a vacuum at the present
cost limit would take a good part of the time until the next one is due, the table gets a higher
limit as well.

## When to ignore

The writes come in one batch, and the batch vacuums the table itself.

## Sources

- PostgreSQL manual, The Autovacuum Daemon; Cost-based Vacuum Delay; CREATE TABLE, Storage
  Parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from dbwright.model.autovacuum import Stored, grouped, is_off, stored
from dbwright.model.finding import Confidence, Evidence, Fix, LockMode, Severity
from dbwright.model.report import Skipped
from dbwright.sql.storage_parameters import change_options
from dbwright.tune.advisors.advisor import Advice, advisor
from dbwright.tune.advisors.example import AdvisorExample
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.settings.autovacuum import (
    Upkeep,
    VacuumPace,
    faster_limit,
    pace_of,
    upkeep_of,
    vacuum_seconds,
)
from dbwright.tune.settings.window import counting_days, counting_since

ID = "tune/autovacuum-too-rare"
TABLE = """
CREATE TABLE readings (id bigint PRIMARY KEY, value int){with_};
INSERT INTO readings SELECT n, 0 FROM generate_series(1, 50000) n;
SELECT pg_stat_reset();
UPDATE readings SET value = 1 WHERE id % 100 = 0;
SELECT pg_stat_force_next_flush();
"""
# What is counted in seconds stands for an hour: 12,000 rows a day.
THRESHOLDS = {"min_days": 0.0, "min_rows": 10_000, "min_writes_a_day": 10_000, "vacuums_a_day": 6.0}

BAD = AdvisorExample(
    TABLE.format(with_=""), oldest=15, thresholds=THRESHOLDS, objects=("public.readings",)
)
GOOD = AdvisorExample(
    TABLE.format(
        with_=" WITH (autovacuum_vacuum_scale_factor = 0.04, autovacuum_analyze_scale_factor = 0.1)"
    ),
    oldest=15,
    thresholds=THRESHOLDS,
)


@dataclass(frozen=True, slots=True)
class Rare:
    """A table, what happens to it, and what should change."""

    table: Stored
    pace: VacuumPace
    upkeep: Upkeep
    cost_limit: int | None


@advisor(severity=Severity.WARNING, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def autovacuum_too_rare(
    bench: Workbench,
    *,
    vacuums_a_day: Annotated[float, "at least so often, for each day's dead rows"] = 1.0,
    insert_vacuums_a_day: Annotated[float, "the same for inserted rows, and ANALYZE"] = 1 / 7,
    max_dead_share: Annotated[float, "of the table: before more is dead"] = 0.05,
    min_writes_a_day: Annotated[float, "with fewer rows written it does not matter"] = 10_000.0,
    min_rows: Annotated[float, "smaller tables are left alone"] = 100_000.0,
    min_days: Annotated[float, "the counters must have run so many days"] = 1.0,
    times: Annotated[float, "a threshold so many times too large is reported"] = 2.0,
) -> Iterator[Advice | Skipped]:
    catalog, statistics = bench.snapshot.catalog, bench.statistics
    if catalog.server.in_recovery:  # a standby counts nothing of it
        return
    switch = catalog.setting("autovacuum")
    if switch is not None and switch.value == "off":
        off = "autovacuum is switched off: how often it would come does not matter"
        yield Skipped(ID, off, "ALTER SYSTEM SET autovacuum = on", rules=(ID,))
        return
    days = counting_days(statistics)
    since = counting_since(statistics)
    if days is None or since is None or days < min_days:
        yield Skipped(
            ID,
            "the counters of writes run for too short a time, or nobody knows since when",
            "run SELECT pg_stat_reset() if they are old, and look again after a day",
            rules=(ID,),
        )
        return
    rare: dict[int, Rare] = {}
    for table in stored(catalog):
        counted = statistics.of(table)
        if counted is None or counted.best_rows < min_rows or is_off(table.options):
            continue
        pace = pace_of(counted, days)
        if pace.changed_a_day < min_writes_a_day:
            continue
        upkeep = upkeep_of(
            catalog,
            table,
            pace,
            per_day=vacuums_a_day,
            inserts_per_day=insert_vacuums_a_day,
            max_dead_share=max_dead_share,
            times=times,
        )
        if upkeep is not None:
            rare[table.oid] = Rare(table, pace, upkeep, _limit(bench, table, pace, upkeep))
    for top, members in grouped(catalog, (one.table for one in rare.values())):
        yield _advice(bench, top, [rare[member.oid] for member in members], f"{since:%Y-%m-%d}")


def _limit(bench: Workbench, table: Stored, pace: VacuumPace, upkeep: Upkeep) -> int | None:
    """A higher cost limit, where a vacuum would not be done in time."""
    counted = bench.statistics.of(table)
    between = upkeep.days_then(pace)
    if counted is None or between is None:
        return None
    takes = vacuum_seconds(bench.snapshot.catalog, counted, upkeep.dead_rows_then)
    return None if takes is None else faster_limit(*takes, between)


def _advice(bench: Workbench, top: Stored, members: Sequence[Rare], since: str) -> Advice:
    worst = max(members, key=lambda one: one.upkeep.dead_rows_now)
    fixes = [change_options(one.table, _parameters(one)) for one in members]
    limited = any(one.cost_limit is not None for one in members)
    part = f", a partition of {top.qualified}," if worst.table.oid != top.oid else ""
    return Advice(
        object=top.ref,
        message=f"autovacuum comes to {worst.table.qualified}{part} {_often(worst)}",
        evidence=_evidence(bench, members, worst, since),
        fix=Fix(
            up="\n".join(fix.up for fix in fixes),
            down="\n".join(fix.down for fix in fixes),
            lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
            risk="autovacuum may start on the table at once"
            + (
                "; with a cost limit of its own it runs beside the others, not at their expense"
                if limited
                else ""
            ),
        ),
    )


def _parameters(one: Rare) -> dict[str, str | None]:
    found = dict(one.upkeep.parameters)
    if one.cost_limit is not None:
        found["autovacuum_vacuum_cost_limit"] = str(one.cost_limit)
    return found


def _often(one: Rare) -> str:
    upkeep, pace = one.upkeep, one.pace
    now, then = upkeep.days_now(pace), upkeep.days_then(pace)
    if now is not None and then is not None and upkeep.dead_rows_then < upkeep.dead_rows_now:
        return (
            f"after {upkeep.dead_rows_now:,.0f} dead rows, every {_time(now)}; with "
            f"{pace.dead_a_day:,.0f} updates and deletes a day it should come every {_time(then)}"
        )
    inserted = upkeep.inserted_rows_now or 0.0
    return (
        f"after {inserted:,.0f} inserts, every {_time(inserted / pace.inserted_a_day)}; with "
        f"{pace.inserted_a_day:,.0f} a day it should come every "
        f"{_time((upkeep.inserted_rows_then or 0.0) / pace.inserted_a_day)}"
    )


def _time(days: float) -> str:
    if days >= 1.5:
        return f"{days:,.0f} days"
    return f"{days * 24:,.0f} hours" if days * 24 >= 1.5 else f"{days * 1440:,.0f} minutes"


def _evidence(bench: Workbench, members: Sequence[Rare], worst: Rare, since: str) -> Evidence:
    counted = bench.statistics.of(worst.table)
    upkeep, pace = worst.upkeep, worst.pace
    now, then = upkeep.days_now(pace), upkeep.days_then(pace)
    return {
        "rows": round(pace.rows),
        "dead_rows": counted.dead_rows if counted else None,
        "updated_and_deleted_per_day": round(pace.dead_a_day),
        "inserted_per_day": round(pace.inserted_a_day),
        "autovacuum_at_dead_rows": round(upkeep.dead_rows_now),
        "autovacuum_at_dead_rows_after": round(upkeep.dead_rows_then),
        "days_between_vacuums": None if now is None else round(now, 2),
        "days_between_vacuums_after": None if then is None else round(then, 2),
        "last_vacuum": f"{counted.last_vacuum:%Y-%m-%d}"
        if counted and counted.last_vacuum
        else None,
        "counted_since": since,
        "tables": [one.table.qualified for one in members],
    }
