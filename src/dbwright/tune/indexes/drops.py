"""Indexes that can go, proven on the twin: the workload is as cheap without them.

A plan that does not use an index stays as it is when the index goes; so only the queries whose
plans use one are planned again. (But where an expression is indexed, the planner also knows the
expression's statistics by the index: then all are.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dbwright.model.catalog import Index
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.tuning import DropReason, IndexDrop
from dbwright.sandbox.twin.what_if import WhatIf
from dbwright.tune.indexes.costs import Costs
from dbwright.tune.indexes.droppable import Droppable, droppable, twin_name
from dbwright.tune.indexes.existing_writes import existing_writes
from dbwright.tune.indexes.upkeep import updates_of, writes_of
from dbwright.tune.workload.weighted import Weighted

__all__ = ["drops"]

WORKLOAD_TOLERANCE = 1.001
QUERY_TOLERANCE = 1.01
"""So much dearer may the workload, and any of its queries, become. (An index with more columns is
larger, and takes a little longer to read.)"""


@dataclass(slots=True)
class _State:
    """The workload with some of the new indexes, and ever more of the existing ones hidden."""

    new: tuple[str, ...]
    first: tuple[float, ...]
    """The cost of each query with nothing hidden."""
    costs: list[float]
    used: list[frozenset[str]]
    """The existing indexes in each query's plan."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One more index hidden: the queries that it matters to, with their costs and indexes."""

    queries: tuple[int, ...]
    costs: tuple[float, ...]
    used: tuple[frozenset[str], ...]

    def taken(self, state: _State) -> None:
        for query, cost, used in zip(self.queries, self.costs, self.used, strict=True):
            state.costs[query], state.used[query] = cost, used


class _Trial:
    def __init__(self, what_if: WhatIf, queries: Sequence[Weighted], watched: set[str]) -> None:
        self.what_if = what_if
        self.queries = queries
        self.statements = [query.statement for query in queries]
        self.weights = [query.weight for query in queries]
        self.shown = watched

    def total(self, costs: Sequence[float]) -> float:
        return sum(weight * cost for weight, cost in zip(self.weights, costs, strict=True))

    def without(self, state: _State, one: Droppable) -> _Step | None:
        """What the workload comes to without this one; None where that is dearer."""
        name = twin_name(one.index)
        own_statistics = any(key.column is None for key in one.index.keys)
        # The parts of a partitioned index are named as the whole from when it is watched on.
        asked = tuple(
            query
            for query, used in enumerate(state.used)
            if own_statistics or one.index.partitioned or name in used
        )
        visible = [*state.new, *sorted(self.shown - {name})]
        answers = self.what_if.ask([self.statements[query] for query in asked], visible)
        costs = list(state.costs)
        for query, answer in zip(asked, answers, strict=True):
            costs[query] = answer.cost
            if answer.cost > state.first[query] * QUERY_TOLERANCE:
                return None
        if self.total(costs) > self.total(state.first) * WORKLOAD_TOLERANCE:
            return None
        used = tuple(answer.used - {*state.new} for answer in answers)
        return _Step(asked, tuple(answer.cost for answer in answers), used)


def drops(
    snapshot: Snapshot,
    what_if: WhatIf,
    costs: Costs,
    queries: Sequence[Weighted],
    chosen: int,
    advised: Mapping[int, Sequence[Index]],
    skipped: list[Skipped],
    thresholds: Mapping[str, Any],
) -> tuple[IndexDrop, ...]:
    """Those that exist and can go beside the `chosen` candidates, which are the `advised` indexes
    by their table's oid. What can go without these as well comes first. `thresholds` are those of
    `droppable`.

    Raises psycopg.Error where the twin itself fails.
    """
    before, after = _state(costs, 0), _state(costs, chosen)
    used = frozenset[str]().union(*before.used, *after.used)
    wanted = droppable(snapshot, used, advised, **thresholds)
    there = what_if.find(twin_name(one.index) for one in wanted)
    what_if.watch(there)
    try:
        trial = _Trial(what_if, queries, set(there))
        return tuple(_proven(snapshot, trial, before, after, wanted, there, skipped))
    finally:
        what_if.unwatch(there)


def _proven(
    snapshot: Snapshot,
    trial: _Trial,
    before: _State,
    after: _State,
    wanted: Sequence[Droppable],
    there: Collection[str],
    skipped: list[Skipped],
) -> Iterator[IndexDrop]:
    """One after the other: each is tried with all hidden that were found before it."""
    writes = writes_of(trial.queries)
    for one in wanted:
        name = twin_name(one.index)
        if name not in there:
            reason = "it is not on the twin, so dropping it was not tried"
            skipped.append(Skipped("tune.drops", reason, "", (one.index.qualified,)))
            continue
        states = [after] if one.reason is DropReason.REPLACED else [before, after]
        steps = [step for state in states if (step := trial.without(state, one)) is not None]
        if len(steps) < len(states):
            continue
        cost_before = trial.total(after.costs)
        for state, step in zip(states, steps, strict=True):
            step.taken(state)
        trial.shown.discard(name)
        updates = updates_of(writes.get((one.relation.schema, one.relation.name), ()))
        written, _ = existing_writes(snapshot, one.relation, one.index, updates)
        yield IndexDrop(
            name=one.index.qualified,
            table=one.relation.qualified,
            reason=one.reason,
            keeper=None if one.keeper is None else one.keeper.qualified,
            bytes=one.counted.size_bytes,
            scans=one.counted.scans,
            cost_before=cost_before,
            cost_after=trial.total(after.costs),
            queries=len(steps[-1].queries),
            wal_bytes_per_day=written.bytes_per_day,
        )


def _state(costs: Costs, chosen: int) -> _State:
    plans = [costs.plan(query, chosen) for query in range(len(costs))]
    found = [plan.cost for plan in plans]
    return _State(tuple(costs.names(chosen)), tuple(found), found, [plan.others for plan in plans])
