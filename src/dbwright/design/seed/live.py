"""A database that rows are put into: what is there, and where numbers go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from dbwright.design.seed.keys import MOST_KEYS, ListedKeys
from dbwright.design.seed.run import There
from dbwright.design.seed.uniqueness import unique_sets
from dbwright.design.seed.values.numbers import is_number
from dbwright.engines.postgresql.connect import connect, display_name
from dbwright.engines.postgresql.session import first_line
from dbwright.errors import ConnectionLost, DbwrightError, TargetError
from dbwright.model.catalog import Table
from dbwright.model.names import quote

__all__ = ["Live", "writing"]


class Live:
    """The target, within the transaction in which all is written."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def with_rows(self, tables: Sequence[Table]) -> list[Table]:
        """Raises psycopg.Error."""
        return [
            table for table in tables if self._one(f"SELECT EXISTS (SELECT FROM {table.qualified})")
        ]

    def there(self, table: Table) -> There:
        rows = int(self._one(f"SELECT count(*) FROM {table.qualified}"))
        starts: dict[str, int] = {}
        for unique in unique_sets(table):
            for name in unique.columns:
                if is_number(table.column(name).base_type) and not table.column(name).is_array:
                    most = self._one(
                        f"SELECT max({quote(name)}::numeric)::bigint FROM {table.qualified}"
                    )
                    starts[name] = int(most or 0) + 1
        return There(rows, starts)

    def keys(self, table: Table, columns: Sequence[str]) -> ListedKeys | None:
        """Of the rows that are there; None where there are none."""
        names = ", ".join(map(quote, columns))
        whole = " AND ".join(f"{quote(name)} IS NOT NULL" for name in columns)
        query = f"SELECT {names} FROM {table.qualified} WHERE {whole} LIMIT {MOST_KEYS}"
        found = ListedKeys()
        with (
            self.connection.cursor() as cursor,
            cursor.copy(f"COPY ({query}) TO STDOUT".encode()) as copy,
        ):
            found.fragments += b"".join(copy).decode().splitlines()
        return found if len(found) else None

    def run(self, statement: str) -> str | None:
        """What the server says against it; nothing of it is left then."""
        try:
            with self.connection.transaction():
                self.connection.execute(statement.encode())
        except psycopg.Error as problem:
            if self.connection.closed:
                raise
            return first_line(problem)
        return None

    def _one(self, query: str) -> Any:
        row = self.connection.execute(query.encode()).fetchone()
        return None if row is None else row[0]


@contextmanager
def writing(url: str) -> Iterator[Live]:
    """One transaction for everything: whatever ends it, all rows are there or none.

    Raises ConnectionRefused, ConnectionLost, and TargetError where the server refuses to be
    written.
    """
    connection = connect(url, client_encoding="UTF8")
    try:
        with connection.transaction():
            connection.execute(
                "SET LOCAL search_path = pg_catalog; SET LOCAL timezone = 'UTC';"
                "SET LOCAL datestyle = 'ISO'; SET CONSTRAINTS ALL DEFERRED;"
                "SET LOCAL lock_timeout = '10s'; SET LOCAL synchronous_commit = off"
            )
            yield Live(connection)
    except DbwrightError:
        raise
    except psycopg.Error as problem:
        name = display_name(url)
        if connection.closed:
            raise ConnectionLost(
                f"the connection to {name} broke, and nothing was written: {first_line(problem)}",
                "run the command again",
            ) from None
        raise TargetError(
            f"{name} refused, and nothing was written: {first_line(problem)}",
            "mend what it names, and run the command again",
        ) from None
    finally:
        connection.close()
