"""Sequences, functions, types, roles, settings: all of a database and its cluster but relations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dbwright.model.finding import ObjectRef
from dbwright.model.names import qualify, quote
from dbwright.model.relations import Check, Grant

__all__ = [
    "Attribute",
    "Collation",
    "Database",
    "DefaultPrivilege",
    "Dependency",
    "EventTrigger",
    "ExtendedStatistics",
    "Extension",
    "ForeignServer",
    "Function",
    "HbaRule",
    "PasswordKind",
    "Publication",
    "PublishedTable",
    "Role",
    "Schema",
    "Sequence",
    "Server",
    "Setting",
    "SettingOverride",
    "Slot",
    "Subscription",
    "Tablespace",
    "Type",
    "TypeKind",
    "UserMapping",
]


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
    persistence: str = "permanent"
    """permanent, unlogged or temporary."""

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
    declared_arguments: str = ""
    """As in CREATE FUNCTION: with the defaults."""
    sql_body: str | None = None
    """A standard SQL body (PostgreSQL 14 and later): BEGIN ATOMIC … END, or RETURN …"""
    cost: float = 1.0
    """The planner's estimate of one call, in units of cpu_operator_cost."""
    result_rows: float = 0.0
    """The planner's estimate of how many rows it returns; 0 where it returns no set."""
    grants: tuple[Grant, ...] = ()
    comment: str | None = None
    definition: str | None = None
    """CREATE OR REPLACE FUNCTION as the server writes it, only where the fields above don't tell
    all of it: of functions in C, with a support function, with transforms."""
    aggregate: tuple[tuple[str, str], ...] = ()
    """Of an aggregate: options and their values, as SQL, in the words of CREATE AGGREGATE."""

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
    collation: str | None = None
    """As SQL writes it; only where it is not the type's own."""
    comment: str | None = None


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
    collation: str | None = None
    """Of a domain, as SQL writes it; None: that of its base type."""
    not_null: bool = False
    default: str | None = None
    checks: tuple[Check, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    comment: str | None = None
    grants: tuple[Grant, ...] = ()
    range_options: tuple[tuple[str, str], ...] = ()
    """Of a range, beside its subtype, as SQL: subtype_opclass, collation, multirange_type_name …;
    only those that are not what the server would choose."""

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
    type: str | None = None
    version: str | None = None
    comment: str | None = None

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("server", quote(self.name))


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A table that a publication names."""

    table: str
    """Qualified."""
    columns: tuple[str, ...] = ()
    """Only these; empty for all."""
    condition: str | None = None
    """Which rows."""


@dataclass(frozen=True, slots=True)
class Publication:
    name: str
    owner: str = ""
    all_tables: bool = False
    tables: tuple[str, ...] = ()
    """Qualified; also those that a schema or ALL TABLES brings."""
    publishes: tuple[str, ...] = ("insert", "update", "delete", "truncate")
    via_root: bool = False
    named: tuple[PublishedTable, ...] = ()
    """The tables that it names one by one."""
    schemas: tuple[str, ...] = ()
    """All tables of which it publishes."""
    generated_columns: str = "none"
    """none or stored."""
    comment: str | None = None

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
    """A collation that a user made, or one of the server's with a recorded version."""

    schema: str
    name: str
    provider: str
    version: str | None = None
    actual_version: str | None = None
    locale: str | None = None
    """Of libc its order (LC_COLLATE)."""
    ctype: str | None = None
    """Of libc."""
    deterministic: bool = True
    rules: str | None = None
    """Of ICU, beside those of its locale (PostgreSQL 16 and later)."""
    owner: str = ""
    comment: str | None = None

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
    file: str | None = None
    """An included file (PostgreSQL 16 and later); None for pg_hba.conf itself."""

    @property
    def ref(self) -> ObjectRef:
        included = f"{self.file.rpartition('/')[2]}:" if self.file else ""
        return ObjectRef("pg_hba.conf line", f"{included}{self.line}")


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
    owner: str = ""
    comment: str | None = None

    @property
    def qualified(self) -> str:
        return qualify(self.schema, self.name)

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("statistics", self.qualified)


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
    """Qualified."""
    enabled: str = "origin"
    tags: tuple[str, ...] = ()
    """The commands that it is for; empty for all."""
    owner: str = ""
    comment: str | None = None

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef("event trigger", quote(self.name))


@dataclass(frozen=True, slots=True)
class Dependency:
    """One object can't be without the other. Beside the nouns' own kinds there are `default`
    (of a column) and `rule`, named as their column and as a part of their relation."""

    object: ObjectRef
    needs: ObjectRef


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
