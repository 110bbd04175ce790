"""The memory settings don't fit the machine.

## What it finds

`shared_buffers`, `work_mem` and `maintenance_work_mem` that are far below what the machine has for
them, or so large that the machine can't give them to everybody at once; more connections than the
memory has room for, even with the least `work_mem`; and huge pages switched off where there are
many of them.

## Why it matters

The defaults let PostgreSQL start on any machine. Pages that don't fit into the shared buffers are
read again and again, and sorts that don't fit into `work_mem` go to disk.

Too much is worse than too little: when the memory runs out the kernel kills one of the server's
processes, and all connections are lost.

## How to fix

Set what is given: it is worked out together. In the worst case (one `work_mem` for each allowed
connection and parallel worker, one `maintenance_work_mem` for each autovacuum worker, and the
shared buffers) it takes at most `room` of the memory. A value that is there and larger stays,
unless the sum does not fit.

What the server counted goes before the rule of thumb: the hit ratio, the size of the databases,
temporary files, the connections that are used. `work_mem` is raised only as far as plans of the
workload gain from it (tried on the twin), or temporary files ask for it.

## When to ignore

Other programs need the machine's memory, or many more connections come at times than when the
server was looked at.

## Sources

- PostgreSQL manual, Memory: shared_buffers, work_mem, maintenance_work_mem, huge_pages.
- pgtune (le0pard/pgtune): its shares of the memory are where this starts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.finding import Confidence, ObjectRef, Severity
from dbwright.model.machine import Disk, Machine, Use
from dbwright.model.report import Skipped
from dbwright.model.settings import size_text
from dbwright.tune.advisors.advisor import Advice, advisor
from dbwright.tune.advisors.example import AdvisorExample
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.settings.finding import (
    cost_proof,
    machine_of,
    machine_unknown,
    settings_advice,
)
from dbwright.tune.settings.measured import Measured, measured
from dbwright.tune.settings.memory import MemoryPlan
from dbwright.tune.settings.memory_on_twin import planned_memory
from dbwright.tune.settings.plans import Comparison
from dbwright.tune.settings.proposal import GB, MB, memory_text, number_of

ID = "tune/memory-settings-for-machine"
MACHINE = Machine(4 * 1024 * MB, 4, Disk.SSD, Use.WEB)
VISITS = """
CREATE TABLE visits (id bigint PRIMARY KEY, page text, at timestamptz);
INSERT INTO visits
SELECT n, 'page ' || n * 7919 % 100000, '2026-01-01'::timestamptz + n * interval '1 s'
FROM generate_series(1, 100000) n;
"""
WORKLOAD = "-- calls: 100\nSELECT * FROM visits ORDER BY page;"

BAD = AdvisorExample(
    VISITS,
    WORKLOAD,
    machine=MACHINE,
    settings={"shared_buffers": "16MB", "work_mem": "1MB", "max_connections": "50"},
    objects=("memory",),
)
GOOD = AdvisorExample(
    VISITS,
    WORKLOAD,
    machine=MACHINE,
    settings={"shared_buffers": "1GB", "work_mem": "16MB", "maintenance_work_mem": "256MB"},
)


@advisor(severity=Severity.NOTICE, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def memory_settings_for_machine(
    bench: Workbench,
    *,
    room: Annotated[float, "share of the memory that may be taken in the worst case"] = 0.9,
) -> Iterator[Advice | Skipped]:
    machine = machine_of(bench)
    if machine.memory_bytes is None:
        yield machine_unknown(ID, "the memory", "--memory, --cpus and --disk")
        return
    plan, compared = planned_memory(bench, room=room)
    if plan is None:
        yield Skipped(
            ID,
            "shared_buffers, work_mem or maintenance_work_mem of the server can't be seen",
            "look as a role without settings of its own",
            rules=(ID,),
        )
        return
    if plan.crowded:
        yield _too_many(bench, plan)
    yield from settings_advice(
        bench,
        "memory",
        plan.proposals,
        evidence=_evidence(plan, measured(bench.snapshot), compared),
        proof=None if compared is None else cost_proof(compared),
        risk="check that nothing else on the machine needs the memory",
        saved=0.0 if compared is None else compared.before - compared.after,
    )


def _evidence(
    plan: MemoryPlan, counted: Measured, compared: Comparison | None
) -> dict[str, str | int | float | bool | list[str] | None]:
    hit = counted.hit_fraction
    found: dict[str, str | int | float | bool | list[str] | None] = {
        "memory_bytes": plan.memory_bytes,
        "worst_case_bytes": plan.now.worst_case_bytes,
        "worst_case_bytes_after": plan.then.worst_case_bytes,
        "connections_used": counted.connections,
        "hit_fraction": None if hit is None else round(hit, 4),
        "read_most": list(counted.read_most),
        "temporary_files": counted.temporary_files,
        "temporary_bytes": counted.temporary_bytes,
        "counted_days": None if counted.days is None else round(counted.days, 1),
    }
    if compared is not None:
        found["cost_before"] = round(compared.before)
        found["cost_after"] = round(compared.after)
    return found


def _too_many(bench: Workbench, plan: MemoryPlan) -> Advice:
    connections = int(number_of(bench.snapshot.catalog, "max_connections", 100))
    return Advice(
        object=ObjectRef("setting", "max_connections"),
        message=f"{connections:,} connections are allowed: with {size_text(plan.then.work)} of "
        f"work_mem for each they may take {plan.then.work_bytes / GB:,.1f} GB of "
        f"{memory_text(plan.memory_bytes)}, beside the shared buffers",
        evidence={
            "max_connections": connections,
            "connections_used": measured(bench.snapshot).connections,
            "memory_bytes": plan.memory_bytes,
            "worst_case_bytes": plan.then.worst_case_bytes,
        },
        advice="Allow fewer connections, with a pool before them; it takes a restart.",
    )
