"""Keys of rows, read by their index: where batches and their portions end, and which row is the
last one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.migrate.backfill.key import condition
from dbwright.migrate.backfill.table import BatchedTable, Part
from dbwright.migrate.runner.patience import Patience
from dbwright.migrate.runner.session import limit
from dbwright.model.batches import BatchMark

__all__ = ["Keys"]

ALIAS = "k"
READING = (
    "SET LOCAL DateStyle = ISO; SET LOCAL IntervalStyle = postgres; SET LOCAL TimeZone = UTC; "
    "SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = hex; SET LOCAL jit = off; "
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off"
)
"""Keys are written so that a session with any settings reads the same, and found by their index."""
LIVE = "SELECT sum(pg_stat_get_live_tuples(t)) FROM unnest(%s::oid[]) t"


@dataclass(frozen=True, slots=True)
class Keys:
    """Of one table. Each method is a transaction of its own, and raises psycopg.Error."""

    connection: psycopg.Connection[Any]
    """In autocommit."""
    table: BatchedTable
    only: bool
    """Without tables that inherit from it?"""
    patience: Patience

    def last_of(self, part: Part) -> tuple[str, ...]:
        """The key of the row that is the last one now; empty where there is none."""
        where = "".join(f"WHERE {found} " for found in part.condition(ALIAS))
        select = (
            f"SELECT {self.table.key.values(ALIAS)} FROM {self._source()} {where}"
            f"ORDER BY {self.table.key.order(ALIAS, 'DESC')} LIMIT 1"
        )
        with self._reading():
            row = self.connection.execute(select.encode()).fetchone()
        return () if row is None else tuple(row)

    def ends(
        self, part: Part, mark: BatchMark, rows: int, portion: int
    ) -> list[tuple[tuple[str, ...], int]]:
        """Where the portions of the next batch end: the key of the last row of each, and how many
        rows of the batch come up to it. `rows` of the batch, `portion` rows of each portion."""
        key = self.table.key
        left = [*part.condition(ALIAS), condition(key, mark.last, mark.upper)]
        source = (
            f"FROM {self._source()} WHERE {' AND '.join(left)} ORDER BY {key.order(ALIAS)} "
            f"LIMIT {rows}"
        )
        select = (
            f"SELECT n, {key.values(ALIAS)} FROM (SELECT {key.names_of(ALIAS)}, row_number() OVER "
            f"(ORDER BY {key.order(ALIAS)}) AS n {source}) {ALIAS} "
            f"WHERE n % {portion} = 0 OR n = {rows}"
        )
        with self._reading():
            found = self.connection.execute(select.encode()).fetchall()
            ends = [(tuple(values), number) for number, *values in found]
            if ends and ends[-1][1] == rows:
                return ends
            counted = f"SELECT count(*) FROM (SELECT {source}) r"
            row = self.connection.execute(counted.encode()).fetchone()
        last = 0 if row is None else row[0]
        # The last row of all is named as it was at the beginning, though it be gone by now.
        return [*(end for end in ends if end[1] < last), (mark.upper, last)]

    def estimate(self) -> int:
        """Rows, by the size of the files: what the planner knows without statistics as well."""
        explain = f"EXPLAIN (FORMAT JSON) SELECT FROM {self._source()}"
        with self._reading():
            row = self.connection.execute(explain.encode()).fetchone()
            assert row is not None
            planned = int(row[0][0]["Plan"]["Plan Rows"])
            row = self.connection.execute(LIVE, (list(self.table.relations),)).fetchone()
        live = 0 if row is None or row[0] is None else int(row[0])
        # Files that have room for more rows than there are; or counts that began anew lately.
        return live if planned / 5 < live < planned else planned

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """A transaction that reads keys."""
        with self.connection.transaction():
            self.connection.execute(READING)
            limit(self.connection, self.patience)
            yield

    def _source(self) -> str:
        only = "ONLY " if self.only else ""
        return f"{only}{self.table.name} {ALIAS}"
