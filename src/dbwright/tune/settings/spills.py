"""Queries that sort or hash on disk, and the work_mem that would keep them in memory.

Three sources, the surest first: a plan of the query that was run (auto_explain), the temporary
blocks that pg_stat_statements counted, and the planner's own estimate of what a sort or a hash
takes. An estimate counts only where the plan gets cheaper with that much memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psycopg

from dbwright.engines.postgresql.plan import read_plan
from dbwright.errors import NotAPlan
from dbwright.model.plan import Plan, PlanNode
from dbwright.model.settings import server_wide, size_bytes
from dbwright.model.workload import Query
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.plans.engine import run_insights
from dbwright.tune.plans.insights._memory import hash_multiplier, megabytes
from dbwright.tune.plans.insights.aggregate_spills_to_disk import aggregate_spills_to_disk
from dbwright.tune.plans.insights.hash_spills_to_disk import hash_spills_to_disk
from dbwright.tune.plans.insights.sort_spills_to_disk import sort_spills_to_disk
from dbwright.tune.settings.plans import compare_plans, heaviest, plan_with
from dbwright.tune.workload.weighted import Weighted

__all__ = ["Source", "Spill", "spills"]

INSIGHTS = (sort_spills_to_disk, hash_spills_to_disk, aggregate_spills_to_disk)
ROW = 56
"""Bytes of a sorted row beside its columns: tuple header, allocation, its place in the array."""
GROUP = 104
"""Bytes of a group beside its tuple."""
ENTRY = 32
"""Bytes of a row in a hash table beside its columns."""
MARGIN = 1.2


class Source(StrEnum):
    """How it is known, the surest first."""

    PLAN = "its plan"
    COUNTED = "pg_stat_statements"
    ESTIMATED = "the planner's estimate"


@dataclass(frozen=True, slots=True)
class Spill:
    """One query that does not fit into work_mem."""

    query: Query
    source: Source
    spilled_bytes: int
    """To disk, of one call."""
    needs: int
    """Bytes of work_mem, a size that people set."""
    before: float | None = None
    """The planner's cost of all calls, on the twin; None where it could not be planned."""
    after: float | None = None
    """With that much work_mem."""

    @property
    def saved(self) -> float:
        return (self.before or 0.0) - (self.after or 0.0)


def spills(bench: Workbench, *, min_bytes: int, min_saved: float) -> tuple[Spill, ...]:
    """Those of at least `min_bytes` a call; an estimated one only where a call gets cheaper by the
    share `min_saved`. Raises psycopg.Error where the twin's server is gone."""
    setting = server_wide(bench.snapshot.catalog, "work_mem")
    if setting is None:
        return ()
    now = size_bytes(setting)
    statements = _statements(bench)
    likely = {one.query.text for one in heaviest(bench.queries)}
    found: list[Spill] = []
    with bench.twin.connect() as connection:
        for query in _queries(bench):
            one = statements.get(query.text)
            largest = 0.0
            if one is not None and (query.temporary_blocks or query.text in likely):
                largest = MARGIN * _largest(bench, connection, one)
            spill = (
                _from_plan(bench, query)
                or _counted(bench, query, largest)
                or _estimated(query, largest, now)
            )
            if spill is None or spill.spilled_bytes < min_bytes or spill.needs <= now:
                continue
            if one is not None:
                spill = _costed(bench, spill, one)
            if spill.source is not Source.ESTIMATED or _gains(spill, min_saved):
                found.append(spill)
    return tuple(found)


def _queries(bench: Workbench) -> Iterator[Query]:
    """Of the workload, also what can't be planned; each once, a text once for each user."""
    workload = bench.snapshot.workload
    every = [one.query for one in bench.queries]
    every += workload.queries if workload else ()
    yield from {(query.text, query.user): query for query in reversed(every)}.values()


def _statements(bench: Workbench) -> dict[str, Weighted]:
    """Of each query the variant that counts most, by the query's text."""
    ranked = sorted(bench.queries, key=lambda one: one.weight)
    return {one.query.text: one for one in ranked}


def _gains(spill: Spill, share: float) -> bool:
    return spill.saved > share * (spill.before or 0.0)


def _from_plan(bench: Workbench, query: Query) -> Spill | None:
    if query.plan_text is None:
        return None
    try:
        plan = read_plan(query.plan_text)
    except NotAPlan:
        return None  # cut off in the log, or of another form: the counters may know
    if not plan.analyzed:
        return None
    run = run_insights(plan, INSIGHTS, catalog=bench.snapshot.catalog)
    needs = [_number(remark.finding.evidence.get("work_mem_bytes")) for remark in run.remarks]
    disk = [_number(remark.finding.evidence.get("disk_bytes")) for remark in run.remarks]
    if not needs:
        return None
    return Spill(query, Source.PLAN, max(sum(disk), max(needs)), max(needs))


def _counted(bench: Workbench, query: Query, planned: float) -> Spill | None:
    """A sort of several passes writes its rows several times, so the counters are an upper bound;
    the planner's own figure counts where it is in their range."""
    if not query.temporary_blocks or not query.calls:
        return None
    # What is written is read again; in memory the same rows take about twice as much.
    both = query.temporary_blocks * bench.snapshot.catalog.server.block_size / query.calls
    needs = planned if both / 4 <= planned <= both else both
    return Spill(query, Source.COUNTED, round(both / 2), megabytes(needs))


def _estimated(query: Query, planned: float, now: int) -> Spill | None:
    if planned <= MARGIN * now:
        return None
    return Spill(query, Source.ESTIMATED, round(planned / MARGIN), megabytes(planned))


def _largest(bench: Workbench, connection: psycopg.Connection[Any], one: Weighted) -> float:
    """Bytes that the largest sort or hash of its plan takes; 0 where it can't be planned."""
    root = plan_with(connection, one.statement, {})
    if root is None:
        return 0.0
    plan = read_plan([{"Plan": root}])
    return max((_takes(plan, bench, node) for node in plan.nodes), default=0.0)


def _takes(plan: Plan, bench: Workbench, node: PlanNode) -> float:
    """Bytes of work_mem that the planner thinks a node needs."""
    rows, width = node.rows or 0.0, node.width or 0
    multiplier = hash_multiplier(plan, bench.snapshot.catalog)
    if node.kind == "Sort":
        return rows * (width + ROW)
    if node.kind == "Hash":
        return rows * (width + ENTRY) / multiplier
    if node.kind == "Aggregate" and node.group_key and node.strategy in ("Hashed", "Mixed"):
        return rows * (2 * width + GROUP) / multiplier
    return 0.0


def _costed(bench: Workbench, found: Spill, one: Weighted) -> Spill:
    compared = compare_plans(bench, {"work_mem": f"{found.needs // 1024}kB"}, [one])
    if not compared.pairs:
        return found
    return Spill(
        found.query,
        found.source,
        found.spilled_bytes,
        found.needs,
        compared.before,
        compared.after,
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
