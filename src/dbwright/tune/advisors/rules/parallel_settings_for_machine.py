"""The server may start fewer workers than the machine has processors.

## What it finds

`max_worker_processes`, `max_parallel_workers`, `max_parallel_workers_per_gather`,
`max_parallel_maintenance_workers`, `autovacuum_max_workers` and, from PostgreSQL 18 on,
`io_workers` below what fits a machine with four processors or more.

## Why it matters

A large scan, an index build or a vacuum uses a few of the processors while others have nothing to
do.

## How to fix

Set what is given. More workers for one query are advised only where plans of the workload get
cheaper by them, which is tried on the twin; without a workload by the rule of thumb.

## When to ignore

Very many sessions keep all processors busy: then one query's workers only take time from others.

## Sources

- PostgreSQL manual, Asynchronous Behavior; Parallel Query.
- pgtune (le0pard/pgtune): workers by processors.
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
    cost_proof,
    machine_of,
    machine_unknown,
    settings_advice,
)
from dbwright.tune.settings.parallel import PER_GATHER, parallel_proposals
from dbwright.tune.settings.plans import Comparison, compare_plans

ID = "tune/parallel-settings-for-machine"
MACHINE = Machine(64 * 1024**3, 12, Disk.SSD, Use.ANALYTICS)
VISITS = """
CREATE TABLE visits (id bigint, page text);
INSERT INTO visits SELECT n, repeat('x', 200) FROM generate_series(1, 100000) n;
"""
WORKLOAD = "-- calls: 10\nSELECT count(*) FROM visits WHERE page LIKE '%y%';"

BAD = AdvisorExample(
    VISITS, WORKLOAD, machine=MACHINE, settings={PER_GATHER: "1"}, objects=("parallel workers",)
)
GOOD = AdvisorExample(
    VISITS,
    WORKLOAD,
    machine=MACHINE,
    settings={
        "max_worker_processes": "12",
        "max_parallel_workers": "12",
        PER_GATHER: "6",
        "max_parallel_maintenance_workers": "4",
    },
)


@advisor(severity=Severity.NOTICE, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def parallel_settings_for_machine(bench: Workbench) -> Iterator[Advice | Skipped]:
    machine = machine_of(bench)
    if machine.cpus is None:
        yield machine_unknown(ID, "the number of processors", "--memory, --cpus and --disk")
        return
    catalog = bench.snapshot.catalog
    found = parallel_proposals(catalog, machine)
    wanted = next((p.value for p in found.proposals if p.setting.name == PER_GATHER), None)
    compared = Comparison()
    if wanted is not None:
        compared = compare_plans(bench, {PER_GATHER: wanted})
        helps = compared.cheaper if compared.pairs else None
        found = parallel_proposals(catalog, machine, per_gather_helps=helps)
    tried = bool(compared.pairs) and compared.cheaper
    yield from settings_advice(
        bench,
        "parallel workers",
        found,
        evidence={
            "processors": machine.cpus,
            "plans_changed": list(compared.changed(5)) if tried else [],
            "cost_before": round(compared.before) if tried else None,
            "cost_after": round(compared.after) if tried else None,
        },
        proof=cost_proof(compared) if tried else None,
        risk="each worker may take work_mem as well; on standbys raise max_worker_processes first, "
        "or they stop replaying",
        saved=compared.before - compared.after if tried else 0.0,
    )
