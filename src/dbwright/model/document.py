"""A command's result that is text to read rather than findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Document"]


@dataclass(frozen=True, slots=True)
class Document:
    """The same content for people (`markdown`) and for programs (`data`, plain JSON values)."""

    command: str
    markdown: str
    data: Mapping[str, Any] = field(default_factory=dict)
    plain: bool = False
    """Is the text shown as it is, on a terminal as well (a file of SQL is no Markdown)?"""
    failed: bool = False
    """Does it tell of something that is not as it should be: exit status 1?"""
