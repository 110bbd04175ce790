"""The table of the history: one row a version, as it stands now.

It is in the database that it is about, so a change and the memory of it are one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

from dbwright.errors import BadMigration
from dbwright.model.migration import Applied, Migration, MigrationState
from dbwright.model.names import literal, qualify

__all__ = ["DEFAULT_TABLE", "History"]

DEFAULT_TABLE = "schema_migrations"

CREATE = """
CREATE TABLE {table} (
    version text PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    executed_at timestamp with time zone NOT NULL DEFAULT now(),
    execution_time_ms bigint,
    applied_by text NOT NULL DEFAULT current_user,
    rolled_back boolean NOT NULL DEFAULT false,
    rolled_back_at timestamp with time zone,
    state text NOT NULL
        CHECK (state IN ('running', 'applied', 'failed', 'rolled back', 'baseline')),
    direction text NOT NULL DEFAULT 'up' CHECK (direction IN ('up', 'down')),
    statements_done integer NOT NULL DEFAULT 0,
    done_checksum text NOT NULL DEFAULT '',
    statement text NOT NULL DEFAULT '',
    error text NOT NULL DEFAULT ''
)
"""
COMMENT = "Migrations of this database, kept by dbwright"
COLUMNS = (
    "version name checksum state executed_at execution_time_ms applied_by rolled_back "
    "rolled_back_at direction statements_done done_checksum statement error"
).split()
FOUND = """
SELECT c.oid::regclass::text, n.nspname, c.relname, array_agg(a.attname::text)
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.oid = to_regclass(%s)
GROUP BY 1, 2, 3
"""


class History:
    """The history of one database, over one connection in autocommit.

    Each method is one statement: in a transaction of the caller's it is part of that.
    """

    def __init__(self, connection: psycopg.Connection[Any], table: str = DEFAULT_TABLE) -> None:
        """`table`: a name, qualified or not. Raises BadMigration where a table of that name is
        another tool's."""
        self._connection = connection
        self.table = table
        self.exists = False
        self._look()
        if not self.exists and "." not in table:
            row = connection.execute("SELECT quote_ident(current_schema())").fetchone()
            if row is None or row[0] is None:
                raise BadMigration(
                    "the search_path names no schema that is there",
                    "name the history's schema: --table public.schema_migrations",
                )
            self.table = f"{row[0]}.{table}"

    def create(self) -> None:
        """Make the table where it is not there yet."""
        self._look()  # another runner may have made it since
        if self.exists:
            return
        with self._connection.transaction():
            self._run(CREATE)
            self._run(f"COMMENT ON TABLE {{table}} IS {literal(COMMENT)}")
        self._look()

    def _look(self) -> None:
        row = self._connection.execute(FOUND, (self.table,)).fetchone()
        self.exists = row is not None
        if row is not None:
            # By its whole name from now on: a migration may change the search_path.
            self.table = qualify(row[1], row[2])
            _require_own(self.table, row[3])

    def rows(self) -> dict[int, Applied]:
        """What is known, by the number of the version; nothing where there is no table."""
        if not self.exists:
            return {}
        select = f"SELECT {', '.join(COLUMNS)} FROM {self.table}"
        rows = self._connection.execute(select.encode()).fetchall()
        found = [_applied(dict(zip(COLUMNS, row, strict=True))) for row in rows]
        return {one.number: one for one in found}

    def put(self, migration: Migration, values: Mapping[str, object]) -> None:
        """Write these columns of the migration's row, which is made where it is not there."""
        given = {
            "version": migration.version,
            "name": migration.name,
            "checksum": migration.checksum,
            **values,
        }
        changes = ", ".join(f"{name} = %({name})s" for name in given if name != "version")
        update = f"UPDATE {self.table} SET {changes} WHERE version = %(version)s"
        if self._connection.execute(update.encode(), given).rowcount == 0:
            places = ", ".join(f"%({name})s" for name in given)
            insert = f"INSERT INTO {self.table} ({', '.join(given)}) VALUES ({places})"
            self._connection.execute(insert.encode(), given)

    def _run(self, statement: str) -> None:
        self._connection.execute(statement.replace("{table}", self.table).encode())


def _applied(values: dict[str, Any]) -> Applied:
    return Applied(**{**values, "state": MigrationState(values["state"])})


def _require_own(table: str, columns: list[str]) -> None:
    missing = set(COLUMNS) - set(columns)
    if missing:
        raise BadMigration(
            f"the table {table} is another tool's: it has no column {', '.join(sorted(missing))}",
            "give dbwright a table of its own with --table dbwright_migrations",
        )
