"""A change of content in words."""

from __future__ import annotations

from dbwright.migrate.rehearsal.changes import Change, ChangeKind
from dbwright.model.names import quote

__all__ = ["said"]

Kind = ChangeKind


def said(change: Change) -> str:
    """One sentence, without a capital and a stop."""
    table, place = change.table, f"{change.table}.{quote(change.column)}"
    rows = _rows(change)
    kind = change.kind
    if kind is Kind.LOST_ROWS:
        return f"{table} lacks {rows}{_example(change)}"
    if kind is Kind.ADDED_ROWS:
        return f"{table} has {rows} more{_example(change)}"
    if kind is Kind.COLLIDED_ROWS:
        return (
            f"{table} lacks {rows} that are equal to others under the unique index "
            f"{change.other}{_example(change)}"
        )
    if kind is Kind.LOST_TABLE:
        return f"the table {table} is dropped with {rows}"
    if kind is Kind.LOST_COLUMN:
        return f"the column {place} is dropped with {_count(change.rows)} values"
    if kind is Kind.SET_ASIDE:
        what = place if change.column else table
        values = "values" if change.column else "rows"
        kept = f"the {_count(change.rows)} {values} that {change.other} has"
        return f"{what} is another one now, without {kept}"
    if kind in (Kind.RENAMED_KEPT, Kind.RENAMED_LOST):
        return _renamed(change, place if change.column else table)
    if kind is Kind.MOVED_VALUES:
        return f"{table} has the values that it had, but in other rows"
    if kind is Kind.UNKNOWN:
        return f"{place if change.column else table} could not be compared: {change.reason}"
    return f"{place}: {_changed(change)}{_example(change)}"


def _changed(change: Change) -> str:
    rows = "values" if change.rows is None else f"the values of {_rows(change)}"
    types = f" from {change.other}" if change.retyped else ""
    if change.kind is Kind.TRUNCATED_VALUES:
        return f"{rows} are cut off{types}"
    if change.kind is Kind.CHANGED_PRECISION:
        return f"{rows} lose digits{types}"
    return f"{rows} are others than before{types}"


def _renamed(change: Change, what: str) -> str:
    values = f"{_count(change.rows)} {'values' if change.column else 'rows'}"
    if change.kind is Kind.RENAMED_KEPT:
        return (
            f"{what} is dropped, and {change.other} added with its {values}: a rename, the long way"
        )
    return (
        f"{what} is dropped, and {change.other} added without its {values}: renamed by drop and "
        "add? its values are not kept"
    )


def _rows(change: Change) -> str:
    least = "at least " if change.at_least else ""
    return f"{least}{_count(change.rows)} row{'' if change.rows == 1 else 's'}"


def _count(number: int | None) -> str:
    return "some" if number is None else f"{number:,}"


def _example(change: Change) -> str:
    example = change.example
    if example is None:
        return ""
    told = ""
    if example.before != example.after:
        told = f": {example.before}, then {example.after}"
    return f", such as {example.key}{told}"
