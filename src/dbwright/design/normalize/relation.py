"""Rows as numbers: a `Relation` has columns, and a column a code for each row."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

__all__ = ["Builder", "Column", "Kind", "Reference", "Relation"]

if TYPE_CHECKING:
    Codes = array[int]


class Kind(StrEnum):
    """What the values of a column are, as far as it matters for what determines what."""

    INTEGER = "integer"
    NUMERIC = "numeric"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    TEXT = "text"
    OTHER = "other"
    EMPTY = "empty"
    """No value but NULL."""


@dataclass(frozen=True)
class Column:
    """One column: `values[codes[row]]` is the text of a cell, or None for NULL."""

    name: str
    codes: Codes = field(repr=False)
    values: tuple[str | None, ...] = field(repr=False)
    kind: Kind = Kind.TEXT
    type: str = "text"
    """SQL's name of it."""
    nested: int = 0
    """Of the values: how many are objects or lists."""
    not_null: bool = False
    """Declared so."""
    generated: bool = False
    """Does the server make its values?"""

    @property
    def distinct(self) -> int:
        """How many values there are, NULL counted as one."""
        return len(self.values)

    @cached_property
    def null(self) -> int | None:
        """The code of NULL; None where there is none."""
        return self.values.index(None) if None in self.values else None

    @cached_property
    def nulls(self) -> int:
        """Rows without a value."""
        return 0 if self.null is None else self.codes.count(self.null)

    def value(self, row: int) -> str | None:
        """The cell's text; rows count from 0."""
        return self.values[self.codes[row]]


@dataclass(frozen=True, slots=True)
class Reference:
    """A foreign key that the database declares."""

    columns: tuple[str, ...]
    table: str
    """Qualified."""
    referenced: tuple[str, ...]


@dataclass(frozen=True)
class Relation:
    """The rows of a file, or of a table."""

    name: str
    """A table's qualified name, or a file's without its ending."""
    columns: tuple[Column, ...]
    rows: int
    source: str
    """As the user named it."""
    notes: tuple[str, ...] = ()
    """What was left out or assumed, one sentence each."""
    keys: tuple[tuple[str, ...], ...] = ()
    """Declared ones, the primary key first."""
    references: tuple[Reference, ...] = ()
    table: bool = False
    """Is it a table of a database (and `name` qualified)?"""
    whole: bool = True
    """Were all rows read?"""

    @cached_property
    def _by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    def column(self, name: str) -> Column:
        """Raises KeyError."""
        return self._by_name[name]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)


class _Numbers(dict[str | None, int]):
    """The next number for what was not seen before."""

    def __missing__(self, value: str | None) -> int:
        number = self[value] = len(self)
        return number


class Builder:
    """Turns rows into codes as they come, chunk by chunk: a text is kept once for each column."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.rows = 0
        self._numbers = [_Numbers() for _ in self.names]
        self._codes: list[Codes] = [array("i") for _ in self.names]

    def add(self, rows: Sequence[Sequence[str | None]]) -> None:
        """Rows of one value for each column."""
        if not rows:
            return
        self.rows += len(rows)
        for numbers, codes, cells in zip(
            self._numbers, self._codes, zip(*rows, strict=True), strict=True
        ):
            codes.extend(map(numbers.__getitem__, cells))

    def columns(self) -> Iterable[Column]:
        """What was gathered, of kind TEXT yet."""
        for name, codes, numbers in zip(self.names, self._codes, self._numbers, strict=True):
            yield Column(name, codes, tuple(numbers))
