"""Fewer parallel workers were there than the plan counted on.

## What it finds

A Gather that launched fewer workers than were planned.

## Why it matters

The plan was chosen for the work being shared. With fewer workers each one does more, and a serial
plan may have been the better one.

## How to fix

Raise max_parallel_workers (and max_worker_processes, which takes a restart) where the machine has
idle cores; or lower max_parallel_workers_per_gather, so that plans count on what there is.

## When to ignore

It happens only while many parallel queries run at once.

## Sources

- PostgreSQL manual, How Parallel Query Works.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.plan import Plan
from dbwright.tune.plans.example import PlanExample
from dbwright.tune.plans.insight import PlanFault, insight

ROWS = """
CREATE TABLE readings (id int, n int);
INSERT INTO readings SELECT n, n FROM generate_series(1, 20000) n;
ANALYZE readings;
"""
SHARED = {
    "parallel_setup_cost": "0",
    "parallel_tuple_cost": "0",
    "min_parallel_table_scan_size": "0",
    "max_parallel_workers_per_gather": "2",
}
QUERY = "SELECT count(*) FROM readings WHERE n > 5"

BAD = PlanExample(QUERY, ROWS, SHARED | {"max_parallel_workers": "0"})
GOOD = PlanExample(QUERY, ROWS, {"max_parallel_workers_per_gather": "0"})


@insight(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def parallel_workers_not_launched(plan: Plan, catalog: Catalog | None) -> Iterator[PlanFault]:
    for node in plan.nodes:
        planned, launched = node.workers_planned, node.workers_launched
        if not planned or launched is None or not node.executed or launched >= planned:
            continue
        setting = catalog.setting("max_parallel_workers") if catalog is not None else None
        yield PlanFault(
            node,
            f"{launched} of {planned} planned workers were launched",
            {
                "workers_planned": planned,
                "workers_launched": launched,
                "max_parallel_workers": plan.settings.get("max_parallel_workers")
                or (setting.value if setting is not None else None),
            },
            "Raise max_parallel_workers if the machine has idle cores, or lower "
            "max_parallel_workers_per_gather.",
        )
