"""How large a relation is; of a partitioned one, its partitions together.

A partitioned table has no pages of its own, and autovacuum never analyses it: often only its
partitions have statistics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.model.catalog import Catalog, Column, MaterializedView, Table, TableKind
from dbwright.model.partitions import partition_leaves
from dbwright.model.statistics import ColumnStatistics, Statistics

__all__ = ["Extent", "column_statistics", "extent_of"]

Relation = Table | MaterializedView


@dataclass(frozen=True, slots=True)
class Extent:
    """None where nothing was counted."""

    rows: float | None
    pages: int | None


def extent_of(relation: Relation, catalog: Catalog, statistics: Statistics | None) -> Extent:
    if statistics is None:
        return Extent(None, None)
    counted = statistics.of(relation)
    if not _is_partitioned(relation):
        return Extent(None, None) if counted is None else Extent(counted.rows, counted.pages)
    parts = [found for leaf in leaves(relation, catalog) if (found := statistics.of(leaf))]
    if not parts:
        return Extent(None, None)
    rows = sum(max(part.rows or 0.0, 0.0) for part in parts)
    if counted is not None and (counted.rows or 0.0) > 0:
        rows = counted.rows or 0.0
    return Extent(rows, sum(max(part.pages or 0, 0) for part in parts))


def column_statistics(
    relation: Relation, column: Column, catalog: Catalog, statistics: Statistics
) -> ColumnStatistics | None:
    """Those of the relation; of a partitioned one without any, those of its largest partition."""
    found = statistics.of_column(relation, column)
    if found is not None or not _is_partitioned(relation):
        return found
    counted = ((statistics.of(leaf), leaf) for leaf in leaves(relation, catalog))
    sizes = [((one.pages or 0) if one else 0, leaf) for one, leaf in counted]
    largest = max(sizes, key=lambda pair: (pair[0], pair[1].qualified), default=None)
    return None if largest is None else statistics.of_column(largest[1], column.name)


def leaves(relation: Relation, catalog: Catalog) -> Iterator[Table]:
    """The tables that hold the rows of a partitioned one."""
    if isinstance(relation, Table):
        yield from partition_leaves(catalog, relation)


def _is_partitioned(relation: Relation) -> bool:
    return isinstance(relation, Table) and relation.kind is TableKind.PARTITIONED
