"""Which index a foreign key lives on: what a rule must not drop, and what another one misses."""

from __future__ import annotations

from itertools import takewhile

from dbwright.model.catalog import Catalog, ForeignKey, Index, Table
from dbwright.model.names import quote

__all__ = ["keys_served_only_by", "serves_foreign_key"]

METHODS = ("btree", "hash", "gist")
"""Which find equal values; a GiST index on a type that keys are made of does, too."""


def serves_foreign_key(index: Index, key: ForeignKey, parent: Table | None) -> bool:
    """Does the index of the referencing table lead to the rows that reference one key?

    Its leading columns are the key's, in any order, or some of them that find few rows alone: they
    are unique here, or what they reference is unique in the parent.
    """
    if not index.valid or index.method not in METHODS:
        return False
    if index.partial and not any(
        index.predicate == f"({quote(column)} IS NOT NULL)" for column in key.columns
    ):
        return False
    leading = set(takewhile(key.columns.__contains__, index.columns))
    if len(leading) == len(key.columns) or (index.unique and len(leading) == len(index.columns)):
        return True
    return parent is not None and bool(leading) and _tell_the_row(parent, key, leading)


def keys_served_only_by(index: Index, table: Table, catalog: Catalog) -> tuple[ForeignKey, ...]:
    """The table's foreign keys that would have no index left without this one."""
    found: list[ForeignKey] = []
    for key in table.foreign_keys:
        parent = catalog.find_table(key.references)
        if serves_foreign_key(index, key, parent) and not any(
            other is not index and serves_foreign_key(other, key, parent) for other in table.indexes
        ):
            found.append(key)
    return tuple(found)


def _tell_the_row(parent: Table, key: ForeignKey, leading: set[str | None]) -> bool:
    """Do some of the columns already tell which row of the parent is meant?"""
    pairs = zip(key.columns, key.referenced_columns, strict=True)
    meant = {referenced for column, referenced in pairs if column in leading}
    return any(
        index.unique and not index.partial and index.valid and meant.issuperset(index.columns)
        for index in parent.indexes
    )
