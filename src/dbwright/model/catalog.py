"""The objects of one database, as its catalog declares them.

Engines fill these nouns; rules read them. Names are stored as the catalog holds them (unquoted);
`qualified` writes them as SQL would. What could not be read is None, never a guess.
Objects that belong to an extension are left out: its author decides over them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from dbwright.model.finding import ObjectRef
from dbwright.model.objects import (
    Attribute,
    Collation,
    Database,
    DefaultPrivilege,
    Dependency,
    EventTrigger,
    ExtendedStatistics,
    Extension,
    ForeignServer,
    Function,
    HbaRule,
    PasswordKind,
    Publication,
    PublishedTable,
    Role,
    Schema,
    Sequence,
    Server,
    Setting,
    SettingOverride,
    Slot,
    Subscription,
    Tablespace,
    Type,
    TypeKind,
    UserMapping,
)
from dbwright.model.other_object import OtherObject
from dbwright.model.relations import (
    PUBLIC,
    Check,
    Column,
    Exclusion,
    ForeignKey,
    Grant,
    Index,
    IndexColumn,
    Key,
    MaterializedView,
    NotNull,
    PartitionKey,
    Policy,
    ReplicaIdentity,
    RewriteRule,
    Table,
    TableKind,
    Trigger,
    View,
)

__all__ = [
    "CONTAINERS",
    "PUBLIC",
    "Attribute",
    "Catalog",
    "Check",
    "Collation",
    "Column",
    "Database",
    "DefaultPrivilege",
    "Dependency",
    "EventTrigger",
    "Exclusion",
    "ExtendedStatistics",
    "Extension",
    "ForeignKey",
    "ForeignServer",
    "Function",
    "Grant",
    "HbaRule",
    "Index",
    "IndexColumn",
    "Key",
    "MaterializedView",
    "NotNull",
    "OtherObject",
    "PartitionKey",
    "PasswordKind",
    "Policy",
    "Publication",
    "PublishedTable",
    "ReplicaIdentity",
    "RewriteRule",
    "Role",
    "Schema",
    "Sequence",
    "Server",
    "Setting",
    "SettingOverride",
    "Slot",
    "Subscription",
    "Table",
    "TableKind",
    "Tablespace",
    "Trigger",
    "Type",
    "TypeKind",
    "UserMapping",
    "View",
]

CONTAINERS = (*TableKind, "view", "materialized view", "domain", "schema")
"""Kinds of objects that others are a part of, as their references name them."""

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True)
class Catalog:
    """All objects of one database, and of the cluster around it."""

    engine: str
    server: Server
    captured_at: datetime
    schemas: tuple[Schema, ...] = ()
    tables: tuple[Table, ...] = ()
    views: tuple[View, ...] = ()
    materialized_views: tuple[MaterializedView, ...] = ()
    sequences: tuple[Sequence, ...] = ()
    functions: tuple[Function, ...] = ()
    types: tuple[Type, ...] = ()
    roles: tuple[Role, ...] = ()
    extensions: tuple[Extension, ...] = ()
    available_extensions: tuple[str, ...] = ()
    """Names of those whose files the server has, created or not; none where that was not read."""
    foreign_servers: tuple[ForeignServer, ...] = ()
    publications: tuple[Publication, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    slots: tuple[Slot, ...] = ()
    settings: tuple[Setting, ...] = ()
    setting_overrides: tuple[SettingOverride, ...] = ()
    databases: tuple[Database, ...] = ()
    collations: tuple[Collation, ...] = ()
    hba_rules: tuple[HbaRule, ...] = ()
    default_privileges: tuple[DefaultPrivilege, ...] = ()
    extended_statistics: tuple[ExtendedStatistics, ...] = ()
    tablespaces: tuple[Tablespace, ...] = ()
    event_triggers: tuple[EventTrigger, ...] = ()
    large_objects: int | None = None
    """How many large objects the database holds."""
    dependencies: tuple[Dependency, ...] | None = None
    """What expressions, views, bodies and types need, beyond what the nouns themselves name (keys,
    parents, owned sequences); None where that was not read."""
    others: tuple[ObjectRef, ...] = ()
    """Objects that users made of kinds that have no noun: languages, conversions, transforms …"""
    other_objects: tuple[OtherObject, ...] = ()

    def table(self, qualified: str) -> Table:
        """`catalog.table("shop.orders")`. Raises KeyError."""
        return self._tables[qualified]

    def find_table(self, qualified: str) -> Table | None:
        return self._tables.get(qualified)

    def setting(self, name: str) -> Setting | None:
        return self._settings.get(name)

    def role(self, name: str) -> Role | None:
        return self._roles.get(name)

    def sequence(self, qualified: str) -> Sequence | None:
        return self._sequences.get(qualified)

    def sequence_of(self, table: Table, column: Column | str) -> Sequence | None:
        """The sequence that the column owns (serial or identity)."""
        name = column if isinstance(column, str) else column.name
        return self._owned_sequences.get((table.schema, table.name, name))

    def function(self, qualified: str) -> Function | None:
        """The first one of that name, whatever its arguments."""
        return self._functions.get(qualified)

    def children(self, table: Table) -> tuple[Table, ...]:
        """Partitions, or tables that inherit, one level down."""
        return self._children.get(table.qualified, ())

    def referencing(self, table: Table) -> tuple[tuple[Table, ForeignKey], ...]:
        """The foreign keys of other tables (and its own) that point to the table."""
        return self._referencing.get(table.qualified, ())

    @cached_property
    def columns_by_type(self) -> Mapping[str, tuple[tuple[Table, Column], ...]]:
        """Every table column by `base_type`, in catalog order."""
        return _group((column.base_type, (t, column)) for t in self.tables for column in t.columns)

    @cached_property
    def columns_by_name(self) -> Mapping[str, tuple[tuple[Table, Column], ...]]:
        """Every table column by its name."""
        return _group((column.name, (t, column)) for t in self.tables for column in t.columns)

    @cached_property
    def indexes_that_start_alike(
        self,
    ) -> tuple[tuple[Table | MaterializedView, tuple[Index, ...]], ...]:
        """Groups of two and more indexes of one relation, of one access method, with the same
        first key; in catalog order."""
        groups: list[tuple[Table | MaterializedView, tuple[Index, ...]]] = []
        indexed: tuple[Table | MaterializedView, ...] = self.tables + self.materialized_views
        for relation in indexed:
            first = {index.keys[0].column for index in relation.indexes if index.keys}
            if len(first) == len(relation.indexes):
                continue  # the usual case, told at once
            alike = _group(
                ((i.method, i.keys[0].column, i.keys[0].expression), i)
                for i in relation.indexes
                if i.keys
            )
            groups += [(relation, found) for found in alike.values() if len(found) > 1]
        return tuple(groups)

    @cached_property
    def database(self) -> Database | None:
        """The one that was read."""
        return next((d for d in self.databases if d.name == self.server.database), None)

    def relations(self) -> Iterator[Table | View | MaterializedView]:
        yield from self.tables
        yield from self.views
        yield from self.materialized_views

    def has_relation(self, schema: str, name: str) -> bool:
        """Is there a table, view, index, sequence … of that name (they share one name space)?"""
        return (schema, name) in self._relation_names

    @cached_property
    def _relation_names(self) -> frozenset[tuple[str, str]]:
        names = {(r.schema, r.name) for r in self.relations()}
        names |= {(s.schema, s.name) for s in self.sequences}
        names |= {(t.schema, index.name) for t in self.tables for index in t.indexes}
        names |= {(m.schema, index.name) for m in self.materialized_views for index in m.indexes}
        return frozenset(names)

    @cached_property
    def _tables(self) -> dict[str, Table]:
        return {table.qualified: table for table in self.tables}

    @cached_property
    def _settings(self) -> dict[str, Setting]:
        return {setting.name: setting for setting in self.settings}

    @cached_property
    def _roles(self) -> dict[str, Role]:
        return {role.name: role for role in self.roles}

    @cached_property
    def _sequences(self) -> dict[str, Sequence]:
        return {sequence.qualified: sequence for sequence in self.sequences}

    @cached_property
    def _owned_sequences(self) -> dict[tuple[str, str, str], Sequence]:
        return {s.owned_by: s for s in self.sequences if s.owned_by}

    @cached_property
    def _functions(self) -> dict[str, Function]:
        return {function.qualified: function for function in reversed(self.functions)}

    @cached_property
    def _children(self) -> Mapping[str, tuple[Table, ...]]:
        return _group((parent, table) for table in self.tables for parent in table.inherits)

    @cached_property
    def _referencing(self) -> Mapping[str, tuple[tuple[Table, ForeignKey], ...]]:
        return _group((fk.references, (t, fk)) for t in self.tables for fk in t.foreign_keys)


def _group(pairs: Iterator[tuple[K, V]]) -> dict[K, tuple[V, ...]]:
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in groups.items()}
