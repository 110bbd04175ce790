"""Rows to write: half of the rows of some pages are taken out, so that writes find room there.

A table that was just copied is full, and no update could stay on its page (HOT), with or without
new indexes. So of whole pages, spread over the table, every second row is taken out and kept: these
are inserted again; the others are updated. At the end the table has all its rows again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.model.names import quote

__all__ = ["KEPT", "Taken", "rows_to_write"]

SCHEMA = "dbwright_measured"
KEPT = f"{SCHEMA}.kept"
PLACE = "dbwright place"
NUMBER = "dbwright number"
MOST = 20_000
SHARE = 0.1
FEWEST = 10
MORE_PAGES = 1.3
COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
ORDER BY attnum
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What can be written to one table."""

    table: str
    columns: tuple[str, ...]
    rows: int
    """Of each statement."""

    @property
    def insert(self) -> str:
        """Puts the rows back that were taken out."""
        names = ", ".join(map(quote, self.columns))
        return (
            f"INSERT INTO {self.table} ({names}) SELECT {names} FROM {KEPT} "
            f'WHERE "{NUMBER}" % 2 = 0 AND "{NUMBER}" <= {2 * self.rows}'
        )

    def update(self, columns: Sequence[str]) -> str:
        """Gives each of the other rows the values of the next one."""
        names = ", ".join(map(quote, columns))
        values = ", ".join(f"other.{quote(column)}" for column in columns)
        return (
            f"UPDATE ONLY {self.table} target SET ({names}) = ROW ({values}) "
            f"FROM {KEPT} own JOIN {KEPT} other "
            f'ON other."{NUMBER}" = (own."{NUMBER}" + 1) % {2 * self.rows} + 1 '
            f'WHERE target.ctid = own."{PLACE}" AND own."{NUMBER}" % 2 = 1 '
            f'AND own."{NUMBER}" <= {2 * self.rows}'
        )


@contextmanager
def rows_to_write(
    connection: psycopg.Connection[Any], table: str, table_rows: int
) -> Iterator[Taken | None]:
    """None where the table has too few rows. Raises psycopg.Error."""
    wanted = min(MOST, int(table_rows * SHARE))
    columns = tuple(row[0] for row in connection.execute(COLUMNS, (table,)))
    percent = min(100.0, 100 * 2 * wanted * MORE_PAGES / max(1, table_rows))
    connection.execute(f"CREATE SCHEMA {SCHEMA}")
    try:
        names = ", ".join(map(quote, columns))
        connection.execute(
            f'CREATE UNLOGGED TABLE {KEPT} AS SELECT row_number() OVER () AS "{NUMBER}", * FROM ('
            f'SELECT ctid AS "{PLACE}", {names} FROM ONLY {table} '
            f"TABLESAMPLE SYSTEM ({percent:.6f}) REPEATABLE (0) LIMIT {2 * wanted}) taken".encode()
        )
        connection.execute(f"ANALYZE {KEPT}")
        row = connection.execute(f"SELECT count(*) / 2 FROM {KEPT}").fetchone()
        assert row is not None
        if row[0] < FEWEST:
            yield None
            return
        taken = Taken(table, columns, int(row[0]))
        with _taken_out(connection, taken):
            yield taken
    finally:
        if not connection.closed:
            connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


@contextmanager
def _taken_out(connection: psycopg.Connection[Any], taken: Taken) -> Iterator[None]:
    """The rows are away in the block, and their room is free. Nobody minds: foreign keys are not
    looked at."""
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(
            f"DELETE FROM ONLY {taken.table} WHERE ctid = ANY (ARRAY("
            f'SELECT "{PLACE}" FROM {KEPT} WHERE "{NUMBER}" % 2 = 0 '
            f'AND "{NUMBER}" <= {2 * taken.rows}))'.encode()
        )
    try:
        connection.execute(f"VACUUM {taken.table}".encode())
        yield
    finally:
        if not connection.closed:
            with connection.transaction():
                connection.execute("SET LOCAL session_replication_role = replica")
                connection.execute(taken.insert.encode())
            connection.execute(f"VACUUM {taken.table}".encode())
