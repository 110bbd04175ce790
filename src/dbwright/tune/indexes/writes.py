"""What an index costs the writes of its table.

An INSERT adds an entry. An UPDATE adds one to every index of the table, unless it is HOT: it sets
no column that any index uses, and the row's page has room (manual, Heap-Only Tuples). So an index
on a column that updates set makes them write to all the other indexes too. A DELETE writes nothing
to an index; VACUUM does, later.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dbwright.tune.indexes.insert_cost import InsertCost

__all__ = ["TableWrites", "UpdateKind", "WriteCost", "write_cost"]

SET_COLUMNS = 2
"""Columns that an UPDATE is supposed to set where the statements are not known."""
VACUUM_RECORD = 50
DELETED_ITEM = 2
DEAD_SHARE = 0.2
"""Of the rows, when autovacuum comes (autovacuum_vacuum_scale_factor)."""


@dataclass(frozen=True, slots=True)
class UpdateKind:
    """One kind of UPDATE: the columns that it sets, and how many rows it updates (in any unit
    that is the same for all)."""

    columns: frozenset[str]
    rows: float = 1.0


@dataclass(frozen=True, slots=True)
class TableWrites:
    """What is written to a table, in rows a day; None where no one knows since when it counts."""

    inserted: float | None
    updated: float | None
    deleted: float | None
    hot_share: float
    """Of its updates, as counted (0 to 1)."""
    columns: tuple[str, ...]
    """That an UPDATE may set; the primary key's are left out."""
    indexed: frozenset[str]
    """Columns that the other indexes use, in keys, included, and in predicates."""
    other_indexes: tuple[InsertCost, ...] = ()


@dataclass(frozen=True, slots=True)
class WriteCost:
    """Bytes of write-ahead log, with full page images; rates are a day's."""

    bytes_per_insert: float
    bytes_per_update: float
    """Of an average UPDATE: the new index's entries, and those that other indexes get only now."""
    bytes_per_delete: float
    """Of a deleted or replaced row, when VACUUM takes it out."""
    updates_that_write_share: float
    """Of the updates, those that add an entry to the new index."""
    updates_that_lose_hot_share: float
    """Of the updates, those that were HOT and are not any more."""
    bytes_per_day: float | None
    pages_per_write: float
    """Pages that an entry touches, nearly all cached."""
    dirtied_per_day: float | None
    """Pages that have to be written."""
    updates_known: bool
    """From the statements, not supposed."""

    @property
    def bytes_per_write(self) -> float:
        """Of an INSERT, which is also what an UPDATE that is not HOT costs at least."""
        return self.bytes_per_insert


def write_cost(
    insert: InsertCost,
    used_columns: Collection[str],
    writes: TableWrites,
    *,
    updates: Sequence[UpdateKind] = (),
    leaf_entries: float = 300.0,
    share: float = 1.0,
    summarizing: bool = False,
) -> WriteCost:
    """Of one more index, whose entries cost `insert` and which uses these columns.

    `updates` are the table's, where the workload knows them; else updates are supposed to set
    any two columns. `share` of the rows satisfy a partial index's predicate. A `summarizing`
    index (BRIN on PostgreSQL 16 and later) does not stand in the way of HOT. `leaf_entries` is how
    many rows a leaf page holds.
    """
    new = frozenset() if summarizing else frozenset(used_columns) - writes.indexed
    if updates:
        loses, hot_after = _from_statements(updates, new, writes)
    else:
        loses = writes.hot_share * _chance(len(new & {*writes.columns}), len(writes.columns))
        hot_after = writes.hot_share - loses
    written = (1 - hot_after) * share
    others = sum(cost.bytes for cost in writes.other_indexes)
    an_update = written * insert.bytes + loses * others
    taken_out = share * (DELETED_ITEM + VACUUM_RECORD / max(leaf_entries * DEAD_SHARE, 1.0))
    inserted, updated, deleted = writes.inserted, writes.updated, writes.deleted
    a_day = dirtied = None
    if inserted is not None and updated is not None and deleted is not None:
        entries = share * inserted + written * updated
        a_day = share * inserted * insert.bytes + updated * an_update
        a_day += (deleted + (1 - hot_after) * updated) * taken_out
        dirtied = entries * insert.pages_dirtied
        dirtied += loses * updated * sum(cost.pages_dirtied for cost in writes.other_indexes)
    return WriteCost(
        bytes_per_insert=share * insert.bytes,
        bytes_per_update=an_update,
        bytes_per_delete=taken_out,
        updates_that_write_share=written,
        updates_that_lose_hot_share=loses,
        bytes_per_day=a_day,
        pages_per_write=insert.pages_read,
        dirtied_per_day=dirtied,
        updates_known=bool(updates),
    )


def _from_statements(
    updates: Sequence[UpdateKind], new: frozenset[str], writes: TableWrites
) -> tuple[float, float]:
    """The share of updates that lose HOT, and the share that is HOT after."""
    total = sum(kind.rows for kind in updates)
    if total <= 0:
        return 0.0, writes.hot_share
    may = sum(kind.rows for kind in updates if not kind.columns & writes.indexed) / total
    still = sum(kind.rows for kind in updates if not kind.columns & (writes.indexed | new)) / total
    # Not every update that may be HOT finds room on its page: as many as did until now.
    room = min(1.0, writes.hot_share / may) if may > 0 else 0.0
    return (may - still) * room, still * room


def _chance(wanted: int, columns: int) -> float:
    """Of setting one of the wanted columns, if some are set at random."""
    if wanted <= 0:
        return 0.0
    if columns - wanted < SET_COLUMNS:
        return 1.0
    return 1 - math.comb(columns - wanted, SET_COLUMNS) / math.comb(columns, SET_COLUMNS)
