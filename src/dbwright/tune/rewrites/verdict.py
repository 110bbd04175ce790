"""What came of running two queries side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from dbwright.tune.rewrites.data import Row

__all__ = ["CounterExample", "Outcome", "Verdict"]


class Outcome(StrEnum):
    EQUAL = "equal"
    DIFFERENT = "different"
    NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True, slots=True)
class CounterExample:
    """The fewest rows that were found on which two queries differ."""

    data_set: str
    difference: str
    rows: Mapping[str, Sequence[Row]]
    """What the tables held, by qualified name; only those with rows."""
    original: tuple[tuple[str | None, ...], ...]
    """What the original gave."""
    rewritten: tuple[tuple[str | None, ...], ...]
    error: str = ""
    """What the server said to the rewritten one, where it failed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Are two queries equal?"""

    outcome: Outcome
    reason: str
    """A sentence: how it was tried, what differs, or why it can't be told."""
    data_sets: int = 0
    """On how many both were run and the original has one right answer."""
    telling: int = 0
    """How many different answers the original gave on them."""
    counter_example: CounterExample | None = None

    @property
    def equal(self) -> bool:
        return self.outcome is Outcome.EQUAL
