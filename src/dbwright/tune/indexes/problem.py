"""What the search is to make small: what the workload's plans cost, and what the indexes do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbwright.model.snapshot import Snapshot
from dbwright.tune.indexes.choose import Problem
from dbwright.tune.indexes.costs import Costs, mask
from dbwright.tune.indexes.droppable import replaced_by
from dbwright.tune.indexes.existing_writes import existing_writes
from dbwright.tune.indexes.sized import Sized, written
from dbwright.tune.indexes.upkeep import Writes, entries_written, entry_cost, writes_of
from dbwright.tune.indexes.write_estimate import used_columns
from dbwright.tune.workload.weighted import Weighted

__all__ = ["problem_of"]

WORTH_SHARE = 1e-3
"""Of the workload's cost: what an index must save at least, or it is left out …"""
WORTH_BYTES = 100e6
"""… and as much again for each so many bytes of it."""


def problem_of(
    snapshot: Snapshot,
    queries: Sequence[Weighted],
    sized: Sequence[Sized],
    costs: Costs,
    budget_bytes: float | None,
) -> Problem:
    """Asks the planner for the workload without any candidate."""
    weights = [query.weight for query in queries]
    before = sum(w * c for w, c in zip(weights, costs.all(0), strict=True))
    budget = float("inf") if budget_bytes is None else budget_bytes
    worth = before * WORTH_SHARE
    writes = writes_of(queries)
    return Problem(
        weights=weights,
        sizes=[max(1.0, one.counted_bytes) for one in sized],
        # An index has its price, so that what saves next to nothing is left out.
        upkeep=[
            worth * (1 + one.size.bytes / WORTH_BYTES) + _write_cost(snapshot, one, writes)
            for one in sized
        ],
        budget=budget,
        allowed=mask(n for n, one in enumerate(sized) if one.counted_bytes <= budget),
    )


def _write_cost(
    snapshot: Snapshot, one: Sized, writes: Mapping[tuple[str, str], Sequence[Writes]]
) -> float:
    """Of the candidate; less that of the indexes which can go when it is there."""
    own = writes.get((one.candidate.schema, one.candidate.table), ())
    if not own:
        return 0.0
    relation, index = one.relation, one.candidate.index("x")
    used = {other.oid: used_columns(other, relation) for other in relation.indexes}
    entries = entries_written(own, used_columns(index, relation), list(used.values()))
    bytes_per_insert = written(snapshot, one, "x").bytes_per_insert
    cost = entries * entry_cost(bytes_per_insert, one.size.height)
    for other in replaced_by(index, relation):
        rest = [columns for oid, columns in used.items() if oid != other.oid]
        spared, size = existing_writes(snapshot, relation, other)
        entries = entries_written(own, used[other.oid], rest)
        cost -= entries * entry_cost(spared.bytes_per_insert, size.height)
    return max(0.0, cost)
