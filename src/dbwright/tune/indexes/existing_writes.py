"""What an index that exists costs the writes of its table: as if it were about to be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbwright.model.catalog import Index, MaterializedView, Table
from dbwright.model.snapshot import Snapshot
from dbwright.tune.indexes.estimate import estimated_size
from dbwright.tune.indexes.size import IndexSize
from dbwright.tune.indexes.write_estimate import estimated_writes, held_share, table_writes
from dbwright.tune.indexes.writes import UpdateKind, WriteCost

__all__ = ["existing_writes"]


def existing_writes(
    snapshot: Snapshot,
    relation: Table | MaterializedView,
    index: Index,
    updates: Sequence[UpdateKind] = (),
) -> tuple[WriteCost, IndexSize]:
    """And the size that it would have, built anew. `updates` are those of the workload.

    Raises ValueError for a method without a size.
    """
    catalog, statistics = snapshot.catalog, snapshot.statistics
    assert statistics is not None
    rest = tuple(other for other in relation.indexes if other is not index)
    without = replace(relation, indexes=rest)
    share = held_share(index, relation, statistics) if index.partial else 1.0
    size = estimated_size(index, without, catalog, statistics, share=share)
    cost = estimated_writes(
        index,
        without,
        catalog,
        statistics,
        size,
        table_writes(without, catalog, statistics),
        share=share,
        updates=updates,
    )
    return cost, size
