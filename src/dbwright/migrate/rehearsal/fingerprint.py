"""A schema as one number: the same for the same schema, wherever it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from dbwright.diff.compare import collect
from dbwright.diff.item import Item
from dbwright.diff.kinds import all_kinds
from dbwright.model.catalog import Catalog
from dbwright.model.finding import ObjectRef

__all__ = ["fingerprint"]


OF_THE_SERVER = ("owner", "privileges", "tablespace", "version")
"""What a copy on another machine may not have: roles, disks, the releases of extensions."""


def fingerprint(catalog: Catalog, left_out: str = "") -> str:
    """SHA-256 over all that `differences` compares but `OF_THE_SERVER`; without the table
    `left_out` (qualified) and its parts, and without partitions, which come and go day by day."""
    kinds = all_kinds()
    summed = sha256()
    aside = {table.ref for table in catalog.tables if table.is_partition}
    aside.add(ObjectRef("table", left_out))
    items = collect(catalog)
    for ref, item in sorted(items.items()):
        if not aside.isdisjoint(_above(ref, items)) or item.kind == "default privileges":
            continue
        summed.update(f"{ref}\0".encode())
        for one in kinds[item.kind].properties:
            if one.name not in OF_THE_SERVER:
                summed.update(f"{one.name}={_written(one.get(item))}\0".encode())
    return summed.hexdigest()


def _above(ref: ObjectRef, items: Mapping[ObjectRef, Item]) -> Iterator[ObjectRef]:
    """An object, what it is a part of, and so on: a default, its column, the table."""
    item: Item | None = items[ref]
    while item is not None:
        yield item.ref
        if item.parent is None:
            return
        yield item.parent
        item = items.get(item.parent)


def _written(value: Any) -> str:
    """The same text for the same value, in whatever order a set comes."""
    if isinstance(value, frozenset):
        return f"{{{','.join(sorted(map(_written, value)))}}}"
    if isinstance(value, tuple):
        return f"({','.join(map(_written, value))})"
    return repr(value)
