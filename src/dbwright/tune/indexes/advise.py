"""From queries and a twin to the set of indexes that serves them best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from dbwright.model.catalog import Index, MaterializedView, Table
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.tuning import DropReason, IndexDrop, Tuning
from dbwright.progress import Progress, silent
from dbwright.sandbox.twin.twin import Twin
from dbwright.sandbox.twin.what_if import WhatIf
from dbwright.tune.indexes.asked import whole_of, with_share
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.indexes.candidates import DEFAULT_LIMITS, Limits, candidates
from dbwright.tune.indexes.costs import Costs, bits, mask
from dbwright.tune.indexes.counted import Count, counted
from dbwright.tune.indexes.drops import drops
from dbwright.tune.indexes.expression_statistics import Expressions
from dbwright.tune.indexes.hypothetical import make
from dbwright.tune.indexes.outcome import outcome
from dbwright.tune.indexes.problem import problem_of
from dbwright.tune.indexes.search import Effort, search
from dbwright.tune.indexes.sized import Sized, sized_candidate
from dbwright.tune.indexes.texts import PATTERN_CLASSES
from dbwright.tune.indexes.why import not_tried, why
from dbwright.tune.workload.weighted import Weighted

__all__ = ["IndexOptions", "advise_indexes"]

Relation = Table | MaterializedView


@dataclass(frozen=True, slots=True)
class IndexOptions:
    budget_bytes: float | None = None
    hypopg_unit: bool = False
    """Count the budget as HypoPG would, for comparison with what others publish."""
    effort: Effort = field(default_factory=Effort)
    limits: Limits = DEFAULT_LIMITS
    """How wide an index may be, and how many are tried."""
    available: tuple[str, ...] | None = None
    """Extensions that the server could create; None for what the catalog says."""
    asked: tuple[CandidateIndex, ...] = ()
    """Indexes that somebody wants to know about: tried for every query that reads their table."""
    additions: bool = True
    """Look for indexes to create; where not, those in `asked` alone are tried."""
    drops: bool = True
    """Look for indexes that can go, too."""
    drop_thresholds: Mapping[str, Any] = field(default_factory=dict)
    """In place of the defaults of `tune/redundant-index`, by name."""
    count: Count | None = None
    """Asks the live target how often entries repeat; None where there is none."""
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
        with twin.connect() as connection:
            sized, wanted_by = _candidates(snapshot, usable, options, connection, progress)
            if options.count is not None:
                snapshot, sized, uncounted = counted(
                    snapshot,
                    sized,
                    options.count,
                    hypopg_unit=options.hypopg_unit,
                    progress=progress,
                )
                skipped += uncounted
            names = [f"dbwright_{number}" for number in range(len(sized))]
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
        problem = problem_of(snapshot, usable, sized, costs, options.budget_bytes)
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
                if asked in numbers
                else not_tried(asked, skipped)
                for asked in options.asked
            ),
        )
        chosen = tuple(sized[number].candidate for number in bits(found.chosen))
        if options.drops:
            advised: dict[int, list[Index]] = {}
            for candidate, advice in zip(chosen, tuning.indexes, strict=True):
                advised.setdefault(candidate.table_oid, []).append(candidate.index(advice.name))
            tuning = _with_drops(
                tuning,
                drops(
                    snapshot,
                    what_if,
                    costs,
                    usable,
                    found.chosen,
                    advised,
                    skipped,
                    options.drop_thresholds,
                ),
                chosen,
            )
    return tuning, chosen, tuple(skipped)


def _with_drops(
    tuning: Tuning, found: tuple[IndexDrop, ...], chosen: Sequence[CandidateIndex]
) -> Tuning:
    """Each advised index with those that it takes the place of."""
    names = [
        candidate.index(advice.name).qualified
        for candidate, advice in zip(chosen, tuning.indexes, strict=True)
    ]
    replaced: dict[str, list[str]] = {}
    for drop in found:
        if drop.reason is DropReason.REPLACED and drop.keeper is not None:
            replaced.setdefault(drop.keeper, []).append(drop.name)
    indexes = tuple(
        replace(advice, replaces=tuple(replaced.get(name, ())))
        for name, advice in zip(names, tuning.indexes, strict=True)
    )
    return replace(tuning, indexes=indexes, drops=found)


def _plannable(
    queries: Sequence[Weighted], what_if: WhatIf, skipped: list[Skipped]
) -> list[Weighted]:
    kept: list[Weighted] = []
    for query in queries:
        problem = what_if.problem(query.statement)
        if problem is None:
            kept.append(_with_rows(query, what_if))
        else:
            text = " ".join(query.query.text.split())[:80]
            skipped.append(Skipped("tune.queries", f"can't be planned: {problem}", "", (text,)))
    return kept


def _with_rows(query: Weighted, what_if: WhatIf) -> Weighted:
    """A statement that writes with the rows it writes: as counted, else as the planner expects."""
    if query.scoped.modified is None or query.query.rows is not None:
        return query
    rows = what_if.rows_written(query.statement)
    if rows is None:
        return query
    return replace(query, query=replace(query.query, rows=round(rows * query.query.calls)))


def _candidates(
    snapshot: Snapshot,
    queries: Sequence[Weighted],
    options: IndexOptions,
    connection: psycopg.Connection[Any],
    progress: Progress,
) -> tuple[list[Sized], list[list[int]]]:
    """All candidates, and for each query the numbers of its own. `connection` is to the twin."""
    catalog, statistics = snapshot.catalog, snapshot.statistics
    assert statistics is not None
    tables: dict[int, Relation] = {table.oid: table for table in catalog.tables}
    tables.update((view.oid, view) for view in catalog.materialized_views)
    available = options.available
    if available is None:
        available = catalog.available_extensions
    expressions = Expressions(statistics, connection)
    asked = [with_share(one, tables[one.table_oid], catalog, statistics) for one in options.asked]
    numbers: dict[CandidateIndex, int] = {}
    sized: list[Sized] = []
    wanted_by: list[list[int]] = []
    for done, query in enumerate(queries):
        progress("writing down candidates", done, len(queries))
        own: list[int] = []
        found = (
            candidates(
                query.scoped, catalog, statistics, limits=options.limits, available=available
            )
            if options.additions
            else ()
        )
        read = {(use.schema, use.name) for use in query.scoped.relations}
        for candidate in (*found, *(one for one in asked if read & whole_of(one, catalog))):
            if candidate not in numbers:
                if (
                    candidate not in asked
                    and candidate.partial is not None
                    and (candidate.partial.share is None or not options.partial)
                ):
                    continue
                numbers[candidate] = len(sized)
                relation = tables[candidate.table_oid]
                one = expressions.described(candidate, relation)
                sized.append(
                    sized_candidate(one, relation, catalog, statistics, options.hypopg_unit)
                )
            own.append(numbers[candidate])
        wanted_by.append(own)
    return sized, [[*own, *_of_patterns(own, sized)] for own in wanted_by]


def _of_patterns(own: Sequence[int], sized: Sequence[Sized]) -> Iterator[int]:
    """Indexes that were made for the patterns of other queries (text_pattern_ops) answer equality
    as well: one index may do for both."""
    looked_up = {
        (sized[number].candidate.table_oid, sized[number].candidate.keys[0].text)
        for number in own
        if sized[number].candidate.method == "btree"
    }
    for number, one in enumerate(sized):
        first = one.candidate.keys[0]
        same = (one.candidate.table_oid, first.text) in looked_up
        if same and first.operator_class in PATTERN_CLASSES.values() and number not in own:
            yield number
