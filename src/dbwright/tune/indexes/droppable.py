"""Which indexes that exist could go, as far as the catalog and the counters tell.

Never one that is unique, backs a constraint, is the replica identity, the order of CLUSTER, or one
of a partitioned index's parts; and never the only one by which the server finds the rows that
reference a key. Whether the workload is as cheap without it is for the planner to say (`drops`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dbwright.model.catalog import Catalog, Index, MaterializedView, Table
from dbwright.model.index_use import Counted, count
from dbwright.model.redundant_indexes import (
    may_go,
    redundant_among,
    redundant_beside,
    replaces,
)
from dbwright.model.serving import keys_served_only_by
from dbwright.model.snapshot import Snapshot
from dbwright.model.tuning import DropReason
from dbwright.sql.ddl import index_definition
from dbwright.tune.indexes.comparable import comparable
from dbwright.tune.pages.tune.redundant_index import MIN_BYTES, MIN_DAYS

__all__ = [
    "Droppable",
    "counted_days",
    "counting_since",
    "droppable",
    "replaced_by",
    "twin_name",
]

Relation = Table | MaterializedView


@dataclass(frozen=True, slots=True)
class Droppable:
    """`index` of `relation` could go."""

    relation: Relation
    index: Index
    reason: DropReason
    keeper: Index | None
    """What does its work. One that is advised has the oid 0."""
    counted: Counted


def droppable(
    snapshot: Snapshot,
    used: Collection[str],
    advised: Mapping[int, Sequence[Index]],
    *,
    min_days: float = MIN_DAYS,
    min_bytes: int = MIN_BYTES,
) -> list[Droppable]:
    """All of them, the largest first; those that an advised index replaces at the end.

    `used` are the names (`schema.name`, unquoted) of the indexes in the workload's plans, before
    and after; `advised` are the new ones by their table's oid. An index may count as unused where
    the counters have run for `min_days` and it has `min_bytes`.
    """
    catalog, statistics = snapshot.catalog, snapshot.statistics
    assert statistics is not None
    days = counted_days(snapshot)
    old_enough = days is not None and days >= min_days
    found: list[Droppable] = []
    relations: tuple[Relation, ...] = (*catalog.tables, *catalog.materialized_views)
    for relation in relations:
        if not any(_allowed(index, relation) for index in relation.indexes):
            continue
        counted = {i.oid: count(catalog, statistics, relation, i) for i in relation.indexes}
        unused = {
            index.oid
            for index in relation.indexes
            if old_enough
            and counted[index.oid].scans == 0
            and (counted[index.oid].size_bytes or 0) >= min_bytes
            and not _names(index, relation, catalog) & {*used}
        }
        found += _of_relation(relation, catalog, counted, unused, advised.get(relation.oid, ()))
    return sorted(found, key=_order)


def counting_since(snapshot: Snapshot) -> datetime | None:
    """When the counters began; None where that is not known."""
    statistics = snapshot.statistics
    return (statistics.since if statistics else None) or snapshot.catalog.server.started_at


def counted_days(snapshot: Snapshot) -> float | None:
    """How long the counters had been counting when the snapshot was taken."""
    since, statistics = counting_since(snapshot), snapshot.statistics
    if since is None or statistics is None:
        return None
    return (statistics.captured_at - since).total_seconds() / 86400


def replaced_by(new: Index, relation: Relation) -> Iterator[Index]:
    """The indexes of the relation that could go if there were the new one."""
    keeper = comparable(new)
    for index in relation.indexes:
        if _allowed(index, relation) and replaces(keeper, comparable(index)):
            yield index


def twin_name(index: Index) -> str:
    """`schema.name`, unquoted, as plans have it."""
    return f"{index.schema}.{index.name}"


def _of_relation(
    relation: Relation,
    catalog: Catalog,
    counted: Mapping[int, Counted],
    unused: Collection[int],
    advised: Sequence[Index],
) -> Iterator[Droppable]:
    """An index that nothing uses is no reason for another one to go, and one that goes itself
    hands on to the one that stays."""
    left = list(relation.indexes)
    kept = [index for index in left if index.oid not in unused]
    among = {found.index.oid: found.keeper for found in redundant_among(relation, kept)}
    for index in relation.indexes:
        if not _allowed(index, relation) or not _may_leave(index, relation, left, catalog):
            continue
        keeper = among.get(index.oid)
        if index.oid in unused:
            beside = redundant_beside(relation, index, kept)
            keeper = None if beside is None else beside.keeper
        elif keeper is None:
            continue
        while keeper is not None and keeper.oid in among and _allowed(keeper, relation):
            keeper = among[keeper.oid]
        left.remove(index)
        yield Droppable(relation, index, _reason(keeper, index), keeper, counted[index.oid])
    for new in advised:
        for index in replaced_by(new, relation):
            if index in left:
                left.remove(index)
                yield Droppable(relation, index, DropReason.REPLACED, new, counted[index.oid])


def _allowed(index: Index, relation: Relation) -> bool:
    if not may_go(index) or index.unique or index.backs_constraint:
        return False
    try:
        index_definition(index, relation.qualified)
    except ValueError:
        return False  # it could not be made again
    return True


def _may_leave(index: Index, relation: Relation, left: Sequence[Index], catalog: Catalog) -> bool:
    """Has each foreign key of the table another index, among those that stay?"""
    if not isinstance(relation, Table):
        return True
    return not keys_served_only_by(index, replace(relation, indexes=tuple(left)), catalog)


def _reason(keeper: Index | None, index: Index) -> DropReason:
    if keeper is None:
        return DropReason.UNUSED
    same = len(keeper.keys) == len(index.keys)
    return DropReason.REPEATED if same else DropReason.PREFIX


def _names(index: Index, relation: Relation, catalog: Catalog) -> set[str]:
    """Its own name, and those of its parts."""
    names = {twin_name(index)}
    if index.partitioned and isinstance(relation, Table):
        for child in catalog.children(relation):
            for own in child.indexes:
                if own.parent == index.qualified:
                    names |= _names(own, child, catalog)
    return names


def _order(found: Droppable) -> tuple[bool, int, str]:
    replaced = found.reason is DropReason.REPLACED
    return replaced, -(found.counted.size_bytes or 0), found.index.qualified
