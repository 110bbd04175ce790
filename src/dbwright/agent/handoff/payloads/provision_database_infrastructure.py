"""`provision_database_infrastructure`: to devops, for a server that can run the database."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AliasChoices, Field, StrictBool, StrictInt, StrictStr

from dbwright.agent.handoff.parts import Amount, Duration, Part, Text, Version

__all__ = ["PAYLOAD", "Backup", "Provision", "Topology"]

Count = Annotated[StrictInt, Field(ge=0, le=1000)]


class Topology(Part):
    """Servers, and what stands before them."""

    replicas: Count = 0
    """Beside the primary, for reading."""
    high_availability: StrictBool = False
    """Does another server take over by itself?"""
    pooler: StrictStr = ""
    """Such as pgbouncer."""
    regions: tuple[Text, ...] = ()


class Backup(Part):
    """How much may be lost, and how long it may take to be back."""

    rpo: Duration | None = Field(default=None, validation_alias=AliasChoices("rpo", "RPO"))
    """Changes of so long before a disaster may be lost."""
    rto: Duration | None = Field(default=None, validation_alias=AliasChoices("rto", "RTO"))
    """After so long it has to be back."""
    retention: Duration | None = None


class Provision(Part):
    """What has to run: engine and version, its topology, and its backup policy."""

    name: StrictStr = ""
    """Of the database's server, in names of resources."""
    engine: Literal["postgresql"] = "postgresql"
    version: Version | None = None
    topology: Topology = Topology()
    backup_policy: Backup = Backup()
    provider: StrictStr = ""
    """Whose services the Terraform files are for; there are files for `aws`."""
    environment: StrictStr = ""
    storage_gb: Amount | None = None
    connections: Count | None = None
    instance_class: StrictStr = ""
    extensions: tuple[Text, ...] = ()
    target: StrictStr = ""
    """The database as it is: a name in dbwright.toml, or a snapshot in the repository."""


PAYLOAD = Provision
