"""A text of a program, as far as it is known before it runs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HOLE", "JPQL", "Text"]

HOLE = "\ue000"
"""Stands where a value comes in at run time."""

JPQL = "createquery"
"""The call of a query in the language of Jakarta Persistence, which speaks of classes."""


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    """With HOLE where values come in."""
    line: int
    """Of its first character; starts at 1."""
    call: str = ""
    """The function that it is passed to, in small letters; empty where it is passed to none."""
    is_bound: bool = False
    """Does a library send what comes in as parameters (sql`… ${id}`), rather than as text?"""
    name: str = ""
    """What its file calls it."""
