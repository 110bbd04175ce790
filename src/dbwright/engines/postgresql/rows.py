"""Rows of a target's tables, as COPY sends them: all tables as they were at one moment.

One REPEATABLE READ, READ ONLY transaction for all tables, so foreign keys hold among them. It holds
back vacuum on the target for as long as it lasts; each table has a time-out. Rows go through this
process as they come and are never gathered.

A sample is taken by TABLESAMPLE SYSTEM, which reads only the pages that it takes. Whole pages alone
would be few and full of neighbours, so more pages are read than are needed, and their rows are
thinned out by a hash of their place: the same rows each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from dbwright.engines.postgresql.session import LOCK_TIMEOUT, Session, Unreadable, first_line
from dbwright.errors import ConnectionLost
from dbwright.model.names import literal, quote

__all__ = ["Keys", "RowReader", "RowsWanted", "Sample", "reading_rows"]

BLOCKS = 64
"""Pages that a sample is taken from, at least, where nothing else is said."""
MORE = 1.03
"""Rows that are taken beyond those that are wanted, for LIMIT to cut: luck may be against us."""
THIN = 1 << 16
SEED = 0
CONNECTING_SECONDS = 30.0
CATALOG_SECONDS = 30.0
"""Time-out of a look into the catalog: no table's own."""
SAVEPOINT = "dbwright_rows"


@dataclass(frozen=True, slots=True)
class Sample:
    """At most `rows` rows, of a table of about so many rows and pages."""

    rows: int
    table_rows: float
    table_pages: int
    blocks: int = BLOCKS
    """Pages that they are taken from, at least."""

    @property
    def whole(self) -> bool:
        """Is the table, as far as is known, not larger than the sample?"""
        return self.table_rows <= self.rows

    @property
    def percent(self) -> float:
        """Of the table's pages: what is read."""
        pages = max(1, self.table_pages)
        needed = pages * self.rows * MORE / max(1.0, self.table_rows)
        return min(100.0, 100 * max(needed, self.blocks) / pages)

    @property
    def thinned(self) -> int:
        """How many of each 65,536 rows that are read are taken."""
        read = max(1.0, self.table_rows * self.percent / 100)
        return min(THIN, max(1, round(THIN * self.rows * MORE / read)))

    @property
    def clause(self) -> str:
        """What follows the table in FROM; LIMIT cuts it to `rows`."""
        if self.whole:
            return ""
        found = f" TABLESAMPLE SYSTEM ({self.percent:.9f}) REPEATABLE ({SEED})"
        if self.thinned < THIN:
            found += f" WHERE (hashtext(ctid::text) & {THIN - 1}) < {self.thinned}"
        return found


@dataclass(frozen=True, slots=True)
class Keys:
    """Values of some columns, of which the rows are wanted."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    values: tuple[str, ...]
    """Of each column an array as text, all of the same length."""

    @property
    def condition(self) -> str:
        arrays = ", ".join(
            f"{literal(values)}::{type_}[]"
            for type_, values in zip(self.types, self.values, strict=True)
        )
        if len(self.columns) == 1:  # of one array an index is used for sure
            return f"{quote(self.columns[0])} = ANY ({arrays})"
        return f"({', '.join(map(quote, self.columns))}) IN (SELECT * FROM unnest({arrays}))"


@dataclass(frozen=True, slots=True)
class RowsWanted:
    """What is read of one table, and none that inherit from it (but its partitions)."""

    table: str
    """Qualified."""
    columns: tuple[str, ...]
    binary: bool = False
    sample: Sample | None = None
    """None for all rows."""
    keys: Keys | None = None
    """None for all rows."""
    partitioned: bool = False

    @property
    def statement(self) -> str:
        """The COPY statement."""
        columns = ", ".join(map(quote, self.columns))
        query = f"SELECT {columns} FROM {'' if self.partitioned else 'ONLY '}{self.table}"
        if self.keys is not None:
            query += f" WHERE {self.keys.condition}"
        elif self.sample is not None:
            query += self.sample.clause
            query += f" LIMIT {self.sample.rows}"
        return f"COPY ({query}) TO STDOUT{' (FORMAT binary)' if self.binary else ''}"


class RowReader:
    """An open read-only transaction of the target. Made by `reading_rows`."""

    def __init__(self, session: Session, table_seconds: float) -> None:
        self._session = session
        self._connection = session.connection
        self._seconds = table_seconds

    @property
    def major(self) -> int:
        return self._session.major

    def hidden(self, tables: Sequence[int]) -> frozenset[int]:
        """Oids of those of which row level security may hide rows from this user.

        Raises Unreadable, ConnectionLost.
        """
        with self._told():
            rows = self._connection.execute(
                "SELECT t FROM unnest(%s::oid[]) t WHERE row_security_active(t)", (list(tables),)
            )
            return frozenset(row[0] for row in rows)

    @contextmanager
    def rows(self, wanted: RowsWanted) -> Iterator[psycopg.Copy]:
        """The table's rows, piece by piece as COPY sends them.

        What fails inside of the block leaves the transaction as it was. Raises Unreadable where
        the table can't be read (a lock, a privilege, the time-out), ConnectionLost.
        """
        with self._told(wanted.table), self._connection.transaction(SAVEPOINT):
            # Within the savepoint: going back to it takes the table's time-out away with it.
            self._connection.execute(_time_out(self._seconds))
            with self._connection.cursor().copy(wanted.statement.encode()) as copy:
                yield copy
            self._connection.execute(_time_out(CATALOG_SECONDS))

    @contextmanager
    def _told(self, table: str = "") -> Iterator[None]:
        try:
            yield
        except psycopg.errors.LockNotAvailable:
            raise Unreadable(
                "another session has locked it", "run it again when that has ended"
            ) from None
        except psycopg.errors.InsufficientPrivilege as problem:
            user = quote(self._connection.info.user)
            raise Unreadable(first_line(problem), f"GRANT SELECT ON {table} TO {user}") from None
        except psycopg.errors.QueryCanceled:
            seconds = self._seconds if table else CATALOG_SECONDS
            raise Unreadable(f"reading it took longer than {seconds:g} s") from None
        except psycopg.Error as problem:
            if self._connection.broken or self._connection.closed:
                raise ConnectionLost(
                    f"the connection to {self._session.name} broke while rows were read: "
                    f"{first_line(problem)}",
                    "run the command again",
                ) from None
            raise Unreadable(first_line(problem)) from None


def _time_out(seconds: float) -> str:
    return f"SET LOCAL statement_timeout = {max(1, int(seconds * 1000))}"


@contextmanager
def reading_rows(url: str, *, table_seconds: float = 1800.0) -> Iterator[RowReader]:
    """Open the target for reading rows as they are now; `table_seconds`: for each table.

    Raises ConnectionRefused, UnknownTarget, UnsupportedServer, ConnectionLost.
    """
    with Session.open(url, CONNECTING_SECONDS) as session:
        reader = RowReader(session, table_seconds)
        with reader._told():
            session.connection.execute(
                "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;"
                f"{_time_out(CATALOG_SECONDS)};"
                f"SET LOCAL lock_timeout = {int(LOCK_TIMEOUT * 1000)};"
                "SET LOCAL search_path = pg_catalog;"
                "SET LOCAL row_security = on;"
                "SET LOCAL client_encoding = 'UTF8';"
                "SET LOCAL extra_float_digits = 1;"
                "SET LOCAL datestyle = 'ISO, MDY';"
                "SET LOCAL intervalstyle = 'postgres';"
                "SET LOCAL bytea_output = 'hex';"
                "SET LOCAL timezone = 'UTC'"
            )
        yield reader
        # After an error the session is closed, which ends the transaction as well.
        with reader._told():
            session.connection.execute("ROLLBACK")
