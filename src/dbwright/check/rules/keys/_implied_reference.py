"""Which columns reference a table by their name and type, although no foreign key says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.check.rules.keys._entity import entity_names, tables_by_entity, words
from dbwright.model.catalog import Catalog, Column, Table, TableKind

__all__ = ["ImpliedReference", "implied_references"]

SUFFIXES = frozenset({"id", "uuid", "guid"})
INTEGERS = frozenset({"smallint", "integer", "bigint"})
"""Types that compare with each other: a foreign key may join them."""
KEY_NAMES = frozenset({("id",), ("uuid",), ("guid",), ("pk",)})
ELSEWHERE = frozenset(
    "amazon apple aws discord ext external facebook foreign github gitlab google import imported "
    "legacy linkedin microsoft old original paypal remote salesforce shopify slack source stripe "
    "third twitter upstream vendor".split()
)
"""Words in names of columns whose values come from another system."""


@dataclass(frozen=True, slots=True)
class ImpliedReference:
    """A column that by its name and type references another table's primary key."""

    table: Table
    column: Column
    parent: Table
    sure: bool
    """Does the whole name say so, within one schema?"""

    @property
    def key(self) -> str:
        return self.table.column_ref(self.column).name

    @property
    def parent_column(self) -> str:
        assert self.parent.primary_key is not None
        return self.parent.primary_key.columns[0]


def implied_references(catalog: Catalog) -> Iterator[ImpliedReference]:
    """Those without a declared foreign key, in catalog order."""
    if any(extension.name == "citus" for extension in catalog.extensions):
        return  # distributed tables can't have the keys that one would expect
    entities = tables_by_entity(catalog)
    by_key = _tables_by_key_name(catalog)
    declared = {
        (table.oid, name)
        for table in catalog.tables
        for k in table.foreign_keys
        for name in k.columns
    }
    found: list[ImpliedReference] = []
    for name, columns in catalog.columns_by_name.items():
        parts = words(name)
        if len(parts) < 2 or not ELSEWHERE.isdisjoint(parts):
            continue
        if parts[-1] not in SUFFIXES and name not in by_key:
            continue
        for table, column in columns:
            if (table.oid, name) not in declared and _may_reference(table, column):
                parent, sure = _parent(entities, by_key, table, column, parts)
                if parent is not None and _may_be_referenced(parent, table, column):
                    found.append(ImpliedReference(table, column, parent, sure))
    found.sort(key=lambda one: (one.table.schema, one.table.name, one.column.position))
    yield from found


def _tables_by_key_name(catalog: Catalog) -> dict[str, list[Table]]:
    """The tables whose primary key is one column, by its name."""
    found: dict[str, list[Table]] = {}
    for table in catalog.tables:
        key = table.primary_key
        if key is not None and len(key.columns) == 1 and not table.is_partition:
            found.setdefault(key.columns[0], []).append(table)
    return found


def _may_reference(table: Table, column: Column) -> bool:
    return (
        table.kind is not TableKind.FOREIGN
        and not table.is_partition
        and table.persistence != "temporary"
        and not column.is_array
        and not column.inherited
        and column.generated is None
        and column.identity is None
        and "nextval(" not in (column.default or "")
    )


def _may_be_referenced(parent: Table, table: Table, column: Column) -> bool:
    key = parent.primary_key
    return (
        key is not None
        and len(key.columns) == 1
        and not key.deferrable
        and not (parent is table and key.columns[0] == column.name)
        and _types_agree(parent.column(key.columns[0]), column)
        and not parent.column(key.columns[0]).is_array
        and parent.kind is not TableKind.FOREIGN
        and (parent.persistence == "permanent" or table.persistence == parent.persistence)
        and parent.persistence != "temporary"
    )


def _types_agree(key: Column, column: Column) -> bool:
    return key.base_type == column.base_type or {key.base_type, column.base_type} <= INTEGERS


def _parent(
    entities: dict[str, list[Table]],
    by_key: dict[str, list[Table]],
    table: Table,
    column: Column,
    parts: tuple[str, ...],
) -> tuple[Table | None, bool]:
    """The one table that the column's name speaks of, and whether all of the name says so."""
    stem = parts[:-1]
    if parts[-1] not in SUFFIXES:
        # A natural key: `country_code` is that of countries, if it is their primary key.
        named = [one for one in by_key.get(column.name, []) if _is_own(one, stem)]
        return _one_of(named, table, parts)
    typed = _type_beside(table, column)
    if stem[0] == "parent" and "parent" not in entities and not typed:
        own = len(stem) > 1 and _is_own(table, stem[1:])
        if own or len(stem) == 1:
            return (table, own) if _key_fits(table, parts) else (None, False)
    parent, here = _one_of(entities.get("_".join(stem), []), table, parts)
    if parent is not None:
        return parent, here and not typed
    for start in range(1, len(stem)):
        parent, _ = _one_of(entities.get("_".join(stem[start:]), []), table, parts)
        if parent is not None:
            return (None, False) if typed else (parent, False)
    return None, False


def _is_own(table: Table, stem: tuple[str, ...]) -> bool:
    return "_".join(stem) in entity_names(table.name)


def _key_fits(table: Table, parts: tuple[str, ...]) -> bool:
    """Is its primary key one column of the usual name, or of the name that is asked for?"""
    key = table.primary_key
    if key is None or len(key.columns) != 1:
        return False
    own = words(key.columns[0])
    if own in KEY_NAMES or own == parts:
        return True
    return own[-1:] == parts[-1:] and _is_own(table, own[:-1])


def _one_of(tables: list[Table], table: Table, parts: tuple[str, ...]) -> tuple[Table | None, bool]:
    """The only one that fits, of the same schema if there is one, and whether it is of it."""
    fitting = [one for one in tables if _key_fits(one, parts)]
    here = [one for one in fitting if one.schema == table.schema]
    if here:
        return (here[0], True) if len(here) == 1 else (None, False)
    return (fitting[0], False) if len(fitting) == 1 else (None, False)


def _type_beside(table: Table, column: Column) -> bool:
    """Is there an `owner_type` beside this `owner_id`? Then it may mean several tables."""
    wanted = (*words(column.name)[:-1], "type")
    return any(words(other.name) == wanted for other in table.columns)
