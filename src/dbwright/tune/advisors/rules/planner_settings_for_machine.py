"""The planner's picture of the machine is wrong.

## What it finds

`random_page_cost` for rotating disks on storage that does not rotate, `effective_io_concurrency`
below what the storage can do, `effective_cache_size` far below what of the memory caches the
database, and for analytics a `default_statistics_target` below 500.

## Why it matters

The planner compares plans by these figures alone: with a random page as dear as on a rotating disk
it reads whole tables where an index would be faster.

## How to fix

Set what is given. The workload is planned with the values on a twin, and the queries whose plans
change are told: look at those before and after. Their costs can't be compared, since the figures
change what a cost means.

## When to ignore

The figures were fitted to this machine by measuring it.

## Sources

- PostgreSQL manual, Planner Cost Constants: random_page_cost, effective_cache_size.
- PostgreSQL manual, I/O: effective_io_concurrency.
- pgtune (le0pard/pgtune): values by storage.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.finding import Confidence, Severity
from dbwright.model.machine import Disk, Machine, Use
from dbwright.model.report import Skipped
from dbwright.tune.advisors.advisor import Advice, advisor
from dbwright.tune.advisors.example import AdvisorExample
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.settings.finding import (
    machine_of,
    machine_unknown,
    plans_proof,
    settings_advice,
)
from dbwright.tune.settings.planner import planner_proposals
from dbwright.tune.settings.plans import compare_plans

ID = "tune/planner-settings-for-machine"
PLANNED = ("random_page_cost", "effective_cache_size")
"""What plans depend on, of the settings here; the statistics' target only after ANALYZE."""
SHOWN = 5
MACHINE = Machine(16 * 1024**3, 4, Disk.SSD, Use.WEB)
ORDERS = """
CREATE TABLE orders (id bigint PRIMARY KEY, note text);
INSERT INTO orders SELECT n, repeat('x', 700) FROM generate_series(1, 40000) n;
CREATE TABLE picked (id bigint);
INSERT INTO picked SELECT n * 7919 % 40000 FROM generate_series(1, 1300) n;
"""
WORKLOAD = "-- calls: 1000\nSELECT note FROM picked JOIN orders USING (id);"

BAD = AdvisorExample(
    ORDERS, WORKLOAD, machine=MACHINE, settings={"random_page_cost": "4"}, objects=("planner",)
)
GOOD = AdvisorExample(
    ORDERS,
    WORKLOAD,
    machine=MACHINE,
    settings={
        "random_page_cost": "1.1",
        "effective_cache_size": "12GB",
        "effective_io_concurrency": "200",
    },
)


@advisor(severity=Severity.NOTICE, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def planner_settings_for_machine(bench: Workbench) -> Iterator[Advice | Skipped]:
    machine = machine_of(bench)
    if machine.disk is None:
        yield machine_unknown(ID, "the disk", "--disk (ssd, hdd or network)")
    found = planner_proposals(bench.snapshot.catalog, machine)
    values = {p.setting.name: p.value for p in found.proposals if p.setting.name in PLANNED}
    compared = compare_plans(bench, values) if values else None
    tried = compared is not None and bool(compared.pairs)
    yield from settings_advice(
        bench,
        "planner",
        found,
        evidence={"plans_changed": list(compared.changed(SHOWN))} if compared and tried else {},
        proof=plans_proof(compared) if compared and tried else None,
        risk="plans change: look at the slowest queries before and after",
    )
