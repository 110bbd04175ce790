"""What the server counted of an index; of a partitioned one, what it counted of its parts."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.model.catalog import Catalog, Index, MaterializedView, Table
from dbwright.model.statistics import Statistics

__all__ = ["Counted", "count"]


@dataclass(frozen=True, slots=True)
class Counted:
    """None where nothing was counted."""

    size_bytes: int | None = None
    scans: int | None = None


def count(
    catalog: Catalog,
    statistics: Statistics | None,
    table: Table | MaterializedView,
    index: Index,
) -> Counted:
    """The index's size and scans, with those of the partitions' indexes attached to it."""
    found = statistics.of_index(index) if statistics else None
    if found is None:
        return Counted()
    if not index.partitioned or not isinstance(table, Table):
        return Counted(found.bytes, found.scans)
    size = scans = 0
    for child in catalog.children(table):
        for own in child.indexes:
            if own.parent == index.qualified:
                part = count(catalog, statistics, child, own)
                size += part.size_bytes or 0
                scans += part.scans or 0
    return Counted(size, scans)
