"""What a plan is made of: moves, how each is run, and what a form makes of a statement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from dbwright.migrate.plan.situation import Situation

__all__ = ["Form", "Manner", "Move", "Sequence"]


class Manner(StrEnum):
    """How a move is run."""

    QUICK = "quick"
    """In a transaction with the quick ones beside it: it may block, but for no time."""
    LONG = "long"
    """In a transaction of its own: it takes its time, and blocks nobody meanwhile."""
    ALONE = "alone"
    """Outside of transactions, which it refuses."""
    ROWS = "rows"
    """In batches over the rows of a table, each its own transaction."""


@dataclass(frozen=True, slots=True)
class Move:
    """Some SQL that belongs together, and the way back."""

    note: str
    """What it is for: a sentence, or several."""
    up: tuple[str, ...]
    """Statements, without semicolons."""
    down: tuple[str, ...] = ()
    """Empty where there is nothing to take back."""
    manner: Manner = Manner.QUICK
    table: str = ""
    """The table that it is about, qualified; of ROWS the one that is cut into batches."""
    words: str = ""
    """For the file's name: `index orders`."""
    deploy: str = ""
    """What has to be deployed before it: empty for nothing."""
    lost: str = ""
    """What the way back can't bring again."""
    verbatim: bool = False
    """Does it hold the words of the file, whose names depend on its settings?"""


@dataclass(frozen=True, slots=True)
class Sequence:
    """What a form makes of one statement."""

    moves: tuple[Move, ...]
    differs: tuple[str, ...] = ()
    """In what the end is another one on purpose, a sentence each."""
    left: tuple[str, ...] = ()
    """What stands in the application's way still, and why, a sentence each."""
    minds: tuple[str, ...] = ()
    """What is to be known before it runs, and stands in nobody's way who does the usual."""

    @property
    def up(self) -> tuple[str, ...]:
        """All statements, in their order."""
        return tuple(text for move in self.moves for text in move.up)


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of statements that there is a safe way for."""

    does: str
    """A few words: `a foreign key is added`."""
    plan: Callable[[Situation], Sequence | None]
    """None where the statement is of another kind, or safe as it is."""
