"""How long work tells what it is doing. Surfaces decide how to show it."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "silent"]


class Progress(Protocol):
    """Called with what is being done now, and how far it is (both counts or neither)."""

    def __call__(self, doing: str, done: int | None = None, total: int | None = None) -> None: ...


def silent(doing: str, done: int | None = None, total: int | None = None) -> None:
    """A `Progress` that shows nothing."""
