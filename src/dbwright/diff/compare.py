"""What two catalogs don't share, object by object and property by property."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from operator import attrgetter
from typing import Any

from dbwright.diff.item import Item
from dbwright.diff.kinds import all_kinds
from dbwright.diff.kinds.privileges import with_later
from dbwright.model.catalog import Catalog, Index
from dbwright.model.finding import ObjectRef

__all__ = ["Change", "Difference", "changed_properties", "collect", "differences"]


class Change(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One object that only one side has, or one property that is not the same on both."""

    object: ObjectRef
    change: Change
    property: str
    """Empty for a whole object."""
    text: str
    """One line: `column shop.orders.total: type integer, was bigint`."""


def differences(
    before: Catalog, after: Catalog, *, owners: bool = True, privileges: bool = True
) -> tuple[Difference, ...]:
    """What makes `after` another schema than `before`, sorted by object; empty means: the same.

    Compared are schemas, extensions, collations, types, functions, sequences, tables and all their
    parts, views, statistics, publications, foreign servers, triggers, policies, rules, default
    privileges, with owners, privileges and comments. The parts of an object that only one side has
    are not told one by one.

    Left out on purpose is what is no part of a schema, or can't be chosen by a statement: oids, the
    time of reading, the server's version and settings, roles and the rest of the cluster, where
    sequences stand, the order of columns and attributes, whether a column or a check of a child
    was also declared by itself, whether a materialized view is filled, what partitions got from
    their parent (foreign keys, triggers), who granted a privilege, and the privileges of a type
    or function that only say what everybody has anyway.

    `owners`, `privileges`: whether they are compared.
    """
    old, new = collect(before), collect(after)
    found = list(_differences(old, new, _ignored(owners, privileges)))
    return tuple(sorted(found, key=lambda one: (one.object, one.property)))


def collect(catalog: Catalog) -> Mapping[ObjectRef, Item]:
    """Every item of the catalog, but temporary tables. What was collected is kept for as long as
    the catalog is: each is looked at several times, up and down."""
    key = id(catalog)
    known = _collected.get(key)
    if known is not None:
        return known
    weakref.finalize(catalog, _collected.pop, key, None)
    found = _collected[key] = _collect(catalog)
    return found


_collected: dict[int, Mapping[ObjectRef, Item]] = {}


def _collect(catalog: Catalog) -> Mapping[ObjectRef, Item]:
    if any(table.persistence == "temporary" for table in catalog.tables):
        lasting = (table for table in catalog.tables if table.persistence != "temporary")
        catalog = replace(catalog, tables=tuple(lasting))
    catalog = with_later(catalog)
    return {item.ref: item for kind in all_kinds().values() for item in kind.items(catalog)}


def changed_properties(
    before: Item, after: Item, *, owners: bool = True, privileges: bool = True
) -> dict[str, tuple[Any, Any]]:
    """The properties that differ, each with both values."""
    if before.kind != after.kind:
        return {"kind": (before.kind, after.kind)}
    if _same(before, after):
        return {}
    found = all_kinds()[before.kind].changed(before, after)
    for name in _ignored(owners, privileges):
        found.pop(name, None)
    return found


OF_INDEX = attrgetter(*(field.name for field in fields(Index) if field.name != "oid"))


def _same(before: Item, after: Item) -> bool:
    """Is it plain, without looking at each property, that nothing differs? Most items are so."""
    old, new = before.noun, after.noun
    if before.kind == "index":
        return before.parent == after.parent and OF_INDEX(old) == OF_INDEX(new)
    if before.kind == "key":
        if old.key != new.key or old.primary != new.primary or not (old.index and new.index):
            return False
        return bool(OF_INDEX(old.index) == OF_INDEX(new.index))
    if old is not new and old != new:
        return False
    if before.whole is None or not getattr(old, "grants", ()):
        return True
    return bool(before.whole.owner == after.whole.owner)


def _ignored(owners: bool, privileges: bool) -> tuple[str, ...]:
    return (() if owners else ("owner",)) + (() if privileges else ("privileges",))


def _differences(
    old: Mapping[ObjectRef, Item], new: Mapping[ObjectRef, Item], ignored: tuple[str, ...]
) -> Iterator[Difference]:
    kinds = all_kinds()
    skipped = {"default privileges"} if "privileges" in ignored else set()
    for ref, item in old.items():
        if item.kind in skipped:
            continue
        other = new.get(ref)
        if other is None:
            if item.parent is None or item.parent in new:
                text = kinds[item.kind].said_of_all(item, Change.REMOVED)
                yield Difference(ref, Change.REMOVED, "", text)
            continue
        changed = changed_properties(item, other)
        for name in ignored:
            changed.pop(name, None)
        for name, (was, is_) in changed.items():
            text = kinds[other.kind].said(other, name, was, is_)
            yield Difference(ref, Change.CHANGED, name, text)
    for ref, item in new.items():
        if ref in old or item.kind in skipped:
            continue
        if item.parent is None or item.parent in old:
            text = kinds[item.kind].said_of_all(item, Change.ADDED)
            yield Difference(ref, Change.ADDED, "", text)
