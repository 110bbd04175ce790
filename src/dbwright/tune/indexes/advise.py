"""From queries and a twin to the set of indexes that serves them best."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from dbwright.model.catalog import MaterializedView, Table
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.tuning import Tuning
from dbwright.progress import Progress, silent
from dbwright.sandbox.twin.twin import Twin
from dbwright.sandbox.twin.what_if import WhatIf
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.indexes.candidates import candidates
from dbwright.tune.indexes.choose import Problem
from dbwright.tune.indexes.costs import Costs, bits, mask
from dbwright.tune.indexes.hypothetical import make
from dbwright.tune.indexes.outcome import outcome
from dbwright.tune.indexes.search import Effort, search
from dbwright.tune.indexes.sized import Sized, sized_candidate, written
from dbwright.tune.indexes.upkeep import Writes, entries_written, entry_cost, writes_of
from dbwright.tune.indexes.why import why
from dbwright.tune.indexes.write_estimate import used_columns
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
    asked: tuple[CandidateIndex, ...] = ()
    """Indexes that somebody wants to know about: tried for every query that reads their table."""
    partial: bool = True
    """Try indexes on the rows that a constant of a query leaves, too."""


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
            make(what_if, connection, sized, names, snapshot, skipped)
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
        tuning = outcome(
            snapshot, usable, sized, costs, problem, found, options.budget_bytes, source
        )
        numbers = {one.candidate: number for number, one in enumerate(sized)}
        names_of = dict(zip(bits(found.chosen), (i.name for i in tuning.indexes), strict=True))
        tuning = replace(
            tuning,
            asked=tuple(
                why(numbers[asked], sized, costs, problem, found, names_of)
                for asked in options.asked
                if asked in numbers
            ),
        )
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
) -> tuple[list[Sized], list[list[int]]]:
    """All candidates, and for each query the numbers of its own."""
    catalog, statistics = snapshot.catalog, snapshot.statistics
    assert statistics is not None
    tables: dict[int, Relation] = {table.oid: table for table in catalog.tables}
    tables.update((view.oid, view) for view in catalog.materialized_views)
    numbers: dict[CandidateIndex, int] = {}
    sized: list[Sized] = []
    wanted_by: list[list[int]] = []
    for done, query in enumerate(queries):
        progress("writing down candidates", done, len(queries))
        own: list[int] = []
        found = candidates(query.scoped, catalog, statistics, available=options.available)
        for candidate in (*found, *_asked(query, options)):
            if candidate not in numbers:
                if (
                    candidate not in options.asked
                    and candidate.partial is not None
                    and (candidate.partial.share is None or not options.partial)
                ):
                    continue
                numbers[candidate] = len(sized)
                relation = tables[candidate.table_oid]
                sized.append(
                    sized_candidate(candidate, relation, catalog, statistics, options.hypopg_unit)
                )
            own.append(numbers[candidate])
        wanted_by.append(own)
    return sized, wanted_by


def _asked(query: Weighted, options: IndexOptions) -> Iterator[CandidateIndex]:
    read = {(relation.schema, relation.name) for relation in query.scoped.relations}
    return (one for one in options.asked if (one.schema, one.table) in read)


def _problem(
    snapshot: Snapshot,
    queries: Sequence[Weighted],
    sized: Sequence[Sized],
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


def _write_cost(snapshot: Snapshot, one: Sized, writes: Sequence[Writes]) -> float:
    if not writes:
        return 0.0
    index = one.candidate.index("x")
    others = [used_columns(other, one.relation) for other in one.relation.indexes]
    entries = entries_written(writes, used_columns(index, one.relation), others)
    return entries * entry_cost(written(snapshot, one, "x").bytes_per_insert, one.size.height)
