"""What a document of requirements says. Names of fields are the document's own words."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

__all__ = [
    "AccessPattern",
    "Attribute",
    "Audit",
    "Consistency",
    "Deletion",
    "Entity",
    "Exclusion",
    "Isolation",
    "KeyKind",
    "OnDelete",
    "PersonalData",
    "Relationship",
    "RelationshipKind",
    "Retention",
    "RetentionEnd",
    "Search",
    "Spec",
    "StateMachine",
    "Team",
    "Tenancy",
    "Volume",
]

STRICT: dict[str, Any] = {"extra": "forbid"}
"""For pydantic: a key that nobody knows is a slip of the pen."""


class KeyKind(StrEnum):
    """What a row is known by."""

    IDENTITY = "identity"
    """bigint GENERATED ALWAYS AS IDENTITY."""
    UUID = "uuid"
    """uuidv7, in the order of time: made by the server from 18 on, by a function before."""
    NATURAL = "natural"
    """The attributes named in `key`."""


class PersonalData(StrEnum):
    """Classes of data about people."""

    CONTACT = "contact"
    IDENTITY = "identity"
    LOCATION = "location"
    FINANCIAL = "financial"
    HEALTH = "health"
    SECRET = "secret"
    """Never shown, and kept as a hash only: passwords, tokens."""


class RelationshipKind(StrEnum):
    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "many-to-one"
    """`source` holds the reference."""
    MANY_TO_MANY = "many-to-many"
    POLYMORPHIC = "polymorphic"
    """`source` belongs to a row of one of several entities."""


class OnDelete(StrEnum):
    RESTRICT = "restrict"
    CASCADE = "cascade"
    SET_NULL = "set-null"


class Deletion(StrEnum):
    HARD = "hard"
    SOFT = "soft"
    """deleted_at, and unique only among what is not deleted."""


class Audit(StrEnum):
    NONE = "none"
    TRAIL = "trail"
    """Who changed what and when, in a table of its own."""
    VERSIONS = "versions"
    """Every earlier state of a row as well."""


class RetentionEnd(StrEnum):
    DROP = "drop"
    ARCHIVE = "archive"
    ANONYMISE = "anonymise"


class Isolation(StrEnum):
    """How tenants are kept apart."""

    ROW = "row"
    """A column in each table, and row level security."""
    SCHEMA = "schema"
    DATABASE = "database"


class Consistency(StrEnum):
    STRONG = "strong"
    """Whoever reads sees the last write."""
    EVENTUAL = "eventual"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing that is known of an entity."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    means: str = "text"
    """A meaning (email, money, timestamp …) or a PostgreSQL type."""
    description: str = ""
    required: bool = False
    unique: bool = False
    one_of: tuple[str, ...] = ()
    """The values it may have."""
    default: str | int | float | bool | None = None
    """A value; as SQL where it is text in parentheses."""
    check: str = ""
    """SQL that must be true, with `value` for the attribute itself."""
    many: bool = False
    """A list of values that belong to the row alone."""
    length: int | None = None
    """The most letters, or elements of a vector."""
    currency: str = ""
    personal: PersonalData | None = None
    computed: str = ""
    """SQL of other attributes of the row: a generated column."""
    distinct: int | None = None
    """How many different values there are, about."""
    examples: tuple[str | int | float, ...] = ()


@dataclass(frozen=True, slots=True)
class Exclusion:
    """No two rows may be alike in all of these: `{room: "=", during: "&&"}`."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    attributes: dict[str, str]
    """Attribute, and the operator that must not hold for two rows."""
    where: str = ""


@dataclass(frozen=True, slots=True)
class StateMachine:
    """An attribute that goes from one value to certain others."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    attribute: str
    initial: str
    transitions: dict[str, tuple[str, ...]]
    """From a state, to which ones."""


@dataclass(frozen=True, slots=True)
class Volume:
    """How many rows there are, and become."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    rows: int = 1000
    """At the beginning."""
    growth: int = 0
    """Rows a month."""
    writes_per_second: float = 0.0
    """At the busiest time: inserts, updates and deletes."""


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long rows are kept."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    months: int
    by: str
    """The attribute that says how old a row is."""
    then: RetentionEnd = RetentionEnd.DROP


@dataclass(frozen=True, slots=True)
class Entity:
    """A kind of thing that rows stand for."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    attributes: dict[str, Attribute]
    """In the document a plain word is its meaning: `email: email`."""
    description: str = ""
    table: str = ""
    """Its name; empty for the plural of the entity's."""
    identified_by: KeyKind | None = None
    """None for the document's."""
    key: tuple[str, ...] = ()
    """Of a natural key, the attributes and relationships."""
    unique: tuple[tuple[str, ...], ...] = ()
    """Sets of attributes and relationships that no two rows share."""
    checks: dict[str, str] = field(default_factory=dict)
    """Name, and SQL that must be true of every row."""
    exclusions: tuple[Exclusion, ...] = ()
    states: StateMachine | None = None
    deletion: Deletion = Deletion.HARD
    audit: Audit = Audit.NONE
    created_at: bool = True
    updated_at: bool = False
    volume: Volume = field(default_factory=Volume)
    retention: Retention | None = None
    tenant: bool = True
    """Does each row belong to one tenant, where there are tenants?"""


@dataclass(frozen=True, slots=True)
class Relationship:
    """That rows of one entity belong to rows of another."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    source: str
    """The entity that is the many of `many-to-one`."""
    target: str | tuple[str, ...]
    """The entity that it belongs to; several where it is polymorphic."""
    kind: RelationshipKind = RelationshipKind.MANY_TO_ONE
    name: str = ""
    """What the source calls it (author, parent); empty for the target's name."""
    required: bool = True
    on_delete: OnDelete = OnDelete.RESTRICT
    per_target: float | None = None
    """Rows of the source for one of the target, on average."""
    attributes: dict[str, Attribute] = field(default_factory=dict)
    """Of a many-to-many: what is known of the pair."""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """A pattern that finds rows by other means than comparing values."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    text: dict[str, str] = field(default_factory=dict)
    """Full text: attribute, and its weight from A (most) to D."""
    language: str = "english"
    """A text search configuration."""
    similar: tuple[str, ...] = ()
    """Parts of words, and words with slips: trigrams."""
    nearest: str = ""
    """The attribute (a vector) whose nearest neighbours are wanted."""
    distance: str = "cosine"
    """cosine, l2 or inner-product."""
    inside: str = ""
    """A json attribute whose contents are asked for."""


@dataclass(frozen=True, slots=True)
class AccessPattern:
    """One way in which rows are asked for."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    reads: str
    """The entity."""
    name: str = ""
    by: tuple[str, ...] = ()
    """Attributes and relationships that are compared by `=`; `relationship.attribute` of another
    entity by a join."""
    range: str = ""
    """An attribute that lies between two values."""
    where: str = ""
    """SQL that always holds, such as `status = 'open'`."""
    sort: tuple[str, ...] = ()
    """Attributes; with `-` before it, the last ones first."""
    limit: int | None = None
    search: Search | None = None
    returns: tuple[str, ...] = ()
    """Attributes that are enough; empty for the whole row."""
    per_second: float = 1.0
    """At the busiest time."""
    p95_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Customers that share a database and may not see one another."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    entity: str
    """Whose rows are the tenants."""
    isolation: Isolation = Isolation.ROW
    tenants: int = 100
    largest_share: float = 0.1
    """Of all rows, that of the largest tenant."""


@dataclass(frozen=True, slots=True)
class Team:
    """Who runs it; for the choice of a database."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    knows: tuple[str, ...] = ()
    """Databases that the team has run."""
    operators: int = 0
    """People whose work it is to run databases."""
    managed_only: bool = False
    clouds: tuple[str, ...] = ()
    monthly_budget: int | None = None


@dataclass(frozen=True, slots=True)
class Spec:
    """A whole document."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: str
    entities: dict[str, Entity]
    description: str = ""
    schema: str = "public"
    postgresql: int = 18
    """The oldest major version that it is to run on."""
    identified_by: KeyKind = KeyKind.IDENTITY
    relationships: tuple[Relationship, ...] = ()
    access_patterns: tuple[AccessPattern, ...] = ()
    tenancy: Tenancy | None = None
    consistency: Consistency = Consistency.STRONG
    team: Team = field(default_factory=Team)
