"""The objects of one database, as its catalog declares them.

Engines fill these nouns; rules read them. Names are stored as the catalog holds them (unquoted);
`qualified` writes them as SQL would. What could not be read is None, never a guess.
Objects that belong to an extension are left out: its author decides over them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import TypeVar

from dbwright.model.finding import ObjectRef
from dbwright.model.names import qualify, quote

__all__ = [
    "PUBLIC",
    "Attribute",
    "Catalog",
    "Check",
    "Collation",
    "Column",
    "Database",
    "DefaultPrivilege",
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
    "PartitionKey",
    "PasswordKind",
    "Policy",
    "Publication",
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

K = TypeVar("K")
V = TypeVar("V")

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


@dataclass(frozen=True, slots=True)
class NotNull:
    """A named NOT NULL constraint (PostgreSQL 18 and later)."""

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


@dataclass(frozen=True, slots=True)
class RewriteRule:
    """A rule of the rewrite system (CREATE RULE), other than a view's own."""

    name: str
    event: str
    instead: bool = False
    enabled: str = "origin"


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

    @property
    def qualified(self) -> str:
        return qualify(self.schema, self.name)

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("materialized view", self.qualified)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence."""

    oid: int
    schema: str
    name: str
    owner: str = ""
    type: str = "bigint"
    start: int = 1
    minimum: int = 1
    maximum: int = 9223372036854775807
    increment: int = 1
    cycle: bool = False
    cache: int = 1
    last_value: int | None = None
    """None: never used, or not readable."""
    owned_by: tuple[str, str, str] | None = None
    """schema, table, column."""
    identity: bool = False
    used_by_default: bool = False
    """Does a column default call it?"""
    comment: str | None = None
    grants: tuple[Grant, ...] = ()

    @property
    def qualified(self) -> str:
        return qualify(self.schema, self.name)

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("sequence", self.qualified)


@dataclass(frozen=True, slots=True)
class Function:
    """A function, procedure, aggregate or window function."""

    oid: int
    schema: str
    name: str
    arguments: str
    """Identity arguments, as in ALTER FUNCTION."""
    owner: str = ""
    kind: str = "function"
    language: str = "sql"
    returns: str = ""
    volatility: str = "volatile"
    """immutable, stable or volatile."""
    parallel: str = "unsafe"
    strict: bool = False
    leakproof: bool = False
    security_definer: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    """SET clauses."""
    source: str = ""
    """The body; empty for a standard SQL body, a C function or an aggregate."""
    grants: tuple[Grant, ...] = ()
    comment: str | None = None

    @property
    def qualified(self) -> str:
        return qualify(self.schema, self.name)

    @property
    def signature(self) -> str:
        return f"{self.qualified}({self.arguments})"

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef(self.kind, self.signature)


class TypeKind(StrEnum):
    ENUM = "enum"
    DOMAIN = "domain"
    COMPOSITE = "composite"
    RANGE = "range"
    BASE = "base"


@dataclass(frozen=True, slots=True)
class Attribute:
    """A field of a composite type."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Type:
    """A type that a user made."""

    oid: int
    schema: str
    name: str
    kind: TypeKind
    owner: str = ""
    labels: tuple[str, ...] = ()
    """Of an enum, in order."""
    base_type: str | None = None
    """Of a domain; a range's subtype."""
    not_null: bool = False
    default: str | None = None
    checks: tuple[Check, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    comment: str | None = None
    grants: tuple[Grant, ...] = ()

    @property
    def qualified(self) -> str:
        return qualify(self.schema, self.name)

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("domain" if self.kind is TypeKind.DOMAIN else "type", self.qualified)


@dataclass(frozen=True, slots=True)
class Schema:
    name: str
    owner: str = ""
    comment: str | None = None
    grants: tuple[Grant, ...] = ()

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("schema", quote(self.name))


class PasswordKind(StrEnum):
    NONE = "none"
    MD5 = "md5"
    SCRAM = "scram-sha-256"


@dataclass(frozen=True, slots=True)
class Role:
    """A role of the cluster. What its password is, is never read; only how it is stored."""

    name: str
    superuser: bool = False
    create_role: bool = False
    create_database: bool = False
    inherit: bool = True
    login: bool = False
    replication: bool = False
    bypass_rls: bool = False
    connection_limit: int | None = None
    valid_until: datetime | None = None
    member_of: tuple[str, ...] = ()
    password: PasswordKind | None = None
    """None where pg_authid could not be read."""
    guessable_password: bool | None = None
    """Does the stored hash match one of a short list of guesses?"""
    comment: str | None = None

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("role", quote(self.name))

    @property
    def predefined(self) -> bool:
        """Does PostgreSQL itself bring it?"""
        return self.name.startswith("pg_")


@dataclass(frozen=True, slots=True)
class Extension:
    name: str
    version: str
    schema: str
    available_version: str | None = None
    """What ALTER EXTENSION … UPDATE would install; None where the files are missing."""
    owner: str = ""

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("extension", quote(self.name))


@dataclass(frozen=True, slots=True)
class UserMapping:
    """A user mapping: only which options it has, never their values."""

    role: str
    options: tuple[str, ...] | None
    """None where they could not be read."""


@dataclass(frozen=True, slots=True)
class ForeignServer:
    name: str
    wrapper: str
    owner: str = ""
    options: tuple[tuple[str, str], ...] = ()
    """Values of options that hold secrets are replaced by `***`."""
    secret_options: tuple[str, ...] = ()
    """Options of the server itself that hold a secret (readable by everybody)."""
    user_mappings: tuple[UserMapping, ...] = ()
    grants: tuple[Grant, ...] = ()

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("server", quote(self.name))


@dataclass(frozen=True, slots=True)
class Publication:
    name: str
    owner: str = ""
    all_tables: bool = False
    tables: tuple[str, ...] = ()
    """Qualified; also those that a schema or ALL TABLES brings."""
    publishes: tuple[str, ...] = ("insert", "update", "delete", "truncate")
    via_root: bool = False

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("publication", quote(self.name))


@dataclass(frozen=True, slots=True)
class Subscription:
    name: str
    owner: str = ""
    enabled: bool = True
    slot: str | None = None
    publications: tuple[str, ...] = ()

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("subscription", quote(self.name))


@dataclass(frozen=True, slots=True)
class Slot:
    """A replication slot. Ages are in transactions."""

    name: str
    kind: str
    """physical or logical."""
    plugin: str | None = None
    database: str | None = None
    active: bool = False
    temporary: bool = False
    retained_bytes: int | None = None
    """WAL kept for it."""
    safe_wal_bytes: int | None = None
    """How much more WAL may be written before it is lost; None without a limit."""
    wal_status: str | None = None
    xmin_age: int | None = None
    catalog_xmin_age: int | None = None
    inactive_since: datetime | None = None

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("replication slot", quote(self.name))


@dataclass(frozen=True, slots=True)
class Setting:
    """A server parameter, as it is for new sessions of this database and role."""

    name: str
    value: str
    """Without unit, as in pg_settings.setting."""
    unit: str | None = None
    """8kB, kB, MB, ms, s, min, B …"""
    type: str = "string"
    context: str = "user"
    """What it takes to change it: internal, postmaster, sighup, superuser, user …"""
    source: str = "default"
    default: str | None = None
    """The compiled-in value."""
    source_file: str | None = None
    pending_restart: bool = False

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("setting", self.name)


@dataclass(frozen=True, slots=True)
class SettingOverride:
    """ALTER ROLE … SET, ALTER DATABASE … SET, or both."""

    name: str
    value: str
    role: str | None = None
    database: str | None = None


@dataclass(frozen=True, slots=True)
class Database:
    name: str
    owner: str = ""
    encoding: str = "UTF8"
    collate: str = "C"
    ctype: str = "C"
    locale_provider: str = "libc"
    collation_version: str | None = None
    """Recorded when the database was made or refreshed."""
    actual_collation_version: str | None = None
    is_template: bool = False
    allows_connections: bool = True
    connection_limit: int | None = None
    comment: str | None = None
    grants: tuple[Grant, ...] = ()

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("database", quote(self.name))


@dataclass(frozen=True, slots=True)
class Collation:
    """A collation with a recorded version."""

    schema: str
    name: str
    provider: str
    version: str | None = None
    actual_version: str | None = None

    @property
    def qualified(self) -> str:
        return qualify(self.schema, self.name)

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("collation", self.qualified)


@dataclass(frozen=True, slots=True)
class HbaRule:
    """A line of pg_hba.conf."""

    line: int
    type: str | None
    """local, host, hostssl, hostnossl, hostgssenc, hostnogssenc; None for a broken line."""
    databases: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    address: str | None = None
    netmask: str | None = None
    method: str | None = None
    options: tuple[str, ...] = ()
    error: str | None = None

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("pg_hba.conf line", str(self.line))


@dataclass(frozen=True, slots=True)
class DefaultPrivilege:
    """ALTER DEFAULT PRIVILEGES: what objects made by `role` in `schema` will grant."""

    role: str
    schema: str | None
    object_type: str
    """tables, sequences, functions, types or schemas."""
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class ExtendedStatistics:
    schema: str
    name: str
    table: str
    """Qualified."""
    kinds: tuple[str, ...]
    """ndistinct, dependencies, mcv, expressions."""
    columns: tuple[str, ...]
    expressions: str | None = None
    statistics_target: int | None = None

    @property
    def qualified(self) -> str:
        return qualify(self.schema, self.name)


@dataclass(frozen=True, slots=True)
class Tablespace:
    name: str
    owner: str = ""
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class EventTrigger:
    name: str
    event: str
    function: str
    enabled: str = "origin"


@dataclass(frozen=True, slots=True)
class Server:
    """The server and the session that read it."""

    version: str
    """As the product writes it: `15.18`."""
    version_number: int
    """150018."""
    database: str = ""
    user: str = ""
    superuser: bool = False
    in_recovery: bool = False
    started_at: datetime | None = None
    block_size: int = 8192
    data_checksums: bool | None = None
    ssl: bool | None = None
    """Is this very connection encrypted?"""
    memory_bytes: int | None = None
    """Of the machine; known only where the server runs on the one that looks."""
    cores: int | None = None

    @property
    def major(self) -> int:
        return self.version_number // 10000


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
        groups = []
        for relation in (*self.tables, *self.materialized_views):
            if len(relation.indexes) < 2:
                continue
            alike = _group(
                ((i.method, i.keys[0].column, i.keys[0].expression), i)
                for i in relation.indexes
                if i.keys
            )
            if len(alike) < len(relation.indexes):
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
