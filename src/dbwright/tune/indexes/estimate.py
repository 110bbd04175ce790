"""The size of an index of the model, from the catalog and the statistics of a snapshot."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from dbwright.model.catalog import (
    Catalog,
    Index,
    IndexColumn,
    MaterializedView,
    Table,
    TableKind,
)
from dbwright.model.statistics import ColumnStatistics, Statistics
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.indexes.computed import Computed
from dbwright.tune.indexes.counts import Counts
from dbwright.tune.indexes.equality import joins_equal_keys
from dbwright.tune.indexes.expression import width_of_expression
from dbwright.tune.indexes.extended import known_combinations
from dbwright.tune.indexes.gin_entries import gin_entries
from dbwright.tune.indexes.gin_size import GinEntries
from dbwright.tune.indexes.gist_size import gist_keys
from dbwright.tune.indexes.key_kind import result_column
from dbwright.tune.indexes.sampled import Sampling
from dbwright.tune.indexes.settings import gin_build_memory, statistics_target
from dbwright.tune.indexes.size import IndexSize, index_size, together
from dbwright.tune.indexes.widths import KeyWidth, column_width

__all__ = ["IndexWidths", "candidate_size", "estimated_size", "index_widths"]

Relation = Table | MaterializedView

FEW = 20
"""Results of an expression that statistics' values tell for sure to be all that there are."""


@dataclass(frozen=True, slots=True)
class IndexWidths:
    """What the size model takes of an index's columns."""

    keys: tuple[KeyWidth, ...]
    include: tuple[KeyWidth, ...]


def estimated_size(
    index: Index,
    relation: Relation,
    catalog: Catalog,
    statistics: Statistics,
    *,
    share: float | None = None,
    fixed: Mapping[str, str] | None = None,
    present: Collection[str] = (),
    computed: Mapping[str, Computed] = MappingProxyType({}),
    counted_in: Relation | None = None,
) -> IndexSize:
    """The size that building `index` (it need not exist) on `relation` would give.

    A partial index needs the `share` of the rows that its predicate leaves (0 to 1); `fixed` are
    the columns to which it gives one value (as text), `present` those that it says are not null.
    `computed` is what is known of the index's expressions where it does not exist yet.
    On a partitioned table the size is the sum over the partitions, whose entries are counted in
    the whole.

    Raises ValueError for a partial index without `share`, KeyError for a column that the relation
    does not have.
    """
    if share is None and index.partial:
        raise ValueError(f"the share of rows in the partial index {index.qualified} is needed")
    if isinstance(relation, Table) and relation.kind is TableKind.PARTITIONED:
        parts = [
            estimated_size(
                index,
                child,
                catalog,
                statistics,
                share=share,
                fixed=fixed,
                present=present,
                computed=computed,
                counted_in=counted_in or relation,
            )
            for child in catalog.children(relation)
        ]
        return together(parts)
    counted = statistics.of(relation)
    rows = counted.best_rows if counted is not None else 0.0
    pages = counted.pages if counted is not None else 0
    fixed = fixed or {}
    widths = index_widths(index, relation, catalog, statistics, fixed, computed)
    counts = Counts(counted_in or relation, catalog, statistics)
    distinct = known_combinations(relation, catalog, statistics, rows)
    return index_size(
        index.method,
        gist_keys(index, relation, widths.keys) if index.method == "gist" else widths.keys,
        widths.include,
        rows=max(rows, 0.0),
        table_pages=pages,
        share=1.0 if share is None else share,
        fixed=fixed,
        present=present,
        distinct={**counts.combinations(index.keys, rows), **distinct},
        tuple_bytes=None if index.include else counts.tuple_bytes(index.keys),
        unique=index.unique,
        entries=_entries(index, relation, statistics, rows, counts, computed)
        if index.method == "gin"
        else (),
        options=dict(index.options),
        build_memory=gin_build_memory(catalog, pages),
        sampling=Sampling.of(rows, pages, statistics_target(relation, catalog)),
        major=catalog.server.major,
        page_size=catalog.server.block_size,
    )


def candidate_size(
    candidate: CandidateIndex, relation: Relation, catalog: Catalog, statistics: Statistics
) -> IndexSize:
    """Of a candidate on its relation; a partial one whose share of the rows nobody knows is taken
    as whole. Raises ValueError for a method without a size, KeyError for an unknown column."""
    partial = candidate.partial
    return estimated_size(
        candidate.index("candidate"),
        relation,
        catalog,
        statistics,
        share=1.0 if partial is None or partial.share is None else partial.share,
        fixed={} if partial is None else dict(partial.fixed),
        present=() if partial is None else partial.present,
        computed=candidate.computed,
    )


def index_widths(
    index: Index,
    relation: Relation,
    catalog: Catalog,
    statistics: Statistics,
    fixed: Mapping[str, str] = MappingProxyType({}),
    computed: Mapping[str, Computed] = MappingProxyType({}),
) -> IndexWidths:
    """`fixed` are the columns that have one value in all rows of the index (as text).

    Raises KeyError for a column that the relation does not have.
    """
    columns: dict[str, KeyWidth] = {}

    def of_column(name: str) -> KeyWidth:
        if name not in columns:
            column = next((c for c in relation.columns if c.name == name), None)
            if column is None:
                raise KeyError(name)
            columns[name] = column_width(
                column,
                statistics.of_column(relation, column),
                only=fixed.get(name),
                deduplicates=joins_equal_keys(column, catalog),
            )
        return columns[name]

    def of_key(key: IndexColumn) -> KeyWidth:
        if key.column is not None:
            return of_column(key.column)
        everything = {column.name: of_column(column.name) for column in relation.columns}
        found = width_of_expression(key.expression or "", everything)
        known = _of_expression(key, relation, statistics)
        if known is not None:
            return _with_statistics(found, known)
        own = computed.get(key.expression or "")
        return found if own is None else _with_results(found, own)

    return IndexWidths(
        tuple(of_key(key) for key in index.keys), tuple(of_column(name) for name in index.include)
    )


def _entries(
    index: Index,
    relation: Relation,
    statistics: Statistics,
    rows: float,
    counts: Counts,
    computed: Mapping[str, Computed],
) -> list[GinEntries]:
    """As they were counted, else by what is known of the values."""
    columns = {column.name: column for column in relation.columns}
    found: list[GinEntries] = []
    for key in index.keys:
        counted = counts.entries(key)
        if counted is not None:
            found += counted
            continue
        if key.column is not None:
            column = columns[key.column]
            known = statistics.of_column(relation, column)
        else:
            column, own = result_column(key), computed.get(key.expression or "")
            known = None if own is None else own.statistics
        found.append(gin_entries(column, known, key.operator_class, rows))
    return found


def _of_expression(
    key: IndexColumn, relation: Relation, statistics: Statistics
) -> ColumnStatistics | None:
    """What ANALYZE found for the expression of an index that exists, where it has only this."""
    for index in relation.indexes:
        expressions = [other.expression for other in index.keys if other.column is None]
        if expressions == [key.expression]:
            found = [column for column in statistics.columns if column.table_oid == index.oid]
            if len(found) == 1:
                return found[0]
    return None


def _with_statistics(width: KeyWidth, known: ColumnStatistics) -> KeyWidth:
    lengths = width.lengths
    if width.varying:
        move = known.average_width - int(width.average)
        lengths = tuple((max(1, length + move), share) for length, share in lengths)
    return replace(
        width,
        lengths=lengths,
        null_fraction=known.null_fraction,
        distinct=known.distinct or -1.0,
        frequencies=known.common_frequencies,
        correlation=known.correlation,
        known=True,
    )


def _with_results(width: KeyWidth, computed: Computed) -> KeyWidth:
    """Of values that the server computed from those of the column's statistics."""
    of = computed.statistics
    return replace(
        width,
        lengths=computed.lengths if width.varying else width.lengths,
        null_fraction=of.null_fraction,
        distinct=of.distinct or -1.0,
        frequencies=of.common_frequencies,
        correlation=of.correlation,
        known=0 < of.distinct <= FEW,
    )
