"""Running two queries on the same rows.

The rows are put in twice, in opposite orders, and the original is run on both: where its answers
differ it has no single right one there, and the rows tell nothing. Where the two queries differ,
it is run in some more orders, to be sure. All is rolled back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import psycopg

from dbwright.model.catalog import Table
from dbwright.model.names import quote
from dbwright.tune.rewrites.data import Row
from dbwright.tune.rewrites.order import sort_places
from dbwright.tune.rewrites.results import Result, ResultRow, difference
from dbwright.tune.rewrites.source import Source

__all__ = ["Trial", "Tried"]

OTHER_PLAN = ("enable_hashjoin", "enable_hashagg", "enable_nestloop")
"""Switched off for the second run."""
ORDERS = 4
"""In which the original is run again before a difference counts."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What one set of rows showed."""

    rows: Mapping[str, Sequence[Row]]
    """Those that the server took."""
    original: Result | None = None
    """None where the rows tell nothing."""
    rewritten: Result | None = None
    """None where it failed."""
    difference: str | None = None
    error: str = ""
    reason: str = ""
    """Why the rows tell nothing."""

    @staticmethod
    def shown(result: Result) -> tuple[tuple[str | None, ...], ...]:
        """The rows as texts."""
        return tuple(
            tuple(None if value is None else value.decode(errors="replace") for value in row)
            for row in result.rows
        )


class Trial:
    """Two queries and the tables that they read."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        original: Source,
        rewritten: str,
        tables: Sequence[Table],
    ) -> None:
        self._connection = connection
        self._original = original
        self._rewritten = rewritten
        self._tables = {table.qualified: table for table in tables}
        self._sort = sort_places(original)

    def run(self, rows: Mapping[str, Sequence[Row]]) -> Tried:
        """Compare on these rows. Raises psycopg.errors.QueryCanceled."""
        with self._connection.transaction(force_rollback=True):
            with self._connection.transaction(force_rollback=True):
                taken = self._load(rows)
                first = self._both(taken)
            if first.original is None or (first.difference is not None and first.rewritten is None):
                return first
            with self._connection.transaction(force_rollback=True):
                backwards = {name: tuple(reversed(own)) for name, own in taken.items()}
                same = self._load(backwards)
                for setting in OTHER_PLAN:
                    self._connection.execute(f"SET LOCAL {setting} = off".encode())
                second = self._both(same)
        reason = "the original's answer depends on the order in which rows are stored"
        if second.original is None or difference(first.original, second.original) is not None:
            return Tried(taken, reason=reason)
        found = second if first.difference is None and second.difference is not None else first
        if found.difference is not None and not self._is_steady(taken, found.original):
            return Tried(taken, reason=reason)
        return found

    def _is_steady(self, taken: Mapping[str, Sequence[Row]], before: Result | None) -> bool:
        """Does the original give the same in other orders as well? Among ties a sort may pick the
        same row from both ends by chance: that is no reason to blame the rewritten query."""
        for seed in range(ORDERS):
            mixed = {name: Random(seed).sample(own, len(own)) for name, own in taken.items()}
            with self._connection.transaction(force_rollback=True):
                self._load(mixed)
                again = self._both(mixed, rewritten=False).original
            if again is None or before is None or difference(before, again) is not None:
                return False
        return True

    def _both(self, rows: Mapping[str, Sequence[Row]], *, rewritten: bool = True) -> Tried:
        try:
            original = self._sorted_result()
        except psycopg.errors.QueryCanceled:
            raise
        except psycopg.Error as problem:
            return Tried(rows, reason=f"the original fails: {_told(problem)}")
        if not rewritten:
            return Tried(rows, original)
        try:
            other = Result(*self._rows(self._rewritten))
        except psycopg.errors.QueryCanceled:
            raise
        except psycopg.Error as problem:
            told = _told(problem)
            return Tried(rows, original, None, f"the rewritten query fails: {told}", told)
        return Tried(rows, original, other, difference(original, other))

    def _sorted_result(self) -> Result:
        """What the original gives, with what each row is sorted by."""
        columns, rows = self._rows(self._original.text)
        if not self._sort.sorted:
            return Result(columns, rows)
        names = [name for name, _, _ in columns]
        places = [place.position(names, len(names)) for place in self._sort.places or ()]
        known = [place for place in places if place is not None]
        if not known or len(known) < len(places):
            # No two rows share a place then, which is more than the query asks for.
            return Result(columns, rows, tuple((str(n).encode(),) for n in range(len(rows))))
        wide = rows if self._sort.text is None else self._rows(self._sort.text)[1]
        keys = tuple(tuple(row[place] for place in known) for row in wide)
        return Result(columns, tuple(row[: len(names)] for row in wide), keys)

    def _rows(self, query: str) -> tuple[tuple[tuple[str, int, int], ...], tuple[ResultRow, ...]]:
        with self._connection.transaction(force_rollback=True):
            self._connection.execute(b"SET LOCAL transaction_read_only = on")
            cursor = self._connection.execute(query.encode())
            found = cursor.pgresult
            assert found is not None
            columns = tuple(
                ((found.fname(n) or b"").decode(), found.ftype(n), found.fmod(n))
                for n in range(found.nfields)
            )
            rows = tuple(
                tuple(found.get_value(row, n) for n in range(found.nfields))
                for row in range(found.ntuples)
            )
        return columns, rows

    def _load(self, rows: Mapping[str, Sequence[Row]]) -> dict[str, tuple[Row, ...]]:
        """Put the rows in; those that were taken."""
        return {name: self._insert(self._tables[name], own) for name, own in rows.items() if own}

    def _insert(self, table: Table, rows: Sequence[Row]) -> tuple[Row, ...]:
        try:
            with self._connection.transaction():
                return self._insert_all(table, rows)
        except psycopg.errors.QueryCanceled:
            raise
        except psycopg.Error:
            taken: list[Row] = []
        for row in rows:  # one of them is refused: which?
            try:
                with self._connection.transaction():
                    taken += self._insert_all(table, (row,))
            except psycopg.errors.QueryCanceled:
                raise
            except psycopg.Error:
                continue
        return tuple(taken)

    def _insert_all(self, table: Table, rows: Sequence[Row]) -> tuple[Row, ...]:
        names = [column.name for column in table.columns if column.generated is None]
        if not names:
            return ()
        line = f"({', '.join(['%s'] * len(names))})"
        shown = ", ".join(f"{_escaped(quote(name))}::text" for name in names)
        statement = (
            f"INSERT INTO {_escaped(table.qualified)} ({_escaped(', '.join(map(quote, names)))}) "
            f"VALUES {', '.join([line] * len(rows))} ON CONFLICT DO NOTHING RETURNING {shown}"
        )
        values = [row.get(name) for row in rows for name in names]
        found = self._connection.execute(statement.encode(), values).fetchall()
        return tuple(dict(zip(names, row, strict=True)) for row in found)


def _escaped(name: str) -> str:
    """For a statement with placeholders."""
    return name.replace("%", "%%")


def _told(problem: psycopg.Error) -> str:
    return problem.diag.message_primary or str(problem)
