"""Is the content of a database the one that it was? Told table by table, column by column.

Sums first: one pass over each side of a table. Only where they differ are rows met one by one, to
tell how many and which. A column of another type is compared both ways: what it was, cast to the
new type, must be what is there now; and what is there, cast back, what it was, or something is
lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg

from dbwright.engines.postgresql.session import first_line
from dbwright.migrate.rehearsal.casts import Cast, cast_of
from dbwright.migrate.rehearsal.changes import Change, ChangeKind
from dbwright.migrate.rehearsal.compared import Entry, kind_of, plain_entry, retyped_entry
from dbwright.migrate.rehearsal.detail import Compared, Difference, Side, row_differences
from dbwright.migrate.rehearsal.pairs import TablePair, paired
from dbwright.migrate.rehearsal.replaced import collided_rows, lost_columns, lost_tables, taken_over
from dbwright.migrate.rehearsal.sums import READING, TableSums, table_sums
from dbwright.model.catalog import Catalog, Column
from dbwright.model.names import quote
from dbwright.progress import Progress

__all__ = ["Content", "Known", "content_changes"]

Known = dict[tuple[tuple[str, ...], tuple[str, ...]], TableSums]
"""Sums by tables and columns."""


@dataclass(frozen=True, slots=True)
class Content:
    """A database whose rows are compared, with its catalog as it is now."""

    connection: psycopg.Connection[Any]
    catalog: Catalog
    known: Known = field(default_factory=dict)
    """What was summed up before, for as long as nothing is written there."""

    def sums(self, parts: tuple[str, ...], columns: Sequence[Column]) -> TableSums:
        asked = parts, tuple(column.name for column in columns)
        if asked not in self.known:
            self.known[asked] = table_sums(self.connection, parts, columns)
        return self.known[asked]


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
            changes = list(_of_pair(pair, old, new, show))
        except psycopg.Error as problem:
            if old.connection.closed or new.connection.closed:
                raise
            changes = [Change(ChangeKind.UNKNOWN, pair.name, reason=first_line(problem))]
        found += [replace(change, table_now=pair.after.qualified) for change in changes]
    found += lost_tables(old.connection, new.connection, unpaired)
    return tuple(found)


def _of_pair(pair: TablePair, old: Content, new: Content, show: bool) -> Iterator[Change]:
    first = old.sums(pair.parts_before, [one.before for one in pair.kept])
    second = new.sums(pair.parts_after, [one.after for one in pair.kept])
    same_rows = first.rows == second.rows
    if pair.aside and first.rows and not second.rows:
        yield Change(ChangeKind.SET_ASIDE, pair.name, rows=first.rows, other=pair.aside)
        return
    taken = list(taken_over(pair, old.connection, new.connection)) if same_rows else []
    yield from taken
    done = {change.column for change in taken}
    casts = {
        one.before.name: cast_of(one, pair, old.connection, new.connection)
        for one in pair.columns
        if not one.same_type and one.before.name not in done
    }
    differing = [
        plain_entry(one, was.values > now.values)
        for one, was, now in zip(pair.kept, first.columns, second.columns, strict=True)
        if was != now and one.before.name not in done
    ]
    if not same_rows or (first.whole != second.whole and not done):
        own = (one for one in pair.kept if one not in pair.key and one.before.name not in done)
        differing = differing or [plain_entry(one) for one in own]
    by_name = {one.before.name: one for one in pair.columns}
    differing += [
        retyped_entry(by_name[name], cast, pair, old.connection)
        for name, cast in casts.items()
        if not cast.kept or not same_rows
    ]
    if differing or not same_rows or (first.whole != second.whole and not done):
        if pair.key:
            sides = _sides(pair, old.connection, new.connection, casts)
            yield from _by_row(pair, differing, *sides, show)
        else:
            yield from _by_sum(pair, differing, first, second)
    yield from lost_columns(pair, old.connection, new.connection, same_rows=same_rows)


def _sides(
    pair: TablePair,
    old: psycopg.Connection[Any],
    new: psycopg.Connection[Any],
    casts: dict[str, Cast],
) -> tuple[Side, Side]:
    """With keys that are written alike."""
    own = [casts.get(one.before.name) for one in pair.key]
    was = [quote(p.before.name) if c is None else c.was for p, c in zip(pair.key, own, strict=True)]
    now = [quote(p.after.name) if c is None else c.back for p, c in zip(pair.key, own, strict=True)]
    return Side(old, pair.parts_before, tuple(was)), Side(new, pair.parts_after, tuple(now))


def _by_row(
    pair: TablePair, entries: Sequence[Entry], old: Side, new: Side, show: bool
) -> Iterator[Change]:
    # Behind what must be the same, what only tells why it is not.
    forth = [entry for entry in entries if entry.cast is not None and entry.cast.forth]
    asked = [entry.compared for entry in entries] + [_forth(entry) for entry in forth]
    rows = row_differences(pair, old, new, asked, show=show)
    by_type = {
        id(entry)
        for entry, difference in zip(forth, rows.changed[len(entries) :], strict=True)
        if not difference.rows
    }
    partly = not rows.whole
    if rows.lost.rows:
        lost = _change(ChangeKind.LOST_ROWS, pair, rows.lost, partly)
        yield collided_rows(pair, lost, old.connection) or lost
    if rows.added.rows:
        yield _change(ChangeKind.ADDED_ROWS, pair, rows.added, partly)
    for entry, difference in zip(entries, rows.changed[: len(entries)], strict=True):
        if difference.rows:
            kind = kind_of(entry, difference, by_type=id(entry) in by_type)
            change = _change(kind, pair, difference, partly)
            yield replace(change, rounded=difference.rounded, **entry.words)


def _forth(entry: Entry) -> Compared:
    assert entry.cast is not None and entry.cast.forth is not None
    return Compared(entry.cast.forth, quote(entry.pair.after.name), entry.pair.after)


def _by_sum(
    pair: TablePair, entries: Sequence[Entry], first: TableSums, second: TableSums
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
            kind = kind_of(entry, Difference(), by_type=by_type)
            yield Change(kind, pair.name, **entry.words)


def _change(kind: ChangeKind, pair: TablePair, difference: Difference, partly: bool) -> Change:
    return Change(
        kind, pair.name, rows=difference.rows, at_least=partly, example=difference.example
    )
