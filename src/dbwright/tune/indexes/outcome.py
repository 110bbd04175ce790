"""What a search came to, told as nouns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbwright.model.catalog import Catalog, MaterializedView, Table, TableKind
from dbwright.model.snapshot import Snapshot
from dbwright.model.tuning import IndexAdvice, QueryEffect, Tuning
from dbwright.sql.index_build import free_name
from dbwright.tune.indexes.build_time import build_seconds
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.indexes.choose import Problem
from dbwright.tune.indexes.costs import Costs, KnownPlan, bits
from dbwright.tune.indexes.estimate import candidate_size, index_widths
from dbwright.tune.indexes.search import Found
from dbwright.tune.indexes.sized import Sized, written
from dbwright.tune.indexes.upkeep import updates_of, writes_of
from dbwright.tune.indexes.writes import UpdateKind
from dbwright.tune.workload.weighted import Weighted

__all__ = ["outcome"]


def outcome(
    snapshot: Snapshot,
    queries: Sequence[Weighted],
    sized: Sequence[Sized],
    costs: Costs,
    problem: Problem,
    found: Found,
    budget_bytes: float | None,
    source: str,
) -> Tuning:
    taken: set[tuple[str, str]] = set()
    names: dict[int, str] = {}
    for number in bits(found.chosen):
        names[number] = _name(sized[number].candidate, snapshot.catalog, taken)
    groups = _groups(queries)
    plans = [costs.plan(number, found.chosen) for number in range(len(queries))]
    before = costs.all(0)

    def total(chosen: int) -> float:
        return sum(w * c for w, c in zip(problem.weights, costs.all(chosen), strict=True))

    writes = writes_of(queries)
    nothing, everything = total(0), total(found.chosen)
    return Tuning(
        source=source,
        before=nothing,
        after=everything,
        within_share=found.within,
        tried=len(sized),
        planner_calls=costs.calls,
        complete=found.complete,
        budget_bytes=None if budget_bytes is None else int(budget_bytes),
        indexes=tuple(
            _advice(
                snapshot,
                sized[number],
                name,
                nothing - total(1 << number),
                total(found.chosen & ~(1 << number)) - everything,
                tuple(
                    place
                    for place, members in enumerate(groups)
                    if any(plans[member].used >> number & 1 for member in members)
                ),
                updates_of(
                    writes.get((sized[number].candidate.schema, sized[number].candidate.table), ())
                ),
            )
            for number, name in names.items()
        ),
        queries=tuple(_effect(members, queries, before, plans, names) for members in groups),
    )


def _groups(queries: Sequence[Weighted]) -> list[list[int]]:
    """The statements that stand for one query, by number."""
    found: dict[tuple[str, str], list[int]] = {}
    for number, one in enumerate(queries):
        found.setdefault((one.query.fingerprint, one.query.text), []).append(number)
    return list(found.values())


def _effect(
    members: Sequence[int],
    queries: Sequence[Weighted],
    before: Sequence[float],
    plans: Sequence[KnownPlan],
    names: Mapping[int, str],
) -> QueryEffect:
    """Of one query: the average of what stands for it."""
    query = queries[members[0]].query
    weight = sum(queries[member].weight for member in members)
    used = 0
    for member in members:
        used |= plans[member].used
    return QueryEffect(
        text=query.text,
        fingerprint=query.fingerprint,
        calls=query.calls,
        weight=weight,
        before=sum(queries[m].weight * before[m] for m in members) / weight,
        after=sum(queries[m].weight * plans[m].cost for m in members) / weight,
        indexes=tuple(names[number] for number in bits(used)),
    )


def _name(candidate: CandidateIndex, catalog: Catalog, taken: set[tuple[str, str]]) -> str:
    keys = [key.column or "expr" for key in candidate.keys]
    stem = "_".join([candidate.table, *keys, "idx"])
    name = free_name(catalog, candidate.schema, stem, taken)
    taken.add((candidate.schema, name))
    return name


def _advice(
    snapshot: Snapshot,
    one: Sized,
    name: str,
    saved_alone: float,
    saved_last: float,
    queries: tuple[int, ...],
    updates: Sequence[UpdateKind],
) -> IndexAdvice:
    candidate = one.candidate
    writes = written(snapshot, one, name, updates)
    return IndexAdvice(
        name=name,
        table=candidate.qualified,
        definition=candidate.signature.removeprefix(candidate.qualified).strip(),
        bytes=one.size.bytes,
        saved_alone=saved_alone,
        saved_last=saved_last,
        queries=queries,
        build_seconds=_build_seconds(candidate, one.relation, snapshot),
        wal_bytes_per_day=writes.bytes_per_day,
        updates_that_lose_hot_share=writes.updates_that_lose_hot_share,
        least_bytes=one.size.least_bytes if one.size.rough else None,
        most_bytes=one.size.most_bytes if one.size.rough else None,
    )


def _build_seconds(
    candidate: CandidateIndex, relation: Table | MaterializedView, snapshot: Snapshot
) -> float:
    """Of a partitioned table: of one partition after the other."""
    catalog, statistics = snapshot.catalog, snapshot.statistics
    assert statistics is not None
    if isinstance(relation, Table) and relation.kind is TableKind.PARTITIONED:
        parts = catalog.children(relation)
        return sum(_build_seconds(candidate, part, snapshot) for part in parts)
    counted = statistics.of(relation)
    index = candidate.index("x")
    return build_seconds(
        candidate.method,
        candidate_size(candidate, relation, catalog, statistics),
        index_widths(index, relation, catalog, statistics).keys,
        rows=counted.best_rows if counted else 0.0,
        table_bytes=float(counted.heap_bytes or 0) if counted else 0.0,
    )
