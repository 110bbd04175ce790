"""What was found in the rows."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CounterExample", "Dependency", "Duplicate", "Inclusion", "Key", "Mined"]


def _written(name: str) -> str:
    """In quotes where something in it separates names."""
    if name.strip() == name and not set(name) & set(',;>"\n'):
        return name
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class CounterExample:
    """A row that breaks a dependency, beside one that has what most others have."""

    row: int
    """Starts at 1, below the header."""
    left: tuple[str | None, ...]
    value: str | None
    usual: str | None
    usual_row: int


@dataclass(frozen=True, slots=True)
class Dependency:
    """Who knows the columns on the left knows the one on the right."""

    left: tuple[str, ...]
    right: str
    distinct: int
    """Different values on the left."""
    support: int
    """Rows that repeat a value of the left, so could have broken it."""
    errors: int = 0
    """Rows that would have to go for it to hold."""
    examples: tuple[CounterExample, ...] = ()

    def __str__(self) -> str:
        return f"{', '.join(map(_written, self.left))} -> {_written(self.right)}"


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two rows with the same values in the columns of a key that nearly is one."""

    row: int
    """Starts at 1."""
    first_row: int
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """Columns that no two rows have in common, none of which could be left out."""

    columns: tuple[str, ...]
    nulls: int = 0
    """Rows with a NULL in it: a primary key can't have such."""
    errors: int = 0
    """Rows that repeat another's."""
    examples: tuple[Duplicate, ...] = ()


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Values of a column are values of another."""

    table: str
    column: str
    referenced_table: str
    referenced_column: str
    values: int
    """Different ones that refer."""
    referenced_values: int
    orphans: int
    """Rows whose value is not there."""
    examples: tuple[tuple[int, str], ...] = ()
    """Row (from 1) and value of such."""


@dataclass(frozen=True, slots=True)
class Mined:
    """All of one relation."""

    keys: tuple[Key, ...]
    near_keys: tuple[Key, ...]
    dependencies: tuple[Dependency, ...]
    """Minimal ones that hold on all rows and whose left side is no key."""
    near: tuple[Dependency, ...]
    """Minimal ones that hold on all but a few rows."""
    constants: tuple[str, ...]
    """Columns with one value (NULL may be it)."""
    duplicates: int
    """Rows that are equal to another one in every column."""
    left: int
    """Columns that a left side has at most."""
    notes: tuple[str, ...] = ()
