"""A statement that the server did not take, as the hints look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dbwright.model.finding import Location
from dbwright.sql.lexer import Token, significant

__all__ = ["Known", "Refusal"]


@dataclass(frozen=True)
class Refusal:
    """The statement and what the server said about it."""

    statement: str
    sqlstate: str = ""
    message: str = ""
    detail: str = ""
    position: int | None = None
    """Characters from the statement's beginning."""
    hint: str = ""
    """What to do, where that is known already."""

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """The statement's first tokens, without spaces and comments."""
        return tuple(significant(self.statement, 0, min(len(self.statement), 100_000)))

    @cached_property
    def index(self) -> int:
        """Which token the server pointed at; the number of tokens where none."""
        if self.position is None:
            return len(self.tokens)
        return next(
            (n for n, token in enumerate(self.tokens) if token.end > self.position),
            len(self.tokens),
        )

    def word(self, distance: int = 0) -> str:
        """The token at (or so many after) the place, in lower case; empty where there is none."""
        index = self.index + distance
        return self.tokens[index].lower if 0 <= index < len(self.tokens) else ""

    def starts(self, *words: str) -> bool:
        """Are these the statement's first words?"""
        return tuple(token.lower for token in self.tokens[: len(words)]) == words

    def quoted(self, number: int = 0) -> str:
        """The n-th name that the message puts in double quotes."""
        parts = self.message.split('"')
        return parts[2 * number + 1] if len(parts) > 2 * number + 1 else ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about the server and the other files."""

    major: int
    extensions: frozenset[str] = frozenset()
    """Those that the server could make."""
    locations: Mapping[str, Location] = field(default_factory=dict)
    """Where all files declare objects, by `str(ObjectRef)`."""
    unmade: Mapping[str, Location] = field(default_factory=dict)
    """Where statements that were refused would have declared them."""
