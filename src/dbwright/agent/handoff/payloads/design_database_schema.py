"""`design_database_schema`: from a software architect, for a schema that fits the services."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictBool, StrictStr

from dbwright.agent.handoff.parts import Amount, Named, Part, Text

__all__ = ["PAYLOAD", "AccessPattern", "Design", "Service"]


class Service(Named):
    """A part of the system, and the tables whose rows only it writes."""

    owns: tuple[Text, ...] = ()
    reads: tuple[Text, ...] = ()
    """Tables of others."""


class AccessPattern(Part):
    """Something that is asked of the data again and again."""

    name: StrictStr = ""
    description: StrictStr = ""
    service: StrictStr = ""
    tables: tuple[Text, ...] = ()
    sql: StrictStr = ""
    kind: Literal["read", "write", "mixed"] | None = None
    per_second: Amount | None = None
    latency_ms: Amount | None = None


class Design(Part):
    """The architecture that a database has to fit: its pattern, its services, who owns which data,
    and how the data is used."""

    pattern: Text
    """Such as `modular monolith`, `microservices`, `event sourcing`."""
    services: tuple[Service | Text, ...] = ()
    data_ownership: dict[str, tuple[Text, ...] | Text] = Field(default_factory=dict)
    """Tables by service; the same as `owns` of the services."""
    access_patterns: tuple[AccessPattern | Text, ...] = ()
    database: StrictStr = ""
    """The engine that was thought of."""
    shared_database: StrictBool | None = None
    """May services read each other's tables?"""
    target: StrictStr = ""
    """The schema as it is: a name in dbwright.toml, or a path in the repository."""


PAYLOAD = Design
