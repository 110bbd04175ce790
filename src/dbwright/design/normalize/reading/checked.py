"""What every source must have before anything can be told from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from dbwright.design.normalize.kinds import inferred
from dbwright.design.normalize.reading.options import MOST_COLUMNS, ReadingOptions
from dbwright.design.normalize.relation import Builder, Column, Kind, Relation
from dbwright.errors import BadData

__all__ = ["finished", "limit_note", "require_names", "wanted_columns"]

LONGEST = 63
"""Bytes of a name on a server."""


def require_names(names: Sequence[str], place: Sequence[str]) -> None:
    """`place`: of each name, as file:line:column. Raises BadData."""
    told = Counter(names)
    for name, where in zip(names, place, strict=True):
        if not name.strip():
            raise BadData(f"{where}: a column has no name", "name it, or use --no-header")
        if told[name] > 1:
            raise BadData(f"{where}: two columns are named {name!r}", "rename one")
        if len(name.encode()) > LONGEST or "\0" in name:
            raise BadData(
                f"{where}: a column's name is longer than {LONGEST} bytes: {name[:40]!r}…",
                "shorten it; or, where the first row holds data, use --no-header",
            )


def wanted_columns(
    names: Sequence[str], options: ReadingOptions, place: Sequence[str]
) -> tuple[int, ...]:
    """The places of the columns that are read. Raises BadData where there are too many."""
    if options.columns:
        found = tuple(number for number, name in enumerate(names) if name in options.columns)
        if not found:
            raise BadData(
                f"{place[0] if place else ''}: no column is named as one of --columns",
                f"there are: {', '.join(names[:20])}",
            )
    else:
        found = tuple(range(len(names)))
    if len(found) > MOST_COLUMNS:
        raise BadData(
            f"{place[found[MOST_COLUMNS]]}: there are {len(found):,} columns, "
            f"and {MOST_COLUMNS} can be compared with each other",
            "name those that hang together: --columns a,b,c",
        )
    return found


def limit_note(rows: int) -> str:
    """Told where a source has more rows than were read."""
    return f"only the first {rows:,} rows were read: --rows 0 reads all"


def finished(
    builder: Builder,
    *,
    name: str,
    source: str,
    place: str,
    notes: Iterable[str] = (),
    whole: bool = True,
    nested: dict[str, int] | None = None,
) -> Relation:
    """The relation of a file, with kinds inferred. Raises BadData where nothing can be told.

    `place`: file:line:column where rows should have been; `nested`: values that are no scalars.
    """
    if builder.rows < 2:
        said = "there are no rows" if not builder.rows else "there is one row only"
        raise BadData(f"{place}: {said}: what depends on what shows in many", "give more rows")
    columns = tuple(_inferred(column, nested or {}) for column in builder.columns())
    for column in columns:
        _require_text(column, place)
    empty = [column.name for column in columns if column.kind is Kind.EMPTY]
    if len(empty) == len(columns):
        raise BadData(f"{place}: every value is NULL", "give rows with values")
    told = list(notes)
    if empty:
        told.append(f"only NULLs in {', '.join(empty)}: nothing is told of {_it(empty)}")
    return Relation(name, columns, builder.rows, source, tuple(told), whole=whole)


def _require_text(column: Column, place: str) -> None:
    for code, value in enumerate(column.values):
        if value is None or (value.isascii() and "\0" not in value):
            continue
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            row = column.codes.index(code) + 1
            raise BadData(
                f"{place}: {column.name} in row {row} has a character that is no text",
                "mend the row",
            )


def _inferred(column: Column, nested: dict[str, int]) -> Column:
    if nested.get(column.name):
        return Column(
            column.name, column.codes, column.values, Kind.OTHER, "jsonb", nested[column.name]
        )
    return inferred(column)


def _it(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"
