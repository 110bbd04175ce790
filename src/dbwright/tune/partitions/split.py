"""Production's statistics of one table, cut into those of its partitions.

What ANALYZE found of the key is cut to each partition's range. So is the histogram of every other
column in the same order (an id beside its time): the same ranks of it. The rest stays as it is, but
no partition has more different values than rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from dbwright.model.catalog import Catalog, Index, Table
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import (
    ColumnStatistics,
    IndexStatistics,
    Statistics,
    TableStatistics,
)
from dbwright.sandbox.twin.files import PAGE
from dbwright.tune.partitions.candidates import ORDERED, Candidate
from dbwright.tune.partitions.layout import Layout, Part, parent_table, part_tables
from dbwright.tune.partitions.surroundings import free_oid, surroundings

__all__ = ["partitioned"]


def partitioned(snapshot: Snapshot, layout: Layout) -> Snapshot:
    """The snapshot with the table partitioned, and nothing but what its queries read."""
    candidate, statistics = layout.candidate, snapshot.statistics
    assert statistics is not None
    around = surroundings(snapshot.catalog, candidate)
    children = tuple(part_tables(layout, free_oid(snapshot.catalog)))
    here = around.table(candidate.table.qualified)
    parent = replace(parent_table(candidate), foreign_keys=here.foreign_keys)
    others = tuple(table for table in around.tables if table is not here)
    catalog = replace(around, tables=(parent, *children, *others))
    return replace(
        snapshot,
        catalog=catalog,
        statistics=_statistics(statistics, catalog, layout, children),
    )


def _statistics(
    statistics: Statistics, catalog: Catalog, layout: Layout, children: tuple[Table, ...]
) -> Statistics:
    table = layout.candidate.table
    own = {table.oid} | {index.oid for index in table.indexes}
    whole = statistics.of(table)
    assert whole is not None
    tables = [one for one in statistics.tables if one.oid not in own]
    indexes = [one for one in statistics.indexes if one.oid not in own]
    columns = [one for one in statistics.columns if one.table_oid not in own]
    # The planner takes what is known of all rows together for joins and groups.
    columns += [
        replace(one, inherited=True) for one in statistics.columns if one.table_oid == table.oid
    ]
    for child, part in zip(children, layout.parts, strict=True):
        tables.append(_table(whole, child, part))
        indexes += _indexes(statistics, table, child, part)
        if part.share:
            columns += _columns(statistics, layout.candidate, child, part)
    names = {(s.schema, s.name) for s in catalog.extended_statistics if s.table == table.qualified}
    extended = tuple(
        replace(one, inherited=True) if (one.schema, one.name) in names else one
        for one in statistics.extended
    )
    return replace(
        statistics,
        tables=tuple(tables),
        indexes=tuple(indexes),
        columns=tuple(columns),
        extended=extended,
    )


def _table(whole: TableStatistics, child: Table, part: Part) -> TableStatistics:
    if not part.share:
        return TableStatistics(child.oid)
    heap = whole.heap_bytes
    return TableStatistics(
        child.oid,
        rows=None if whole.rows is None else whole.rows * part.share,
        pages=math.ceil(whole.pages * part.share),
        all_visible_pages=math.floor(whole.all_visible_pages * part.share),
        heap_bytes=None if heap is None else _whole_pages(heap * part.share),
    )


def _indexes(
    statistics: Statistics, table: Table, child: Table, part: Part
) -> Iterator[IndexStatistics]:
    for original, index in _pairs(table, child):
        whole = statistics.of_index(original)
        if whole is not None and part.share:
            yield IndexStatistics(
                index.oid,
                bytes=None if whole.bytes is None else _whole_pages(whole.bytes * part.share),
                pages=math.ceil(whole.pages * part.share),
                rows=None if whole.rows is None else whole.rows * part.share,
            )


def _whole_pages(bytes_: float) -> int:
    return math.ceil(bytes_ / PAGE) * PAGE


def _pairs(table: Table, child: Table) -> Iterator[tuple[Index, Index]]:
    return zip((index for index in table.indexes if index.valid), child.indexes, strict=True)


def _columns(
    statistics: Statistics, candidate: Candidate, child: Table, part: Part
) -> Iterator[ColumnStatistics]:
    here = {original.oid: index.oid for original, index in _pairs(candidate.table, child)}
    here[candidate.table.oid] = child.oid
    rows = max(1.0, candidate.rows * part.share)
    for one in statistics.columns:
        if one.table_oid not in here or one.inherited:
            continue
        moved = replace(one, table_oid=here[one.table_oid])
        if one.table_oid == candidate.table.oid and one.column == candidate.column.name:
            moved = _key(moved, candidate, part)
        elif (one.correlation or 0.0) >= ORDERED and not one.common_values:
            moved = _ranks(moved, candidate, part)
        yield replace(moved, distinct=_distinct(moved.distinct, candidate, rows))


def _key(one: ColumnStatistics, candidate: Candidate, part: Part) -> ColumnStatistics:
    line = candidate.line
    start = line.low if part.start is None else max(line.low, part.start)
    end = min(line.high, part.end - 1)
    common = [(value, share / part.share) for value, share in line.common if start <= value <= end]
    inner = [bound for bound in line.bounds if start < bound < end]
    bounds = [start, *inner, end] if start < end and len(line.bounds) > 1 else []
    return replace(
        one,
        null_fraction=0.0,
        common_values=tuple(line.axis.value(value) for value, _ in common),
        common_frequencies=tuple(min(1.0, share) for _, share in common),
        histogram=tuple(dict.fromkeys(map(line.axis.value, bounds))),
        # The share of the table's values that lie here, where their number is known.
        distinct=one.distinct if one.distinct < 0 else max(1.0, one.distinct * part.share),
    )


def _ranks(one: ColumnStatistics, candidate: Candidate, part: Part) -> ColumnStatistics:
    """The part of the histogram that belongs to rows in this place of the table."""
    count = len(one.histogram) - 1
    if count < 1:
        return one
    below = 0.0 if part.start is None else candidate.line.below(part.start)
    first = math.floor(below * count)
    last = math.ceil(candidate.line.below(part.end) * count)
    last = min(count, max(last, first + 1))
    return replace(one, histogram=one.histogram[min(first, last - 1) : last + 1])


def _distinct(distinct: float, candidate: Candidate, rows: float) -> float:
    """How many of that many different values come among so many of the rows, were they spread."""
    if distinct <= 0 or candidate.rows <= 0:
        return distinct
    rows_of_one = max(1.0, candidate.rows / distinct)
    missing = math.pow(1.0 - min(1.0, rows / candidate.rows), rows_of_one)
    return max(1.0, min(rows, distinct * (1.0 - missing)))
