"""How the machine's memory is shared out: shared_buffers, work_mem, maintenance_work_mem.

The rules of thumb are those of the manual and of pgtune, with two differences. `work_mem` is
shared among the sessions that are really there (twice as many as were seen), not among
`max_connections`. And the worst case must fit the machine: shared buffers, one
`maintenance_work_mem` for each autovacuum worker, and one `work_mem` for each connection that is
allowed and each parallel worker, together at most nine tenths of the memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from dbwright.model.catalog import Catalog, Setting
from dbwright.model.machine import Machine, Use
from dbwright.model.settings import size_text
from dbwright.tune.settings.buffers import wanted_buffers
from dbwright.tune.settings.measured import Measured
from dbwright.tune.settings.memory_shares import MemoryShares, shares_now
from dbwright.tune.settings.proposal import (
    GB,
    MB,
    Proposal,
    Proposals,
    is_near,
    round_down,
    round_up,
    settled,
)

__all__ = ["MemoryPlan", "memory_plan"]

ROOM = 0.9
"""Of the memory; the rest is the system's, and the sessions' own."""
MAINTENANCE_SHARE = {Use.ANALYTICS: 1 / 8}
"""Of the memory; a sixteenth for other uses (pgtune)."""
MOST_MAINTENANCE = 2 * GB
WORK_SHARE = {Use.WEB: 1.0, Use.OLTP: 1.0, Use.ANALYTICS: 0.5, Use.MIXED: 0.5, Use.DESKTOP: 1 / 6}
"""Of what remains for each (pgtune)."""
NODES = 3
"""Sorts and hashes of one query at the same time (pgtune)."""
LEAST_SESSIONS = 20
SPARE_SESSIONS = 2
"""Times as many as were seen."""
LEAST_WORK = 4 * MB
MOST_WORK = GB
HUGE_PAGES_FROM = 8 * GB


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """What is there now, what should be, and by which settings."""

    memory_bytes: int
    now: MemoryShares
    then: MemoryShares
    proposals: Proposals
    crowded: bool
    """Are so many connections allowed that 4 MB of work_mem for each do not fit?"""


def memory_plan(
    catalog: Catalog,
    machine: Machine,
    measured: Measured,
    *,
    work_needed: int | None = None,
    room: float = ROOM,
) -> MemoryPlan | None:
    """None where the machine's memory, or a setting that matters, is not known.

    `work_needed`: bytes of work_mem that plans of the workload gain from. None: nobody tried.
    `room`: the share of the memory that may be taken in the worst case.
    """
    now = shares_now(catalog, machine)
    if now is None or machine.memory_bytes is None:
        return None
    left: list[str] = []
    buffers, why, asked = wanted_buffers(machine, measured, now.buffers, left)
    then = replace(now, buffers=buffers, maintenance=_maintenance(machine, now.maintenance))
    then, crowded = _fit(
        replace(then, work=_work(machine, measured, then)), now, int(machine.memory_bytes * room)
    )
    fits = then.work
    if then.work > now.work:
        then = replace(then, work=_no_more_than_needed(now, then, measured, work_needed, left))
    sizes = (
        Size("shared_buffers", now.buffers, then.buffers, then.buffers, why, asked),
        Size(
            "work_mem",
            now.work,
            then.work,
            then.work_bytes,
            _why_work(measured, now, then, fits),
            measured.spills,
        ),
        Size(
            "maintenance_work_mem",
            now.maintenance,
            then.maintenance,
            then.vacuum_bytes,
            f"for CREATE INDEX, and for each of {then.vacuums} autovacuum workers",
        ),
    )
    found = [*_proposals(catalog, sizes, left), *_huge_pages(catalog, then.buffers)]
    proposals = Proposals(tuple(found), tuple(left))
    return MemoryPlan(machine.memory_bytes, now, then, proposals, crowded)


def _maintenance(machine: Machine, now: int) -> int:
    share = MAINTENANCE_SHARE.get(machine.use, 1 / 16)
    wanted = min(MOST_MAINTENANCE, round_down((machine.memory_bytes or 0) * share))
    return now if is_near(now, wanted) else wanted


def _work(machine: Machine, measured: Measured, shares: MemoryShares) -> int:
    """What each of the sessions that are really there may have."""
    memory = machine.memory_bytes or 0
    sessions = min(shares.takers, _sessions(measured))
    each = (memory - shares.buffers) / (NODES * sessions) * WORK_SHARE[machine.use]
    if measured.spills and measured.temporary_file_bytes is not None:
        # In memory the same rows take about twice as much as in a file.
        each = max(each, min(2.0 * measured.temporary_file_bytes, 4 * each))
    wanted = min(MOST_WORK, round_down(each))
    return shares.work if is_near(shares.work, wanted) else wanted


def _sessions(measured: Measured) -> int:
    seen = measured.connections or 0
    return max(LEAST_SESSIONS, SPARE_SESSIONS * seen)


def _fit(wanted: MemoryShares, now: MemoryShares, room: int) -> tuple[MemoryShares, bool]:
    """The wanted sizes, made smaller until the worst case fits: first what was to be raised, last
    work_mem below what it is now. And whether even its least is too much."""
    if wanted.worst_case_bytes > room:
        spare = room - (wanted.worst_case_bytes - wanted.work_bytes)
        each = round_down(max(0, spare) / wanted.takers)
        wanted = replace(wanted, work=now.work if is_near(now.work, each) else each)
    if wanted.worst_case_bytes > room:
        wanted = replace(wanted, maintenance=now.maintenance)
    if wanted.worst_case_bytes > room:
        spare = room - (wanted.worst_case_bytes - wanted.work_bytes)
        each = min(now.work, max(LEAST_WORK, round_down(max(0, spare) / wanted.takers)))
        wanted = replace(wanted, work=min(now.work, each))
    crowded = wanted.worst_case_bytes > room
    if crowded:
        spare = room - (wanted.worst_case_bytes - wanted.buffers)
        wanted = replace(wanted, buffers=max(now.buffers, min(wanted.buffers, _positive(spare))))
    return wanted, crowded


def _positive(spare: int) -> int:
    return round_down(spare) if spare > 0 else 0


def _no_more_than_needed(
    now: MemoryShares,
    then: MemoryShares,
    measured: Measured,
    by_plans: int | None,
    left: list[str],
) -> int:
    """Of the work_mem that fits, what plans or temporary files ask for. Where nobody knows, all."""
    by_files = 2 * (measured.temporary_file_bytes or 0) if measured.spills else 0
    if by_plans is None:
        if measured.spills or not measured.conclusive:
            return then.work
        left.append(f"work_mem: in {measured.days:,.0f} days hardly a query wrote a temporary file")
        return now.work
    wanted = min(then.work, max(by_plans, round_up(by_files)))
    if is_near(now.work, wanted):
        left.append("work_mem: no plan of the workload is cheaper with more")
        return now.work
    return wanted


def _why_work(measured: Measured, now: MemoryShares, then: MemoryShares, fits: int) -> str:
    if then.work < now.work:
        return f"with {then.takers} connections and workers more does not fit the memory"
    reasons = []
    if measured.spills and measured.temporary_file_bytes is not None:
        reasons.append(
            f"{measured.temporary_files:,} temporary files of "
            f"{measured.temporary_file_bytes / MB:,.1f} MB on average were written"
        )
    if then.work < fits:
        reasons.append(
            f"up to {size_text(fits)} would fit, and the workload's plans gain nothing from more"
        )
    elif measured.connections is not None:
        reasons.append(f"{measured.connections} connections were there")
    return "; ".join(reasons) or "its share of what the shared buffers leave"


class Size(NamedTuple):
    """A setting of memory as it is and as it should be, in bytes."""

    name: str
    now: int
    then: int
    uses: int
    why: str
    measured: bool = False


def _proposals(catalog: Catalog, sizes: Iterable[Size], left: list[str]) -> Iterator[Proposal]:
    for size in sizes:
        if size.now == size.then:
            continue
        setting = settled(catalog, size.name)
        if isinstance(setting, str):
            left.append(setting)
        else:
            yield Proposal(setting, size_text(size.then), size.why, size.uses, size.measured)


def _huge_pages(catalog: Catalog, buffers: int) -> Iterator[Proposal]:
    setting = settled(catalog, "huge_pages")
    if not isinstance(setting, Setting) or setting.value != "off" or buffers < HUGE_PAGES_FROM:
        return
    pages = -(-buffers // (2 * MB))
    yield Proposal(
        setting,
        "try",
        f"page tables of {size_text(buffers)} of shared buffers take memory in every session; "
        f"the kernel needs vm.nr_hugepages of about {pages * 11 // 10:,}",
    )
