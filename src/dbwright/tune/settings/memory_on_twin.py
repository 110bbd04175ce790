"""The memory shared out, with work_mem only as far as the workload's plans gain from it."""

from __future__ import annotations

from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.settings.finding import machine_of
from dbwright.tune.settings.measured import measured
from dbwright.tune.settings.memory import ROOM, MemoryPlan, memory_plan
from dbwright.tune.settings.plans import Comparison
from dbwright.tune.settings.work_mem import work_mem_needed

__all__ = ["planned_memory"]


def planned_memory(
    bench: Workbench, *, room: float = ROOM
) -> tuple[MemoryPlan | None, Comparison | None]:
    """The plan, and what its work_mem does to the workload's plans where it changes and could be
    tried. No plan where the memory, or a setting that matters, is not known.

    Raises psycopg.Error where the twin's server is gone.
    """
    catalog, machine, counted = bench.snapshot.catalog, machine_of(bench), measured(bench.snapshot)
    plan = memory_plan(catalog, machine, counted, room=room)
    if plan is None or plan.then.work <= plan.now.work:
        return plan, None
    needed = work_mem_needed(bench, plan.now.work, plan.then.work)
    if needed is None:
        return plan, None
    plan = memory_plan(catalog, machine, counted, work_needed=needed.bytes, room=room)
    changes = plan is not None and plan.then.work > plan.now.work
    return plan, needed.compared if changes else None
