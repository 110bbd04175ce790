"""One statement of a migration."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.model.finding import ObjectRef

__all__ = ["Step", "Unwritable"]


class Unwritable(Exception):
    """The catalog does not tell enough of the object to write the statement."""


@dataclass(frozen=True, slots=True)
class Step:
    """One statement."""

    sql: str
    """Without a semicolon at its end."""
    object: ObjectRef
    loses: str = ""
    """What of the data is lost, in a few words; empty where nothing is."""
    commits: bool = False
    """Must be committed before anything after it can use what it makes (a new enum value)?"""
    note: str = ""
    """What a person should know of it; becomes a comment before it."""
