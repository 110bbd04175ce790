"""Is the content of a database the one that it was? Told table by table, column by column.

Sums first: one pass over each side of a table. Only where they differ are rows met one by one, to
tell how many and which. A column of another type is compared both ways: what it was, cast to the
new type, must be what is there now; and what is there, cast back, what it was, or something is
lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from dbwright.engines.postgresql.session import first_line
from dbwright.migrate.rehearsal.casts import Cast, cast_of, lossy_kind
from dbwright.migrate.rehearsal.changes import Change, ChangeKind
from dbwright.migrate.rehearsal.detail import (
    Compared,
    Difference,
    Side,
    row_differences,
)
from dbwright.migrate.rehearsal.pairs import ColumnPair, TablePair, paired
from dbwright.migrate.rehearsal.replaced import collided_rows, lost_columns, lost_tables
from dbwright.migrate.rehearsal.sums import READING, TableSums, table_sums
from dbwright.model.catalog import Catalog
from dbwright.model.names import quote
from dbwright.progress import Progress

__all__ = ["Content", "content_changes"]


@dataclass(frozen=True, slots=True)
class Content:
    """A database whose rows are compared, with its catalog as it is now."""

    connection: psycopg.Connection[Any]
    catalog: Catalog


@dataclass(frozen=True, slots=True)
class _Entry:
    """One column, and how it is compared."""

    pair: ColumnPair
    compared: Compared
    cast: Cast | None = None
    """Of a column whose type is another one."""


def content_changes(
    old: Content,
    new: Content,
    *,
    left_out: Collection[str] = (),
    by_name: bool = False,
    show: bool = False,
    progress: Progress,
) -> tuple[Change, ...]:
    """What is not as it was. `left_out`: tables that nobody asks about (qualified); `by_name`: a
    column that was dropped and added again is the same one; `show`: values in the examples.

    Raises psycopg.Error where a server goes away.
    """
    pairs, unpaired = paired(old.catalog, new.catalog, left_out, by_name=by_name)
    for connection in (old.connection, new.connection):
        connection.execute(READING)
    found: list[Change] = []
    for number, pair in enumerate(pairs):
        progress(f"comparing the rows of {pair.name}", number, len(pairs))
        try:
            found += _of_pair(pair, old.connection, new.connection, show)
        except psycopg.Error as problem:
            if old.connection.closed or new.connection.closed:
                raise
            found.append(Change(ChangeKind.UNKNOWN, pair.name, reason=first_line(problem)))
    found += lost_tables(old.connection, new.connection, unpaired)
    return tuple(found)


def _of_pair(
    pair: TablePair, old: psycopg.Connection[Any], new: psycopg.Connection[Any], show: bool
) -> Iterator[Change]:
    kept = [one for one in pair.columns if one.same_type]
    first = table_sums(old, pair.parts_before, [one.before for one in kept])
    second = table_sums(new, pair.parts_after, [one.after for one in kept])
    casts = [(one, cast_of(one, pair, old, new)) for one in pair.columns if not one.same_type]
    differing = [
        _entry(one)
        for one, was, now in zip(kept, first.columns, second.columns, strict=True)
        if was != now
    ]
    same_rows = first.rows == second.rows
    if not same_rows or first.whole != second.whole:
        differing = differing or [_entry(one) for one in kept if one not in pair.key]
    for one, cast in casts:
        if not cast.kept or not same_rows:
            differing.append(_of_cast(one, cast))
    if same_rows and first.whole == second.whole and not differing:
        pass
    elif pair.key:
        entries = [entry for entry in differing if entry.compared.after]
        yield from _by_row(pair, entries, old, new, show)
        yield from (_unknown(pair, one) for one in differing if not one.compared.after)
    else:
        yield from _by_sum(pair, differing, first, second)
    yield from lost_columns(pair, old, new, same_rows=same_rows)


def _entry(pair: ColumnPair) -> _Entry:
    before, after = quote(pair.before.name), quote(pair.after.name)
    return _Entry(pair, Compared(before, after, pair.before))


def _of_cast(pair: ColumnPair, cast: Cast) -> _Entry:
    return _Entry(pair, Compared(quote(pair.before.name), cast.back or "", pair.before), cast)


def _by_row(
    pair: TablePair,
    entries: Sequence[_Entry],
    old: psycopg.Connection[Any],
    new: psycopg.Connection[Any],
    show: bool,
) -> Iterator[Change]:
    sides = Side(old, pair.parts_before), Side(new, pair.parts_after)
    # Behind what must be the same, what only tells why it is not.
    forth = [entry for entry in entries if entry.cast is not None and entry.cast.forth]
    asked = [entry.compared for entry in entries] + [_forth(entry) for entry in forth]
    rows = row_differences(pair, *sides, asked, show=show)
    by_type = {
        id(entry)
        for entry, difference in zip(forth, rows.changed[len(entries) :], strict=True)
        if not difference.rows
    }
    partly = not rows.whole
    if rows.lost.rows:
        lost = _change(ChangeKind.LOST_ROWS, pair, rows.lost, partly)
        yield collided_rows(pair, lost, old) or lost
    if rows.added.rows:
        yield _change(ChangeKind.ADDED_ROWS, pair, rows.added, partly)
    for entry, difference in zip(entries, rows.changed[: len(entries)], strict=True):
        if difference.rows:
            kind = _kind(entry, difference, by_type=id(entry) in by_type)
            yield replace(_change(kind, pair, difference, partly), **_column(entry))


def _forth(entry: _Entry) -> Compared:
    assert entry.cast is not None and entry.cast.forth is not None
    return Compared(entry.cast.forth, quote(entry.pair.after.name), entry.pair.after)


def _by_sum(
    pair: TablePair, entries: Sequence[_Entry], first: TableSums, second: TableSums
) -> Iterator[Change]:
    """Where no key tells rows apart: what the sums alone say."""
    if first.rows > second.rows:
        yield Change(ChangeKind.LOST_ROWS, pair.name, rows=first.rows - second.rows, at_least=True)
        return
    if first.rows < second.rows:
        yield Change(ChangeKind.ADDED_ROWS, pair.name, rows=second.rows - first.rows, at_least=True)
        return
    moved = first.columns == second.columns and first.whole != second.whole
    if moved:
        yield Change(ChangeKind.MOVED_VALUES, pair.name)
    for entry in entries:
        if not moved or entry.cast is not None:
            by_type = entry.cast is not None and entry.cast.same
            kind = _kind(entry, Difference(), by_type=by_type)
            yield Change(kind, pair.name, **_column(entry))


def _kind(entry: _Entry, difference: Difference, *, by_type: bool) -> ChangeKind:
    """`by_type`: is each value what the old one is, cast to the new type?"""
    if difference.cut_short and _is_text(entry.pair):
        return ChangeKind.TRUNCATED_VALUES
    if by_type:
        return lossy_kind(entry.pair)
    return ChangeKind.CHANGED_VALUES


def _is_text(pair: ColumnPair) -> bool:
    texts = ("text", "character varying", "character")
    return pair.before.base_type in texts and pair.after.base_type in texts


def _column(entry: _Entry) -> dict[str, Any]:
    if entry.cast is None:
        return {"column": entry.pair.before.name}
    types = f"{entry.pair.before.type} to {entry.pair.after.type}"
    return {"column": entry.pair.before.name, "other": types, "retyped": True}


def _unknown(pair: TablePair, entry: _Entry) -> Change:
    reason = "its values can't be cast back to the type that they had"
    return Change(ChangeKind.UNKNOWN, pair.name, reason=reason, **_column(entry))


def _change(kind: ChangeKind, pair: TablePair, difference: Difference, partly: bool) -> Change:
    return Change(
        kind, pair.name, rows=difference.rows, at_least=partly, example=difference.example
    )
