"""Tables, views and what hangs on them: columns, constraints, indexes, triggers, policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dbwright.model.finding import ObjectRef
from dbwright.model.names import qualify, quote

__all__ = [
    "PUBLIC",
    "Check",
    "Column",
    "Exclusion",
    "ForeignKey",
    "Grant",
    "Index",
    "IndexColumn",
    "Key",
    "MaterializedView",
    "NotNull",
    "PartitionKey",
    "Policy",
    "ReplicaIdentity",
    "RewriteRule",
    "Table",
    "TableKind",
    "Trigger",
    "View",
]

PUBLIC = "PUBLIC"
"""The grantee that stands for every role."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What `grantee` (a role, or PUBLIC) may do with an object."""

    grantee: str
    privileges: tuple[str, ...]
    """In the words of GRANT: SELECT, INSERT, USAGE, EXECUTE, CREATE …"""
    grantor: str = ""
    grantable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table, foreign table or view."""

    name: str
    position: int
    type: str
    """As the server writes it with search_path = pg_catalog, modifiers included."""
    base_type: str
    """Without modifiers and array brackets; a domain's underlying type."""
    domain: str | None = None
    """The domain's qualified name, where the type is one."""
    is_array: bool = False
    not_null: bool = False
    default: str | None = None
    """Also a generated column's expression."""
    generated: str | None = None
    """`stored` or `virtual`."""
    identity: str | None = None
    """`always` or `by default`."""
    collation: str | None = None
    """As SQL writes it; only where it is not the type's own."""
    length: int | None = None
    """Of varchar(n), char(n), bit(n)."""
    type_length: int = -1
    """Bytes; -1 for a varying length."""
    type_alignment: int = 4
    """Bytes: 1, 2, 4 or 8."""
    storage: str = "plain"
    compression: str | None = None
    statistics_target: int | None = None
    """None for the default; 0 switches statistics off."""
    inherited: bool = False
    comment: str | None = None
    grants: tuple[Grant, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    """n_distinct, n_distinct_inherited."""
    foreign_options: tuple[tuple[str, str], ...] = ()
    """Of a foreign table's column, in the words of its wrapper."""
    type_storage: str | None = None
    """The storage that its type brings; None where that was not read."""


@dataclass(frozen=True, slots=True)
class Key:
    """A PRIMARY KEY or UNIQUE constraint."""

    name: str
    columns: tuple[str, ...]
    index: str
    deferrable: bool = False
    initially_deferred: bool = False
    nulls_not_distinct: bool = False
    without_overlaps: bool = False
    inherited: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A FOREIGN KEY constraint. Actions are in the words of SQL: NO ACTION, SET NULL …"""

    name: str
    columns: tuple[str, ...]
    referenced_schema: str
    referenced_table: str
    referenced_columns: tuple[str, ...]
    on_update: str = "NO ACTION"
    on_delete: str = "NO ACTION"
    on_delete_columns: tuple[str, ...] = ()
    """The columns that SET NULL or SET DEFAULT touches; empty for all."""
    match_full: bool = False
    period: bool = False
    """Is the last column a range, within which there must be such a row (PERIOD, PostgreSQL 18)?"""
    deferrable: bool = False
    initially_deferred: bool = False
    validated: bool = True
    enforced: bool = True
    inherited: bool = False
    comment: str | None = None

    @property
    def references(self) -> str:
        """The referenced table's qualified name."""
        return qualify(self.referenced_schema, self.referenced_table)


@dataclass(frozen=True, slots=True)
class Check:
    """A CHECK constraint of a table or a domain."""

    name: str
    expression: str | None
    """None where it could not be read (the table is locked)."""
    columns: tuple[str, ...] = ()
    validated: bool = True
    enforced: bool = True
    no_inherit: bool = False
    inherited: bool = False
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """An EXCLUDE constraint."""

    name: str
    columns: tuple[str, ...]
    """Only plain columns; expressions are in the index."""
    operators: tuple[str, ...]
    index: str
    deferrable: bool = False
    initially_deferred: bool = False
    inherited: bool = False
    comment: str | None = None
    definition: str | None = None
    """What follows the name, as the server writes it; None where it could not be read."""


@dataclass(frozen=True, slots=True)
class NotNull:
    """A NOT NULL constraint (PostgreSQL 18 and later) that is not validated, or has another name
    than the server would choose: of all others the column says enough."""

    name: str
    column: str
    validated: bool = True
    inherited: bool = False


@dataclass(frozen=True, slots=True)
class IndexColumn:
    """One key of an index: a column, or an expression (None where it could not be read)."""

    column: str | None
    expression: str | None = None
    operator_class: str = ""
    default_operator_class: bool = True
    collation: str | None = None
    """As SQL writes it; only where it is not the column's own."""
    descending: bool = False
    nulls_first: bool = False
    options: tuple[tuple[str, str], ...] = ()
    """Operator class parameters."""


@dataclass(frozen=True, slots=True)
class Index:
    """An index. Its schema is its table's."""

    oid: int
    schema: str
    name: str
    method: str
    keys: tuple[IndexColumn, ...]
    include: tuple[str, ...] = ()
    unique: bool = False
    primary: bool = False
    exclusion: bool = False
    immediate: bool = True
    nulls_not_distinct: bool = False
    valid: bool = True
    ready: bool = True
    clustered: bool = False
    replica_identity: bool = False
    partial: bool = False
    predicate: str | None = None
    """None for a full index, and for a partial one that could not be read."""
    constraint: str | None = None
    """The table's constraint that it enforces."""
    parent: str | None = None
    """The partitioned index it is attached to, qualified."""
    partitioned: bool = False
    options: tuple[tuple[str, str], ...] = ()
    tablespace: str | None = None
    comment: str | None = None
    statistics_targets: tuple[tuple[int, int], ...] = ()
    """Of its expressions: which key (from 1 on), and its target where it is not the default."""

    @property
    def qualified(self) -> str:
        return qualify(self.schema, self.name)

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("index", self.qualified)

    @property
    def columns(self) -> tuple[str | None, ...]:
        """The key columns; None stands for an expression."""
        return tuple(key.column for key in self.keys)

    @property
    def backs_constraint(self) -> bool:
        """Would dropping it drop a primary key, a unique or an exclusion constraint?"""
        return self.constraint is not None or self.primary or self.exclusion


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger that a user made (not one that enforces a foreign key)."""

    name: str
    function: str
    """Qualified."""
    timing: str
    """BEFORE, AFTER or INSTEAD OF."""
    events: tuple[str, ...]
    level: str
    """ROW or STATEMENT."""
    enabled: str = "origin"
    """origin, disabled, replica or always."""
    conditional: bool = False
    inherited: bool = False
    comment: str | None = None
    definition: str | None = None
    """The CREATE TRIGGER statement as the server writes it; None where it could not be read."""


@dataclass(frozen=True, slots=True)
class RewriteRule:
    """A rule of the rewrite system (CREATE RULE), other than a view's own."""

    name: str
    event: str
    instead: bool = False
    enabled: str = "origin"
    definition: str | None = None
    """The CREATE RULE statement as the server writes it; None where it could not be read."""
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """A row level security policy."""

    name: str
    command: str
    """ALL, SELECT, INSERT, UPDATE or DELETE."""
    permissive: bool
    roles: tuple[str, ...]
    using: str | None = None
    check: str | None = None
    has_using: bool = False
    has_check: bool = False
    """The expressions exist, even where they could not be read."""
    comment: str | None = None


class TableKind(StrEnum):
    TABLE = "table"
    PARTITIONED = "partitioned table"
    FOREIGN = "foreign table"


@dataclass(frozen=True, slots=True)
class PartitionKey:
    """How a partitioned table chooses the partition."""

    strategy: str
    """range, list or hash."""
    columns: tuple[str | None, ...]
    """None stands for an expression."""
    definition: str | None = None
    """As after PARTITION BY; None where it could not be read."""


class ReplicaIdentity(StrEnum):
    DEFAULT = "default"
    NOTHING = "nothing"
    FULL = "full"
    INDEX = "index"


@dataclass(frozen=True, slots=True)
class Table:
    """A table, a partitioned table or a foreign table."""

    oid: int
    schema: str
    name: str
    owner: str = ""
    kind: TableKind = TableKind.TABLE
    columns: tuple[Column, ...] = ()
    primary_key: Key | None = None
    unique_constraints: tuple[Key, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    not_nulls: tuple[NotNull, ...] = ()
    indexes: tuple[Index, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    rewrite_rules: tuple[RewriteRule, ...] = ()
    policies: tuple[Policy, ...] = ()
    row_security: bool = False
    force_row_security: bool = False
    persistence: str = "permanent"
    """permanent, unlogged or temporary."""
    inherits: tuple[str, ...] = ()
    """Qualified parents; for a partition, its partitioned table."""
    is_partition: bool = False
    partition_bound: str | None = None
    """`FOR VALUES …` or `DEFAULT`."""
    partition_key: PartitionKey | None = None
    replica_identity: ReplicaIdentity = ReplicaIdentity.DEFAULT
    options: tuple[tuple[str, str], ...] = ()
    toast_options: tuple[tuple[str, str], ...] = ()
    of_type: str | None = None
    foreign_server: str | None = None
    tablespace: str | None = None
    access_method: str | None = None
    comment: str | None = None
    grants: tuple[Grant, ...] = ()
    foreign_options: tuple[tuple[str, str], ...] = ()
    """Of a foreign table, in the words of its wrapper."""

    @property
    def qualified(self) -> str:
        return qualify(self.schema, self.name)

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef(self.kind.value, self.qualified)

    def column(self, name: str) -> Column:
        """Raises KeyError."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def column_ref(self, column: Column | str) -> ObjectRef:
        name = column if isinstance(column, str) else column.name
        return ObjectRef("column", f"{self.qualified}.{quote(name)}")

    def constraint_ref(self, name: str) -> ObjectRef:
        return ObjectRef("constraint", f"{self.qualified}.{quote(name)}")

    def trigger_ref(self, name: str) -> ObjectRef:
        return ObjectRef("trigger", f"{self.qualified}.{quote(name)}")

    def policy_ref(self, name: str) -> ObjectRef:
        return ObjectRef("policy", f"{self.qualified}.{quote(name)}")

    @property
    def keys(self) -> tuple[Key, ...]:
        """The primary key, then the unique constraints."""
        return ((self.primary_key,) if self.primary_key else ()) + self.unique_constraints

    @property
    def option(self) -> Mapping[str, str]:
        """Storage parameters by name."""
        return dict(self.options)

    @property
    def stores_rows(self) -> bool:
        """Does it have a heap of its own here?"""
        return self.kind is TableKind.TABLE


@dataclass(frozen=True, slots=True)
class View:
    """A view. `depends_on` names the relations it reads, qualified."""

    oid: int
    schema: str
    name: str
    owner: str = ""
    columns: tuple[Column, ...] = ()
    definition: str | None = None
    depends_on: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    triggers: tuple[Trigger, ...] = ()
    rewrite_rules: tuple[RewriteRule, ...] = ()
    comment: str | None = None
    grants: tuple[Grant, ...] = ()

    @property
    def qualified(self) -> str:
        return qualify(self.schema, self.name)

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("view", self.qualified)

    @property
    def security_invoker(self) -> bool:
        return dict(self.options).get("security_invoker", "").lower() in {"true", "on", "1", "yes"}


@dataclass(frozen=True, slots=True)
class MaterializedView:
    """A materialized view."""

    oid: int
    schema: str
    name: str
    owner: str = ""
    columns: tuple[Column, ...] = ()
    definition: str | None = None
    depends_on: tuple[str, ...] = ()
    populated: bool = True
    indexes: tuple[Index, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    tablespace: str | None = None
    comment: str | None = None
    grants: tuple[Grant, ...] = ()
    access_method: str | None = None

    @property
    def qualified(self) -> str:
        return qualify(self.schema, self.name)

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("materialized view", self.qualified)
