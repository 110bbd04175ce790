"""What became of the rows: the nouns of a comparison of content."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Change", "ChangeKind", "Example"]


class ChangeKind(StrEnum):
    LOST_ROWS = "lost rows"
    ADDED_ROWS = "added rows"
    COLLIDED_ROWS = "collided rows"
    """Lost, and equal to others under a unique index that is new."""
    LOST_TABLE = "lost table"
    LOST_COLUMN = "lost column"
    CHANGED_VALUES = "changed values"
    TRUNCATED_VALUES = "truncated values"
    CHANGED_PRECISION = "changed precision"
    MOVED_VALUES = "moved values"
    """Each column has the values it had, and in other rows."""
    RENAMED_KEPT = "renamed, values kept"
    """Dropped, and another one of the same content added."""
    RENAMED_LOST = "renamed, values lost"
    """Dropped, and one added that looks as if it was to take its place, without the values."""
    SET_ASIDE = "set aside"
    """An empty one has its name now, and it has another one."""
    UNKNOWN = "not comparable"


@dataclass(frozen=True, slots=True)
class Example:
    """One row, by its key."""

    key: str
    """`id = 17`"""
    before: str = ""
    """What is told of the value: how long it is, or (where that was asked for) the value."""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the rows of two databases."""

    kind: ChangeKind
    table: str
    """Qualified, as it was before."""
    column: str = ""
    rows: int | None = None
    """How many; None where that can't be told (no key tells the rows apart)."""
    at_least: bool = False
    other: str = ""
    """The column or table that may stand in its place; the index that rows collide under; the
    types."""
    retyped: bool = False
    """Is the column's type another one?"""
    replaced: bool = False
    """Is it another column that has the name now?"""
    fewer: bool = False
    """Are there fewer values than before, and NULL in their place?"""
    rounded: bool = False
    """Of a number or a time: is what is lost its last digits, or the time of the day?"""
    generated: bool = False
    type: str = ""
    """The column's, as it was, without modifiers."""
    table_now: str = ""
    """As it is called afterwards, qualified."""
    column_now: str = ""
    example: Example | None = None
    reason: str = ""
    """Why it could not be compared."""
