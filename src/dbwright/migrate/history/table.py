"""The table of the history: one row a version, as it stands now.

It is in the database that it is about, so a change and the memory of it are one transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.errors import FeatureNotSupported, InvalidName, InvalidParameterValue
from psycopg.errors import SyntaxError as SqlSyntaxError

from dbwright.errors import BadMigration
from dbwright.model.batches import BatchMark
from dbwright.model.catalog import Table
from dbwright.model.migration import Applied, Migration, MigrationState
from dbwright.model.names import literal, qualify, quote

__all__ = ["DEFAULT_TABLE", "History", "is_history"]

DEFAULT_TABLE = "schema_migrations"

DEFINITIONS = {
    "version": "text PRIMARY KEY",
    "name": "text NOT NULL",
    "checksum": "text NOT NULL",
    "executed_at": "timestamp with time zone NOT NULL DEFAULT now()",
    "execution_time_ms": "bigint",
    "applied_by": "text NOT NULL DEFAULT current_user",
    "rolled_back": "boolean NOT NULL DEFAULT false",
    "rolled_back_at": "timestamp with time zone",
    "state": "text NOT NULL CHECK "
    "(state IN ('running', 'applied', 'failed', 'rolled back', 'baseline'))",
    "direction": "text NOT NULL DEFAULT 'up' CHECK (direction IN ('up', 'down'))",
    "statements_done": "integer NOT NULL DEFAULT 0",
    "done_checksum": "text NOT NULL DEFAULT ''",
    "statement": "text NOT NULL DEFAULT ''",
    "error": "text NOT NULL DEFAULT ''",
    "batches": "text NOT NULL DEFAULT ''",
}
COMMENT = "Migrations of this database, kept by dbwright"
COLUMNS = tuple(DEFINITIONS)
LATER = frozenset("direction statements_done done_checksum statement error batches".split())
"""What may be added to a table that is there: it has a default."""
NAME = """
SELECT parse_ident(%s), (SELECT ARRAY[n.nspname, c.relname]::text[]
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(%s)),
  current_schema()::text
"""
OTHERS = """
SELECT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = %s AND c.relkind = 'r' AND obj_description(c.oid, 'pg_class') = %s
ORDER BY 1
"""
FOUND = """
SELECT array_agg(a.attname::text), obj_description(c.oid, 'pg_class')
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.oid = to_regclass(%s)
GROUP BY c.oid
"""
NO_NAME = (FeatureNotSupported, InvalidName, InvalidParameterValue, SqlSyntaxError)
SHORT_WAIT = "SET LOCAL lock_timeout = '5s'"
"""Somebody may have locked the table: nobody waits for it without a word."""
WHO = "SELECT session_user::text, current_setting('role')"


class History:
    """The history of one database, over one connection in autocommit.

    What is written is part of the caller's transaction, where there is one.
    """

    def __init__(self, connection: psycopg.Connection[Any], table: str = DEFAULT_TABLE) -> None:
        """`table`: a name, qualified or not. Raises BadMigration where it is no name, or a table
        of that name is another tool's."""
        self._connection = connection
        self._missing: frozenset[str] = frozenset()
        self._written: dict[int, str] = {}
        """Of versions whose row is there: how it writes them. 1_orders.sql may be 001 by now."""
        self._user = self._who()
        self.table = self._whole_name(table)
        self.exists = False
        self._look()

    def create(self) -> None:
        """Make the table where it is not there yet, and columns that an older dbwright had not."""
        self._look()  # another runner may have made it since
        if self.exists and not self._missing:
            return
        with self._connection.transaction():
            self._connection.execute(SHORT_WAIT)
            if self.exists:
                for name in sorted(self._missing):
                    self._run(f"ALTER TABLE {{table}} ADD COLUMN {name} {DEFINITIONS[name]}")
            else:
                columns = ", ".join(f"{name} {kind}" for name, kind in DEFINITIONS.items())
                self._run(f"CREATE TABLE {{table}} ({columns})")
                self._run(f"COMMENT ON TABLE {{table}} IS {literal(COMMENT)}")
        self._look()

    def _whole_name(self, table: str) -> str:
        """With its schema, and written as the server does: every runner makes its turn of it."""
        try:
            row = self._connection.execute(NAME, (table, table)).fetchone()
        except NO_NAME:
            row = None
        if row is None or not 1 <= len(row[0]) <= 2 or "" in row[0]:
            raise BadMigration(
                f"{table or 'an empty text'} is no name of a table",
                "write --table NAME or --table SCHEMA.NAME, with double quotes where it needs them",
            )
        parts, found, schema = row
        if found is not None:
            return qualify(*found)
        if len(parts) == 1:
            self._require_no_other(parts[0], schema)
        if len(parts) == 1 and schema is None:
            raise BadMigration(
                "the search_path names no schema that is there",
                "name the history's schema: --table public.schema_migrations",
            )
        return qualify(*(parts if len(parts) == 2 else (schema, *parts)))

    def _require_no_other(self, name: str, schema: str | None) -> None:
        """By another search_path than that of the first run, all would be run once more. Nobody can
        know which history is meant: each tenant may have its own."""
        rows = self._connection.execute(OTHERS, (name, COMMENT)).fetchall()
        others = [qualify(row[0], name) for row in rows]
        if others:
            new = f", or --table {qualify(schema, name)} to begin another" if schema else ""
            raise BadMigration(
                f"the search_path does not find this database's history {', '.join(others)}",
                f"write --table {others[0]}{new}",
            )

    def _look(self) -> None:
        row = self._connection.execute(FOUND, (self.table,)).fetchone()
        self.exists = row is not None
        if row is not None:
            columns, comment = row
            self._missing = frozenset(COLUMNS).difference(columns)
            if self._missing and (comment != COMMENT or not self._missing <= LATER):
                raise _of_another_tool(self.table, self._missing)

    def rows(self) -> dict[int, Applied]:
        """What is known, by the number of the version; nothing where there is no table."""
        if not self.exists:
            return {}
        there = [name for name in COLUMNS if name not in self._missing]
        select = f"SELECT {', '.join(there)} FROM {self.table}".encode()
        with self._connection.transaction():
            self._connection.execute(SHORT_WAIT)
            # In binary form times are the same whatever the database's DateStyle is.
            rows = self._connection.execute(select, binary=True).fetchall()
        found = [_applied(dict(zip(there, row, strict=True)), self.table) for row in rows]
        self._written = {one.number: one.version for one in found}
        return {one.number: one for one in found}

    def put(self, migration: Migration, values: Mapping[str, object]) -> None:
        """Write these columns of the migration's row, which is made where it is not there; `state`
        is one of them. Rows of the same number that are written otherwise are known from `rows`."""
        given = {
            "version": migration.version,
            "name": migration.name,
            "checksum": migration.checksum,
            **values,
        }
        with self._as_oneself():
            self._write(given, self._written.get(migration.number, migration.version))

    def add(self, migrations: Iterable[Migration], values: Mapping[str, object]) -> None:
        """Write rows of migrations of which nothing is known yet, all with these values."""
        rows = [
            {"version": one.version, "name": one.name, "checksum": one.checksum, **values}
            for one in migrations
        ]
        if not rows:
            return
        with self._as_oneself(), self._connection.cursor() as cursor:
            cursor.executemany(self._insert(rows[0]), rows)

    def _write(self, given: Mapping[str, object], there: str) -> None:
        """By the table's key: each file would look at the rows of all others else."""
        changes = ", ".join(f"{name} = %({name})s" for name in given)
        if there != given["version"]:
            update = f"UPDATE {self.table} SET {changes} WHERE version = %(there)s"
            if self._connection.execute(update.encode(), {**given, "there": there}).rowcount:
                return
        insert = self._insert(given) + f" ON CONFLICT (version) DO UPDATE SET {changes}".encode()
        self._connection.execute(insert, given)

    def _insert(self, given: Mapping[str, object]) -> bytes:
        places = ", ".join(f"%({name})s" for name in given)
        return f"INSERT INTO {self.table} ({', '.join(given)}) VALUES ({places})".encode()

    @contextmanager
    def _as_oneself(self) -> Iterator[None]:
        """As who connected, whoever a file has become with SET ROLE, and then as that one again."""
        session, role = now = self._who()
        if now == self._user:
            yield
            return
        self._connection.execute("SET SESSION AUTHORIZATION DEFAULT")
        self._connection.execute("RESET ROLE")
        yield
        if session != self._user[0]:
            self._connection.execute(f"SET SESSION AUTHORIZATION {quote(session)}".encode())
        if role != self._user[1]:
            self._connection.execute(
                b"SET ROLE NONE" if role == "none" else f"SET ROLE {quote(role)}".encode()
            )

    def _who(self) -> tuple[str, str]:
        row = self._connection.execute(WHO).fetchone()
        assert row is not None
        return row[0], row[1]

    def _run(self, statement: str) -> None:
        self._connection.execute(statement.replace("{table}", self.table).encode())


def _applied(values: dict[str, Any], table: str) -> Applied:
    version, mark = values["version"], values.get("batches")
    try:
        if not version.isdecimal():
            raise ValueError("no version")
        known = {
            "state": MigrationState(values["state"]),
            "batches": BatchMark.from_json(mark) if mark else None,
        }
    except ValueError:
        raise BadMigration(
            f"the table {table} holds a row that dbwright did not write: version {version}",
            f"look at it, and delete it: DELETE FROM {table} WHERE version = {literal(version)}",
        ) from None
    return Applied(**{**values, **known})


def _of_another_tool(table: str, missing: frozenset[str]) -> BadMigration:
    return BadMigration(
        f"the table {table} is another tool's: it has no column {', '.join(sorted(missing))}",
        "give dbwright a table of its own with --table dbwright_migrations",
    )


def is_history(table: Table) -> bool:
    """Is it the table of a history, by whatever name?"""
    needed = DEFINITIONS.keys() - LATER
    return table.comment == COMMENT and needed <= {column.name for column in table.columns}
