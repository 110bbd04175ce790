"""What the search is to make small: what the workload's plans cost, and what the indexes do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from dbwright.model.snapshot import Snapshot
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.indexes.choose import Problem
from dbwright.tune.indexes.costs import Costs, mask
from dbwright.tune.indexes.droppable import replaced_by
from dbwright.tune.indexes.existing_writes import existing_writes
from dbwright.tune.indexes.extent import extent_of
from dbwright.tune.indexes.sized import Sized, written
from dbwright.tune.indexes.upkeep import Writes, entries_written, entry_cost, writes_of
from dbwright.tune.indexes.write_estimate import used_columns
from dbwright.tune.workload.weighted import Weighted

__all__ = ["at_stake", "problem_of"]

WORTH_SHARE = 1e-3
"""Of the workload's cost (`at_stake`): what an index must save at least, or it is left out …"""
WORTH_SIZE = 0.08
"""… and as much again where it is this large a part of the workload's tables."""
LEAST_TABLES = 1e6
"""Bytes that the tables count at least."""
LARGEST_SHARE = 0.1
"""Of what is at stake: the most that one query may be …"""
LEAST_STAKE = 0.01
"""… and the least that is left of the workload's cost by that."""


def problem_of(
    snapshot: Snapshot,
    queries: Sequence[Weighted],
    sized: Sequence[Sized],
    costs: Costs,
    budget_bytes: float | None,
) -> Problem:
    """Asks the planner for the workload without any candidate."""
    weights = [query.weight for query in queries]
    worth = WORTH_SHARE * at_stake(
        [weight * cost for weight, cost in zip(weights, costs.all(0), strict=True)]
    )
    room = WORTH_SIZE * max(LEAST_TABLES, _bytes_of_tables(snapshot, sized))
    budget = float("inf") if budget_bytes is None else budget_bytes
    writes = writes_of(queries)
    return Problem(
        weights=weights,
        sizes=[max(1.0, one.counted_bytes) for one in sized],
        # An index has its price, so that what saves next to nothing is left out.
        upkeep=[
            worth * (1 + one.size.bytes / room) + _write_cost(snapshot, one, writes)
            for one in sized
        ],
        budget=budget,
        allowed=mask(n for n, one in enumerate(sized) if one.counted_bytes <= budget),
        rather=_same_keys([one.candidate for one in sized]),
    )


def at_stake(costs: Sequence[float]) -> float:
    """The cost of all queries, without letting a few of them hide what the others need.

    One subquery that runs for each row of a table may cost fifty times what everything else does;
    measured by that, no other index would be worth its place. So no query counts for more than a
    tenth of the whole (of fewer than twenty queries, for more than two average ones).
    """
    falling = sorted((cost for cost in costs if cost > 0), reverse=True)
    whole = rest = sum(falling)
    if not falling:
        return 0.0
    share = max(LARGEST_SHARE, 2 / len(falling))
    most = whole
    for cut, cost in enumerate(falling):
        if share * cut >= 1:
            break
        # The largest ones, cut to `most`, and the rest: `most` is that share of their sum.
        most = share * rest / (1 - share * cut)
        if cost <= most:
            break
        rest -= cost
    return max(LEAST_STAKE * whole, sum(min(cost, most) for cost in falling))


def _bytes_of_tables(snapshot: Snapshot, sized: Sequence[Sized]) -> float:
    """Of those that candidates are on, without their indexes."""
    catalog, statistics = snapshot.catalog, snapshot.statistics
    relations = {one.relation.oid: one.relation for one in sized}.values()
    extents = [extent_of(relation, catalog, statistics) for relation in relations]
    return float(sum(extent.pages or 0 for extent in extents) * catalog.server.block_size)


def _same_keys(candidates: Sequence[CandidateIndex]) -> dict[int, list[int]]:
    """Of each candidate those with its keys in another order, of which the first key alone finds
    fewer rows: `(tenant_id, deleted_at)` rather than `(deleted_at, tenant_id)`."""
    groups: dict[object, list[int]] = defaultdict(list)
    for number, candidate in enumerate(candidates):
        keys = frozenset(candidate.keys)
        kind = candidate.table_oid, candidate.method, candidate.include, candidate.partial
        groups[kind, keys].append(number)
    found: dict[int, list[int]] = {}
    for group in groups.values():
        ranked = sorted(group, key=lambda number: candidates[number].lead_share)
        for number in group:
            lead = candidates[number].lead_share
            found[number] = [n for n in ranked if candidates[n].lead_share < lead]
    return {number: others for number, others in found.items() if others}


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
