"""What a tool answers: the summary first, then the items, the most important first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

__all__ = ["Answer"]

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Answer(Generic[Item]):
    """All that was found; how much of it a model is given at once is decided elsewhere."""

    summary: str
    """One to three sentences that stand alone."""
    items: tuple[Item, ...] = ()
    """The most important first: the rest may be asked for later."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """What belongs to all items; plain JSON values."""
    notes: tuple[str, ...] = ()
    """Warnings, and what was not looked at."""
    failed: bool = False
    """Did what was asked for come out badly: a proof that failed? (A tool that could not do its
    work raises.)"""
