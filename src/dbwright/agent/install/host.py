"""A host: a coding agent, and the pieces that make dbwright known to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dbwright.agent.install.piece import Piece

__all__ = ["Host", "Scope"]


class Scope(StrEnum):
    """For whom."""

    PROJECT = "project"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Host:
    """`pieces` gives the pieces of a scope; their paths begin at the project's root, or at home."""

    name: str
    title: str
    pieces: Callable[[Scope], tuple[Piece, ...]]
    after: str
    """What a person does next."""

    def root(self, scope: Scope, project: Path, home: Path) -> Path:
        return project if scope is Scope.PROJECT else home
