"""Worker processes: as many as the machine has processors (pgtune's rules)."""

from __future__ import annotations

from dbwright.model.catalog import Catalog, Setting
from dbwright.model.machine import Machine, Use
from dbwright.tune.settings.proposal import Proposal, Proposals, number_of, settled

__all__ = ["PER_GATHER", "parallel_proposals", "wanted_workers"]

FEWEST_CPUS = 4
"""With fewer the defaults are right."""
MOST_PER_GATHER = 4
"""No clear gain from more, but for analytics."""
MOST_PER_BUILD = 4
PER_GATHER = "max_parallel_workers_per_gather"
VACUUM_WORKERS = ((32, 5), (16, 4))
"""Processors, and autovacuum_max_workers from there on."""
IO_WORKERS_SHARE = 4
"""One worker for so many processors (PostgreSQL 18, io_method = worker)."""
MOST_IO_WORKERS = 32


def parallel_proposals(
    catalog: Catalog, machine: Machine, *, per_gather_helps: bool | None = None
) -> Proposals:
    """`per_gather_helps`: do plans of the workload get cheaper with more workers for one query?
    None: nobody tried."""
    cpus = machine.cpus
    if cpus is None:
        return Proposals()
    left: list[str] = []
    found: list[Proposal] = []
    for name, wanted in _wanted(machine, cpus):
        setting = settled(catalog, name)
        if isinstance(setting, str):
            left += [setting] if setting else []
        elif int(setting.value) >= wanted:
            continue
        elif name == PER_GATHER and per_gather_helps is False:
            left.append(f"{name}: no plan of the workload is cheaper with {wanted}")
        else:
            found.append(Proposal(setting, str(wanted), f"the machine has {cpus} processors"))
    method = settled(catalog, "io_method")
    if isinstance(method, Setting) and method.value == "sync":
        found.append(
            Proposal(method, "worker", "with sync each session waits for each read by itself")
        )
    return Proposals(tuple(found), tuple(left))


def wanted_workers(catalog: Catalog, machine: Machine) -> int:
    """max_parallel_workers, as it is or as it should be: each may take work_mem."""
    now = int(number_of(catalog, "max_parallel_workers", 8))
    cpus = machine.cpus
    return now if cpus is None or cpus < FEWEST_CPUS else max(now, cpus)


def _wanted(machine: Machine, cpus: int) -> list[tuple[str, int]]:
    if cpus < FEWEST_CPUS:
        return []
    half = -(-cpus // 2)
    per_gather = half if machine.use is Use.ANALYTICS else min(half, MOST_PER_GATHER)
    found = [
        ("max_worker_processes", cpus),
        ("max_parallel_workers", cpus),
        (PER_GATHER, per_gather),
        ("max_parallel_maintenance_workers", min(half, MOST_PER_BUILD)),
    ]
    vacuums = next((workers for least, workers in VACUUM_WORKERS if cpus >= least), None)
    if vacuums is not None:
        found.append(("autovacuum_max_workers", vacuums))
    found.append(("io_workers", min(MOST_IO_WORKERS, cpus // IO_WORKERS_SHARE)))
    return found
