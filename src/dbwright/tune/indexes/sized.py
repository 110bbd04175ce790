"""A candidate with its measures: size, what counts against the budget, what it costs writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbwright.model.catalog import Catalog, MaterializedView, Table
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import Statistics
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.indexes.estimate import candidate_size
from dbwright.tune.indexes.hypopg_size import KNOWN, hypopg_size
from dbwright.tune.indexes.size import ROUGH, IndexSize
from dbwright.tune.indexes.write_estimate import estimated_writes, table_writes
from dbwright.tune.indexes.writes import UpdateKind, WriteCost

__all__ = ["Sized", "sized_candidate", "written"]

Relation = Table | MaterializedView


@dataclass(frozen=True, slots=True)
class Sized:
    """A candidate and its measures. `relation` is its table."""

    candidate: CandidateIndex
    relation: Relation
    size: IndexSize
    counted_bytes: float
    """Against the budget."""


def sized_candidate(
    candidate: CandidateIndex,
    relation: Relation,
    catalog: Catalog,
    statistics: Statistics,
    hypopg_unit: bool,
) -> Sized:
    size = candidate_size(candidate, relation, catalog, statistics)
    # Room is kept for what a rough size may come to.
    counted = float(size.most_bytes if size.above > ROUGH else size.bytes)
    if hypopg_unit and candidate.method in KNOWN:  # of others HypoPG says nothing
        partial = candidate.partial
        share = 1.0 if partial is None or partial.share is None else partial.share
        index = candidate.index("x")
        counted = float(hypopg_size(index, relation, catalog, statistics, share=share))
    return Sized(candidate, relation, size, counted)


def written(
    snapshot: Snapshot, one: Sized, name: str, updates: Sequence[UpdateKind] = ()
) -> WriteCost:
    """What the candidate costs the writes of its table. `updates` are those of the workload."""
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
        updates=updates,
    )
