"""What the application writes after UP, and whether it is there after DOWN.

A DOWN that puts an old copy in its place again, or fills a column from what was kept aside, loses
it, and brings back exactly the rows that there were before UP. So on a copy of its own one row of
each table is deleted, one changed and one added between the two.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import psycopg

from dbwright.migrate.rehearsal.pairs import ColumnPair, TablePair, paired
from dbwright.model.catalog import Catalog, Table
from dbwright.model.names import quote

__all__ = ["Written", "lost_of", "write_between"]

MOST_TABLES = 6
ROWS = 12
"""Rows of a table that are tried: some are referred to, and stay."""
WHOLE = ("smallint", "integer", "bigint")
OTHER_VALUE = {
    **dict.fromkeys((*WHOLE, "numeric"), "(SELECT max({c}) + 1 FROM {t})"),
    **dict.fromkeys(("text", "character varying"), "{c} || '~'"),
    "uuid": "md5({c}::text)::uuid",
}
"""Of a column of a key, for a row that is added."""
Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Written:
    """What was done to one row of a table between UP and DOWN."""

    table: str
    """Qualified, as it was before UP, and is to be after DOWN."""
    what: str
    """`deleted`, `changed` or `added`."""
    key: tuple[tuple[str, str], ...]
    """Columns, as they are called before UP, and their values as text."""
    columns: tuple[tuple[str, str | None], ...] = ()
    """Of a changed row: columns, as above, and the values before UP."""


def write_between(
    old: Connection, new: Connection, before: Catalog, after: Catalog, touched: Collection[str]
) -> tuple[Written, ...]:
    """`old`: the database before UP, which is only read; `new`: the one after it. `touched`: tables
    by their names on either side. Of each table what the server takes: there may be none.

    Raises psycopg.Error where the server is gone.
    """
    pairs, _ = paired(before, after)
    wanted = (
        pair
        for pair in pairs
        if not {pair.before.qualified, pair.after.qualified}.isdisjoint(touched) and _key(pair)
    )
    written: list[Written] = []
    for pair in islice(wanted, MOST_TABLES):
        written += _of_table(old, new, pair)
    return tuple(written)


def lost_of(connection: Connection, written: Sequence[Written]) -> Iterator[Written]:
    """What is not there after DOWN. Raises psycopg.Error where the server is gone."""
    for one in written:
        found = _found(connection, one)
        if found is None:
            continue
        if one.what == "changed":
            back = (
                tuple(
                    (name, value)
                    for (name, value), now in zip(one.columns, found[0], strict=True)
                    if value == now
                )
                if found
                else ()
            )
            if back:
                yield Written(one.table, one.what, one.key, back)
        elif bool(found) is (one.what == "deleted"):
            yield one


def _found(connection: Connection, one: Written) -> list[tuple[str | None, ...]] | None:
    """The row's columns; no row where it is not there, None where nobody can tell."""
    listed = ", ".join(f"{quote(name)}::text" for name, _ in one.columns) or "NULL"
    same = " AND ".join(f"{quote(name)}::text = %s" for name, _ in one.key)
    query = f"SELECT {listed} FROM {one.table} WHERE {same}"
    return _rows(connection, _escaped(query), [value for _, value in one.key])


def _key(pair: TablePair) -> tuple[ColumnPair, ...]:
    """What tells rows apart on both sides, where it is written alike there."""
    whole = all(
        one.same_type or {one.before.type, one.after.type} <= set(WHOLE) for one in pair.key
    )
    return pair.key if whole else ()


def _of_table(old: Connection, new: Connection, pair: TablePair) -> Iterator[Written]:
    key = _key(pair)
    listed = ", ".join(f"{quote(one.before.name)}::text" for one in key)
    rows = _rows(old, f"SELECT {listed} FROM {pair.before.qualified} LIMIT {ROWS}", ()) or []
    waiting = [row for row in rows if None not in row]
    for write in (_delete, _change, _add):
        for row in waiting:
            values = [str(value) for value in row]
            done = write(old, new, pair, values)
            if done is not None:
                yield done
                waiting.remove(row)
                break


def _delete(old: Connection, new: Connection, pair: TablePair, row: list[str]) -> Written | None:
    text = f"DELETE FROM {pair.after.qualified} WHERE {_is(pair)} RETURNING '1'"
    if not _rows(new, _escaped(text), row):
        return None
    return Written(pair.name, "deleted", _named(pair, row))


def _change(old: Connection, new: Connection, pair: TablePair, row: list[str]) -> Written | None:
    """Each column gets the value of another row: one that fits before as well."""
    table, is_ = pair.after.qualified, _is(pair)
    keys = {one.after.name for one in _key(pair)}
    changed: list[ColumnPair] = []
    for one in pair.kept:
        column = one.after
        if column.name in keys or column.generated or column.identity == "always":
            continue
        name = quote(column.name)
        other = (
            f"(SELECT o.{name} FROM {table} AS o WHERE o.{name}::text <> t.{name}::text LIMIT 1)"
        )
        text = f"UPDATE {table} AS t SET {name} = {other} WHERE {is_} "
        text += f"AND {other} IS NOT NULL RETURNING '1'"
        if _rows(new, _escaped(text), row):
            changed.append(one)
    if not changed:
        return None
    was = ", ".join(f"{quote(one.before.name)}::text" for one in changed)
    before = _rows(old, _escaped(f"SELECT {was} FROM {pair.name} WHERE {_was(pair)}"), row)
    now = ", ".join(f"{quote(one.after.name)}::text" for one in changed)
    after = _rows(new, _escaped(f"SELECT {now} FROM {table} WHERE {is_}"), row)
    if not before or not after:
        return None
    names = [one.before.name for one in changed]
    triples = zip(names, before[0], after[0], strict=True)
    # A value that a trigger has put back at once was never another one.
    columns = tuple((name, value) for name, value, then in triples if value != then)
    return Written(pair.name, "changed", _named(pair, row), columns) if columns else None


def _add(old: Connection, new: Connection, pair: TablePair, row: list[str]) -> Written | None:
    """As another row, with another key."""
    table = pair.after.qualified
    own = [column for column in pair.after.columns if column.generated is None]
    unique = _unique_columns(pair.after)
    values = []
    for column in own:
        name = quote(column.name)
        other = OTHER_VALUE.get(column.base_type) if column.name in unique else None
        values.append((other or "{c}").format(c=f"t.{name}", t=f"{table} AS t"))
    listed = ", ".join(quote(column.name) for column in own)
    keys = ", ".join(f"{quote(one.after.name)}::text" for one in _key(pair))
    text = (
        f"INSERT INTO {table} ({listed}) OVERRIDING SYSTEM VALUE SELECT {', '.join(values)} "
        f"FROM {table} AS t WHERE {_is(pair)} RETURNING {keys}"
    )
    added = _rows(new, _escaped(text), row)
    if not added or None in added[0]:
        return None
    return Written(pair.name, "added", _named(pair, [str(value) for value in added[0]]))


def _unique_columns(table: Table) -> set[str | None]:
    return {name for index in table.indexes if index.unique for name in index.columns}


def _named(pair: TablePair, row: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((one.before.name, value) for one, value in zip(_key(pair), row, strict=True))


def _is(pair: TablePair) -> str:
    return " AND ".join(f"{quote(one.after.name)}::text = %s" for one in _key(pair))


def _was(pair: TablePair) -> str:
    return " AND ".join(f"{quote(one.before.name)}::text = %s" for one in _key(pair))


def _escaped(text: str) -> str:
    """Names may hold a percent sign, which is none of psycopg's."""
    return text.replace("%", "%%").replace("%%s", "%s")


def _rows(
    connection: Connection, text: str, values: Sequence[str]
) -> list[tuple[str | None, ...]] | None:
    """None for what the server refuses, which changes nothing."""
    try:
        with connection.transaction():
            return connection.execute(text.encode(), values or None).fetchall()
    except psycopg.Error:
        if connection.closed:
            raise
        return None
