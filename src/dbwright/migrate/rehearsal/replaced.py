"""What is gone, and what may have come in its place: columns, tables, rows that were equal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import psycopg

from dbwright.migrate.rehearsal.changes import Change, ChangeKind
from dbwright.migrate.rehearsal.pairs import TablePair, Unpaired
from dbwright.migrate.rehearsal.sums import column_sum, hashed, rows_of, table_sums
from dbwright.model.catalog import Column, Index, Table
from dbwright.model.names import quote

__all__ = ["collided_rows", "lost_columns", "lost_tables", "taken_over"]

Connection = psycopg.Connection[Any]


def lost_columns(
    pair: TablePair, old: Connection, new: Connection, *, same_rows: bool
) -> Iterator[Change]:
    """Columns with values that are dropped. One that is added with the same values is told, and one
    that was to have them."""
    for column in pair.dropped:
        was = column_sum(old, pair.parts_before, quote(column.name), column)
        if not was.values:
            continue
        kept = next((a for a in pair.added if _has(new, pair, a, column, was)), None)
        if kept is not None:
            yield _column(ChangeKind.RENAMED_KEPT, pair, column, kept.name, was.values)
            continue
        meant = [
            a
            for a in pair.added
            if _looks_alike(a, column, pair) and _is_flat(new, pair.parts_after, a)
        ]
        if meant and same_rows:
            yield _column(ChangeKind.RENAMED_LOST, pair, column, meant[0].name, was.values)
        else:
            yield _column(ChangeKind.LOST_COLUMN, pair, column, "", was.values)


def taken_over(pair: TablePair, old: Connection, new: Connection) -> Iterator[Change]:
    """Columns whose name another one has now, without any value: dropped and added again, or set
    aside under another name."""
    for one in pair.columns:
        if not one.replaced or not _is_flat(new, pair.parts_after, one.after):
            continue
        was = column_sum(old, pair.parts_before, quote(one.before.name), one.before)
        if not was.values or (not one.aside and _is_flat(old, pair.parts_before, one.before)):
            continue
        kind = ChangeKind.SET_ASIDE if one.aside else ChangeKind.RENAMED_LOST
        other = one.aside or one.after.name
        yield _column(kind, pair, one.before, other, was.values)


def lost_tables(old: Connection, new: Connection, unpaired: Unpaired) -> Iterator[Change]:
    """Tables with rows that are dropped; as for columns."""
    for table in unpaired.dropped:
        parts = (table.qualified,) if table.stores_rows else ()
        was = table_sums(old, parts, table.columns)
        if not was.rows:
            continue
        alike = [other for other in unpaired.created if _same_columns(table, other)]
        sums = [table_sums(new, (o.qualified,), _in_order(o, table)) for o in alike]
        kept = [other for other, now in zip(alike, sums, strict=True) if now == was]
        if kept:
            kind, other = ChangeKind.RENAMED_KEPT, kept[0].qualified
        elif alike:
            kind, other = ChangeKind.RENAMED_LOST, alike[0].qualified
        else:
            kind, other = ChangeKind.LOST_TABLE, ""
        yield Change(kind, table.qualified, rows=was.rows, other=other)


def collided_rows(pair: TablePair, lost: Change, old: Connection) -> Change | None:
    """The same loss, where rows are equal to others under a unique index that is new: copying with
    ON CONFLICT DO NOTHING drops them without a word."""
    for index in pair.new_unique_indexes:
        expressions = _keys(index, pair)
        if not expressions:
            continue
        listed = ", ".join(f"{text} AS e{n}" for n, text in enumerate(expressions))
        names = ", ".join(f"e{n}" for n in range(len(expressions)))
        known = " AND ".join(f"e{n} IS NOT NULL" for n in range(len(expressions)))
        query = (
            f"SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n "
            f"FROM ({rows_of(pair.parts_before, [listed])}) AS r WHERE {known} "
            f"GROUP BY {names} HAVING count(*) > 1) AS g"
        )
        try:
            row = old.execute(query.encode()).fetchone()
        except psycopg.Error:
            if old.closed:
                raise
            continue  # a collation that the migration makes is not there on this side
        if row is not None and row[0]:
            return replace(lost, kind=ChangeKind.COLLIDED_ROWS, other=index.qualified)
    return None


def _keys(index: Index, pair: TablePair) -> list[str]:
    """The index's keys over the rows as they were; empty where a column is new."""
    before = {one.after.name: one for one in pair.columns}
    found: list[str] = []
    for key in index.keys:
        if key.expression is not None:  # where it speaks of what is new, the server says so
            found.append(f"({key.expression})")
            continue
        one = before.get(key.column or "")
        if one is None:
            return []
        collation = key.collation or one.after.collation
        name = quote(one.before.name)
        cast = name if one.same_type else f"({name})::{one.after.type}"
        found.append(f"{cast} COLLATE {collation}" if collation else cast)
    return found


def _has(new: Connection, pair: TablePair, added: Column, column: Column, was: object) -> bool:
    name = quote(added.name)
    text = name if added.type == column.type else f"({name})::{column.type}"
    try:
        return column_sum(new, pair.parts_after, text, column) == was
    except psycopg.Error:
        if new.closed:
            raise
        return False


def _looks_alike(added: Column, column: Column, pair: TablePair) -> bool:
    """May it have been meant as the same column under another name?"""
    only = len(pair.added) == len(pair.dropped) == 1
    return added.base_type == column.base_type or (only and _alike_names(added.name, column.name))


def _alike_names(one: str, other: str) -> bool:
    shorter, longer = sorted((one.lower(), other.lower()), key=len)
    return shorter in longer


def _is_flat(new: Connection, parts: Sequence[str], added: Column) -> bool:
    """Has it no values, or one for all rows: a default?"""
    hashes = rows_of(parts, [f"{hashed(quote(added.name), added)} AS h"])
    row = new.execute(f"SELECT count(DISTINCT h) FROM ({hashes}) AS r".encode()).fetchone()
    return row is not None and row[0] <= 1


def _same_columns(table: Table, other: Table) -> bool:
    """All of them, and no more where the names don't say that it may be meant as the same table."""
    own = {column.name for column in table.columns}
    names = {column.name for column in other.columns}
    alike = names == own or (names > own and _alike_names(table.name, other.name))
    return other.stores_rows and alike


def _in_order(other: Table, table: Table) -> list[Column]:
    return [other.column(column.name) for column in table.columns]


def _column(kind: ChangeKind, pair: TablePair, column: Column, other: str, rows: int) -> Change:
    return Change(kind, pair.name, column=column.name, other=other, rows=rows, type=column.type)
