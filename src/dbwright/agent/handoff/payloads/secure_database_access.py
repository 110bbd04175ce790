"""`secure_database_access`: with the security agent, on who may see and change which rows."""

from __future__ import annotations

from typing import Literal

from pydantic import StrictBool, StrictStr

from dbwright.agent.handoff.parts import Duration, Part, Text

__all__ = ["PAYLOAD", "Access", "Audit", "Classified", "Encryption", "Security"]

Privilege = Literal[
    "select", "insert", "update", "delete", "truncate",
    "SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE",
]  # fmt: skip


class Classified(Part):
    """How much a table or a column has to be kept secret."""

    object: Text
    """`schema.table` or `schema.table.column`."""
    level: Literal["public", "internal", "confidential", "restricted"]
    personal: StrictBool = False


class Encryption(Part):
    """What has to be unreadable for whom takes it away."""

    at_rest: StrictBool | None = None
    in_transit: StrictBool | None = None
    columns: tuple[Text, ...] = ()


class Access(Part):
    """What a role may do with tables, and with which of their rows."""

    role: Text
    tables: tuple[Text, ...]
    privileges: tuple[Privilege, ...]
    columns: tuple[Text, ...] = ()
    """Only these; for SELECT, INSERT and UPDATE."""
    rows: StrictStr = ""
    """A condition in SQL that holds for the rows that it may see and write; all where empty."""


class Audit(Part):
    """Whose changes have to be known later."""

    tables: tuple[Text, ...] = ()
    retention: Duration | None = None


class Security(Part):
    """What the data is worth, how it is encrypted, and who has access: made into grants, policies
    of row security and an audit trail."""

    classification: tuple[Classified, ...] = ()
    encryption: Encryption = Encryption()
    access_model: tuple[Access, ...] = ()
    audit: Audit = Audit()
    target: StrictStr = ""
    """A name in dbwright.toml, or a path in the repository."""


PAYLOAD = Security
