"""Rows of real tables, that hang together: what rewrites are tried on beside generated rows.

Begun at the tables that refer to others, so that for each row the rows that it points to are taken
as well. A row that is not on the copy (the table was not copied, or only a sample of it) is stood
in for by one with the same key, so that the row that points to it can be used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg

from dbwright.model.catalog import Catalog, ForeignKey, Table, TableKind
from dbwright.tune.rewrites.data import Row, load_order
from dbwright.tune.rewrites.real_rows import RealRows
from dbwright.tune.rewrites.stand_in import Key, stand_in

if TYPE_CHECKING:
    from dbwright.sandbox.copy.copy import Copy

__all__ = ["sample_rows"]

ROWS = 60
DEEPEST = 5
"""Rows that a row of the same table points to, one after the other."""


def sample_rows(
    copy: Copy, names: Iterable[str] | None = None, *, most: int = ROWS
) -> dict[str, tuple[Row, ...]]:
    """By qualified name, those that are referred to first: at most `most` rows of each table, and
    more only where rows of others need them. Values are texts; generated columns are left out. The
    same copy always gives the same rows.

    `names`: of the tables wanted, else all on the copy; what they refer to comes with them. Raises
    psycopg.Error.
    """
    catalog = copy.snapshot.catalog
    tables = load_order(catalog, sorted(copy.tables if names is None else names))
    counted = {name: table.rows for name, table in copy.tables.items()}
    sample = _Sample(catalog, {table.qualified for table in tables}, most, counted)
    with copy.connect() as connection:
        for table in _referring_first(tables, counted):
            sample.take(connection, table)
    return {t.qualified: rows for t in tables if (rows := tuple(sample.rows[t.qualified]))}


@dataclass
class _Sample:
    """What was taken so far."""

    catalog: Catalog
    names: set[str]
    most: int
    counted: Mapping[str, int]
    """Rows on the copy."""
    rows: dict[str, list[Row]] = field(default_factory=dict)
    needed: dict[str, dict[Key, None]] = field(default_factory=dict)
    """By table: what rows of others point to."""

    def take(self, connection: psycopg.Connection[Any], table: Table) -> None:
        """The rows that are needed, then others."""
        names = [column.name for column in table.columns if column.generated is None]
        own = RealRows(connection, table, names, self._rows_on_copy(table))
        needed = list(self.needed.get(table.qualified, ()))
        found = list(own.with_keys(needed))
        missing = [key for key in needed if not _holds(found, key)]
        found += (stand_in(self.catalog, table, key, number) for number, key in enumerate(missing))
        found += self._others(own, table, found)
        found = _closed(own, table, _each_once(found))
        self.rows[table.qualified] = found
        for row in found:
            self._need(table, row)

    def _others(self, own: RealRows, table: Table, found: Sequence[Row]) -> Iterator[Row]:
        """More rows until there are enough: those that point to rows which are needed anyhow, then
        any. Where enough rows of another table are needed, none that needs one more is taken."""
        left = self.most - len(found)
        if not own.count or left <= 0:
            return
        asked = [
            (key.columns, wanted) for key in self._keys(table) if (wanted := self._wanted(key))
        ]
        later: list[Row] = []
        for row in _each_once([*own.pointing(asked, left), *own.evenly(2 * self.most)]):
            if left and row not in found:
                if self._may_have(table, row):
                    self._need(table, row)
                    left -= 1
                    yield row
                else:
                    later.append(row)
        # A table that few others' rows meet is not left empty.
        yield from later[: max(0, self.most // 3 - (self.most - left))]

    def _may_have(self, table: Table, row: Row) -> bool:
        pointed = [(key, p) for key in self._keys(table) if (p := _points(key, row))]
        return all(self._may_need(key, p) for key, p in pointed)

    def _keys(self, table: Table) -> list[ForeignKey]:
        """Those that point to another table."""
        return [key for key in _outward(table) if key.references in self.names]

    def _may_need(self, key: ForeignKey, pointed: Key) -> bool:
        wanted = self.needed.get(key.references, {})
        return pointed in wanted or len(wanted) < self.most

    def _need(self, table: Table, row: Row) -> None:
        for key in self._keys(table):
            pointed = _points(key, row)
            if pointed is not None:
                self.needed.setdefault(key.references, {})[pointed] = None

    def _wanted(self, key: ForeignKey) -> list[tuple[str, ...]]:
        """The values that rows of other tables need of what the key points to."""
        needed = self.needed.get(key.references, {})
        return [values for columns, values in needed if columns == key.referenced_columns]

    def _rows_on_copy(self, table: Table) -> int:
        if table.qualified in self.counted:
            return self.counted[table.qualified]
        parts = self.catalog.children(table) if table.kind is TableKind.PARTITIONED else ()
        return sum(self._rows_on_copy(part) for part in parts)


def _referring_first(tables: Sequence[Table], rows: Mapping[str, int]) -> Iterator[Table]:
    """Each before those that it refers to; of those that may come next, the largest. `tables`: each
    after those that it refers to, as far as they do not refer to one another."""
    waiting = list(reversed(tables))
    while waiting:
        wanted = {key.references for table in waiting for key in _outward(table)}
        free = [table for table in waiting if table.qualified not in wanted] or waiting[:1]
        following = max(free, key=lambda table: (rows.get(table.qualified, 0), table.qualified))
        waiting.remove(following)
        yield following


def _outward(table: Table) -> list[ForeignKey]:
    return [key for key in table.foreign_keys if key.references != table.qualified]


def _closed(own: RealRows, table: Table, rows: list[Row]) -> list[Row]:
    """With the rows of the same table that they point to; where those are too many, they point
    nowhere, and what must point somewhere is left out."""
    keys = [key for key in table.foreign_keys if key.references == table.qualified]
    for _ in range(DEEPEST if keys else 0):
        missing = [
            pointed
            for key in keys
            for row in rows
            if (pointed := _points(key, row)) and not _holds(rows, pointed)
        ]
        more = list(own.with_keys(list(dict.fromkeys(missing))))
        if not more:
            break
        rows = _each_once([*rows, *more])
    for key in keys:
        rows = list(_cut(table, key, rows))
    return rows


def _cut(table: Table, key: ForeignKey, rows: Sequence[Row]) -> Iterator[Row]:
    free = [name for name in key.columns if not table.column(name).not_null]
    for row in rows:
        pointed = _points(key, row)
        if pointed is None or _holds(rows, pointed):
            yield row
        elif free:
            yield {**row, **dict.fromkeys(free)}


def _points(key: ForeignKey, row: Row) -> Key | None:
    """What the row points to."""
    values = tuple(value for name in key.columns if (value := row.get(name)) is not None)
    return (key.referenced_columns, values) if len(values) == len(key.columns) else None


def _holds(rows: Iterable[Row], key: Key) -> bool:
    columns, values = key
    return any(tuple(row.get(name) for name in columns) == values for row in rows)


def _each_once(rows: Iterable[Row]) -> list[Row]:
    return list({tuple(row.items()): row for row in rows}.values())
