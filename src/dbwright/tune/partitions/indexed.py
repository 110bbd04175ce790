"""The other way to find a range of rows: an index on the partition key.

Where the table has none, most of what partitions would save an index saves as well, and at a
fraction of the trouble. So partitions have to be better than that.
"""

from __future__ import annotations

import math
from dataclasses import replace

from dbwright.model.catalog import Index, IndexColumn
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import IndexStatistics
from dbwright.sandbox.twin.files import PAGE
from dbwright.tune.partitions.candidates import Candidate
from dbwright.tune.partitions.surroundings import free_oid, surroundings

__all__ = ["has_index", "with_index"]

ENTRY_BYTES = 20
"""Of a b-tree of 8-byte values: line pointer, tuple header, value."""
FILL = 0.9


def has_index(candidate: Candidate) -> bool:
    """Is there one that begins with the key and is of all rows?"""
    return any(
        index.valid and not index.partial and index.columns[:1] == (candidate.column.name,)
        for index in candidate.table.indexes
        if index.method in ("btree", "brin")
    )


def with_index(snapshot: Snapshot, candidate: Candidate) -> Snapshot:
    """The snapshot with a b-tree on the key, and nothing but what the table's queries read."""
    statistics = snapshot.statistics
    assert statistics is not None
    table = candidate.table
    oid = free_oid(snapshot.catalog)
    keys = (IndexColumn(candidate.column.name),)
    index = Index(oid, table.schema, "dbwright_key_index", "btree", keys)
    around = surroundings(snapshot.catalog, candidate)
    tables = tuple(
        replace(other, indexes=(*other.indexes, index)) if other.oid == table.oid else other
        for other in around.tables
    )
    pages = 1 + math.ceil(candidate.rows * ENTRY_BYTES / (PAGE * FILL))
    size = IndexStatistics(oid, bytes=pages * PAGE, pages=pages, rows=candidate.rows)
    return replace(
        snapshot,
        catalog=replace(around, tables=tables),
        statistics=replace(statistics, indexes=(*statistics.indexes, size)),
    )
