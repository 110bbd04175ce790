"""From queries and a twin to the set of indexes that serves them best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog, MaterializedView, Table, TableKind
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import Statistics
from dbwright.model.tuning import IndexAdvice, QueryEffect, Tuning
from dbwright.progress import Progress, silent
from dbwright.sandbox.twin.twin import Twin
from dbwright.sandbox.twin.what_if import Hypothetical, IndexFigures, WhatIf
from dbwright.sql.index_build import free_name
from dbwright.tune.indexes.build_time import build_seconds
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.indexes.candidates import candidates
from dbwright.tune.indexes.choose import Problem
from dbwright.tune.indexes.costs import Costs, KnownPlan, bits, mask
from dbwright.tune.indexes.estimate import estimated_size, index_widths
from dbwright.tune.indexes.expression_statistics import expression_statistics
from dbwright.tune.indexes.hypopg_size import hypopg_size
from dbwright.tune.indexes.search import Effort, Found, search
from dbwright.tune.indexes.size import IndexSize
from dbwright.tune.indexes.upkeep import Writes, entries_written, entry_cost, writes_of
from dbwright.tune.indexes.write_estimate import estimated_writes, table_writes, used_columns
from dbwright.tune.indexes.writes import WriteCost
from dbwright.tune.workload.weighted import Weighted

__all__ = ["IndexOptions", "advise_indexes"]

Relation = Table | MaterializedView

WORTH_SHARE = 1e-3
"""Of the workload's cost: what an index must save at least, or it is left out …"""
WORTH_BYTES = 100e6
"""… and as much again for each so many bytes of it."""


@dataclass(frozen=True, slots=True)
class IndexOptions:
    budget_bytes: float | None = None
    hypopg_unit: bool = False
    """Count the budget as HypoPG would, for comparison with what others publish."""
    effort: Effort = field(default_factory=Effort)
    available: tuple[str, ...] = ()
    """Extensions that the server could create."""
    partial: bool = True
    """Try indexes on the rows that a constant of a query leaves, too."""


@dataclass(frozen=True, slots=True)
class _Sized:
    """A candidate and its measures. `relation` is its table."""

    candidate: CandidateIndex
    relation: Relation
    size: IndexSize
    counted_bytes: float
    """Against the budget."""


def advise_indexes(
    snapshot: Snapshot,
    queries: Sequence[Weighted],
    twin: Twin,
    options: IndexOptions,
    *,
    source: str = "",
    progress: Progress = silent,
) -> tuple[Tuning, tuple[CandidateIndex, ...], tuple[Skipped, ...]]:
    """The advice, its candidates in the order of `Tuning.indexes`, and what was left out.

    Raises psycopg.Error where the twin itself fails.
    """
    skipped: list[Skipped] = []
    with WhatIf(twin) as what_if:
        usable = _plannable(queries, what_if, skipped)
        sized, wanted_by = _candidates(snapshot, usable, options, progress)
        names = [f"dbwright_{number}" for number in range(len(sized))]
        with twin.connect() as connection:
            _make(what_if, connection, sized, names, snapshot, skipped)
        known = [
            number
            for number, (one, name) in enumerate(zip(sized, names, strict=True))
            if f"{one.candidate.schema}.{name}" in what_if.known
        ]
        sized = [sized[number] for number in known]
        places = {old: new for new, old in enumerate(known)}
        costs = Costs(
            what_if,
            [query.statement for query in usable],
            [f"{sized[places[n]].candidate.schema}.{names[n]}" for n in known],
            [mask(places[n] for n in wanted if n in places) for wanted in wanted_by],
        )
        problem = _problem(snapshot, usable, sized, costs, options)
        found = search(problem, costs, options.effort, progress)
        tuning = _told(snapshot, usable, sized, costs, problem, found, options, source)
        chosen = tuple(sized[number].candidate for number in bits(found.chosen))
    return tuning, chosen, tuple(skipped)


def _plannable(
    queries: Sequence[Weighted], what_if: WhatIf, skipped: list[Skipped]
) -> list[Weighted]:
    kept: list[Weighted] = []
    for query in queries:
        problem = what_if.problem(query.statement)
        if problem is None:
            kept.append(query)
        else:
            text = " ".join(query.query.text.split())[:80]
            skipped.append(Skipped("tune.queries", f"can't be planned: {problem}", "", (text,)))
    return kept


def _candidates(
    snapshot: Snapshot,
    queries: Sequence[Weighted],
    options: IndexOptions,
    progress: Progress,
) -> tuple[list[_Sized], list[list[int]]]:
    """All candidates, and for each query the numbers of its own."""
    catalog, statistics = snapshot.catalog, snapshot.statistics
    assert statistics is not None
    tables: dict[int, Relation] = {table.oid: table for table in catalog.tables}
    tables.update((view.oid, view) for view in catalog.materialized_views)
    numbers: dict[CandidateIndex, int] = {}
    sized: list[_Sized] = []
    wanted_by: list[list[int]] = []
    for done, query in enumerate(queries):
        progress("writing down candidates", done, len(queries))
        own: list[int] = []
        available = options.available
        for candidate in candidates(query.scoped, catalog, statistics, available=available):
            if candidate not in numbers:
                if candidate.partial is not None and (
                    candidate.partial.share is None or not options.partial
                ):
                    continue
                numbers[candidate] = len(sized)
                relation = tables[candidate.table_oid]
                sized.append(_sized(candidate, relation, catalog, statistics, options))
            own.append(numbers[candidate])
        wanted_by.append(own)
    return sized, wanted_by


def _sized(
    candidate: CandidateIndex,
    relation: Relation,
    catalog: Catalog,
    statistics: Statistics,
    options: IndexOptions,
) -> _Sized:
    size = _size(candidate, relation, catalog, statistics)
    counted = float(size.bytes)
    if options.hypopg_unit:
        partial = candidate.partial
        share = 1.0 if partial is None or partial.share is None else partial.share
        index = candidate.index("x")
        counted = float(hypopg_size(index, relation, catalog, statistics, share=share))
    return _Sized(candidate, relation, size, counted)


def _size(
    candidate: CandidateIndex, relation: Relation, catalog: Catalog, statistics: Statistics
) -> IndexSize:
    partial = candidate.partial
    return estimated_size(
        candidate.index("x"),
        relation,
        catalog,
        statistics,
        share=None if partial is None else partial.share,
        fixed=None if partial is None else dict(partial.fixed),
        present=() if partial is None else partial.present,
    )


def _make(
    what_if: WhatIf,
    connection: psycopg.Connection[Any],
    sized: Sequence[_Sized],
    names: Sequence[str],
    snapshot: Snapshot,
    skipped: list[Skipped],
) -> None:
    by_name = dict(zip(names, sized, strict=True))
    statistics = snapshot.statistics
    assert statistics is not None
    wanted = [
        Hypothetical(
            name,
            one.candidate.definition(name),
            one.candidate.schema,
            one.candidate.table,
            dict(expression_statistics(one.candidate, one.relation, statistics, connection)),
        )
        for name, one in by_name.items()
    ]
    failed = what_if.add(wanted, _figures(what_if, by_name, snapshot))
    for name, problem in failed.items():
        signature = by_name[name].candidate.signature
        skipped.append(Skipped("tune.candidates", problem, "", (signature,)))


def _figures(
    what_if: WhatIf, by_name: Mapping[str, _Sized], snapshot: Snapshot
) -> Callable[[Hypothetical, int], IndexFigures]:
    """The size on each table that an index is on: of a partitioned one, on each partition."""
    catalog, statistics = snapshot.catalog, snapshot.statistics
    assert statistics is not None
    here = what_if.table_names()

    def figure(index: Hypothetical, oid: int) -> IndexFigures:
        one = by_name[index.name]
        size = one.size
        if isinstance(one.relation, Table) and one.relation.kind is TableKind.PARTITIONED:
            part = catalog.find_table(here[oid])
            if part is not None:
                size = _size(one.candidate, part, catalog, statistics)
        return IndexFigures(size.pages, size.tuples, size.height)

    return figure


def _problem(
    snapshot: Snapshot,
    queries: Sequence[Weighted],
    sized: Sequence[_Sized],
    costs: Costs,
    options: IndexOptions,
) -> Problem:
    weights = [query.weight for query in queries]
    before = sum(w * c for w, c in zip(weights, costs.all(0), strict=True))
    budget = float("inf") if options.budget_bytes is None else options.budget_bytes
    worth = before * WORTH_SHARE
    writes = writes_of((query.scoped, query.weight * _rows(query)) for query in queries)
    return Problem(
        weights=weights,
        sizes=[max(1.0, one.counted_bytes) for one in sized],
        # An index has its price, so that what saves next to nothing is left out.
        upkeep=[
            worth * (1 + one.size.bytes / WORTH_BYTES)
            + _write_cost(
                snapshot, one, writes.get((one.candidate.schema, one.candidate.table), ())
            )
            for one in sized
        ],
        budget=budget,
        allowed=mask(n for n, one in enumerate(sized) if one.counted_bytes <= budget),
    )


def _rows(query: Weighted) -> float:
    """That one call writes, where it writes."""
    rows, calls = query.query.rows, query.query.calls
    return 1.0 if rows is None or not calls else rows / calls


def _write_cost(snapshot: Snapshot, one: _Sized, writes: Sequence[Writes]) -> float:
    if not writes:
        return 0.0
    index = one.candidate.index("x")
    others = [used_columns(other, one.relation) for other in one.relation.indexes]
    entries = entries_written(writes, used_columns(index, one.relation), others)
    return entries * entry_cost(_writes(snapshot, one, "x").bytes_per_insert, one.size.height)


def _writes(snapshot: Snapshot, one: _Sized, name: str) -> WriteCost:
    catalog, statistics = snapshot.catalog, snapshot.statistics
    assert statistics is not None
    partial = one.candidate.partial
    return estimated_writes(
        one.candidate.index(name),
        one.relation,
        catalog,
        statistics,
        one.size,
        table_writes(one.relation, catalog, statistics),
        share=1.0 if partial is None or partial.share is None else partial.share,
    )


def _told(
    snapshot: Snapshot,
    queries: Sequence[Weighted],
    sized: Sequence[_Sized],
    costs: Costs,
    problem: Problem,
    found: Found,
    options: IndexOptions,
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

    nothing, everything = total(0), total(found.chosen)
    return Tuning(
        source=source,
        before=nothing,
        after=everything,
        within_share=found.within,
        tried=len(sized),
        planner_calls=costs.calls,
        complete=found.complete,
        budget_bytes=None if options.budget_bytes is None else int(options.budget_bytes),
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
    one: _Sized,
    name: str,
    saved_alone: float,
    saved_last: float,
    queries: tuple[int, ...],
) -> IndexAdvice:
    catalog, statistics = snapshot.catalog, snapshot.statistics
    assert statistics is not None
    candidate, size = one.candidate, one.size
    index = candidate.index(name)
    writes = _writes(snapshot, one, name)
    counted = statistics.of(one.relation)
    return IndexAdvice(
        name=name,
        table=candidate.qualified,
        definition=candidate.signature.removeprefix(candidate.qualified).strip(),
        bytes=size.bytes,
        saved_alone=saved_alone,
        saved_last=saved_last,
        queries=queries,
        build_seconds=build_seconds(
            candidate.method,
            size,
            index_widths(index, one.relation, catalog, statistics).keys,
            rows=counted.best_rows if counted else 0.0,
            table_bytes=float(counted.heap_bytes or 0) if counted else 0.0,
        ),
        wal_bytes_per_day=writes.bytes_per_day,
        updates_that_lose_hot_share=writes.updates_that_lose_hot_share,
    )
