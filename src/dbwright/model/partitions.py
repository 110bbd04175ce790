"""The tree of partitions: the table at its top, and those at its ends, which hold the rows."""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog, Table, TableKind

__all__ = ["partition_leaves", "partition_root"]


def partition_root(catalog: Catalog, table: Table) -> Table:
    """The partitioned table at the top; the table itself where it is no partition. What is above a
    parent that could not be read is not known: then the highest one that is."""
    while table.is_partition and table.inherits:
        parent = catalog.find_table(table.inherits[0])
        if parent is None:
            break
        table = parent
    return table


def partition_leaves(catalog: Catalog, table: Table) -> Iterator[Table]:
    """The tables below a partitioned one that are not partitioned themselves, foreign ones among
    them; none of another kind of table."""
    if table.kind is not TableKind.PARTITIONED:
        return
    for child in catalog.children(table):
        if child.kind is TableKind.PARTITIONED:
            yield from partition_leaves(catalog, child)
        else:
            yield child
