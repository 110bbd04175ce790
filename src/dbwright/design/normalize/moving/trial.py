"""The migration is tried where nothing can break: up, compared row by row, and down again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.design.normalize.moving.parts import Decomposition
from dbwright.design.normalize.moving.splits import Split
from dbwright.design.normalize.moving.statements import (
    Place,
    difference,
    original_table,
    steps,
)
from dbwright.design.normalize.reading.database import Database
from dbwright.design.normalize.relation import Relation
from dbwright.model.names import quote
from dbwright.progress import Progress
from dbwright.sandbox import Server
from dbwright.sandbox.copy.copy import copy

__all__ = ["Trial", "on_copy", "on_rows", "tried"]

SAVED = "dbwright_saved"
SETTINGS = "SET timezone = 'UTC'; SET datestyle = 'ISO, MDY'; SET client_encoding = 'UTF8'"
CHUNK = 5000
"""Rows."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it."""

    server: str
    """Its version."""
    rows: int
    """Of the original."""
    parts: tuple[tuple[str, int], ...]
    """Name and rows of each table."""
    missing: int
    """Rows of the original that the join of the parts does not have."""
    surplus: int
    """Rows of the join that the original does not have."""
    restored: bool
    """Is the table after DOWN what it was, and are the parts gone?"""
    refused: str = ""
    """What the server said, where it refused a statement."""

    @property
    def holds(self) -> bool:
        return not (self.refused or self.missing or self.surplus) and self.restored


@contextmanager
def on_rows(
    server: Server, relation: Relation, number: int, progress: Progress
) -> Iterator[psycopg.Connection[Any]]:
    """A database of its own with the relation as a table, of the rows that were read."""
    name = f"trial{number}"
    server.create_database(name)
    with psycopg.connect(server.url(name), autocommit=True) as connection:
        connection.execute(SETTINGS)
        if relation.table and Place(relation).schema != "public":
            connection.execute(f"CREATE SCHEMA {quote(Place(relation).schema)}".encode())
        connection.execute(original_table(relation).encode())
        columns = ", ".join(quote(name) for name in relation.names)
        statement = f"COPY {Place(relation).original} ({columns}) FROM STDIN"
        progress(f"loading {relation.name} into a sandbox")
        with connection.cursor().copy(statement.encode()) as stream:
            values = [column.values for column in relation.columns]
            codes = [column.codes for column in relation.columns]
            for row in zip(*codes, strict=True):
                stream.write_row([of[code] for of, code in zip(values, row, strict=True)])
        yield connection


@contextmanager
def on_copy(
    source: Database, relation: Relation, progress: Progress
) -> Iterator[psycopg.Connection[Any]]:
    """A copy of the database with the rows of this table, all those that were read at least, and of
    the tables that it refers to."""
    rows = None if relation.whole else relation.rows
    tables = list(dict.fromkeys([relation.name, *(one.table for one in relation.references)]))
    with (
        copy(source.snapshot, source.url, tables, rows=rows, progress=progress) as made,
        made.connect() as connection,
    ):
        connection.execute(SETTINGS)
        yield connection


def tried(
    connection: psycopg.Connection[Any],
    decomposition: Decomposition,
    progress: Progress,
    apart: Sequence[Split] = (),
) -> Trial:
    """Up, compared, down, compared. What a server refuses is told, and nothing is raised."""
    relation = decomposition.relation
    place = Place(relation)
    version = connection.info.parameter_status("server_version") or ""
    progress(f"trying the migration of {relation.name}")
    saved = quote(SAVED)
    connection.execute(f"CREATE TABLE {saved} AS SELECT * FROM {place.original}".encode())
    rows = _count(connection, saved)
    done = steps(decomposition, apart)
    names = [part.name for part in decomposition.parts]
    names += [split.name for split in apart]
    parts: tuple[tuple[str, int], ...] = ()
    missing = surplus = 0
    try:
        with connection.transaction():
            for step in done:
                connection.execute(step.up.encode())
        parts = tuple((name, _count(connection, place.of(name))) for name in names)
        missing = _different(connection, relation, saved, place.original)
        surplus = _different(connection, relation, place.original, saved)
        with connection.transaction():
            for step in reversed(done):
                connection.execute(step.down.encode())
    except psycopg.Error as problem:
        said = str(problem).splitlines()[0]
        return Trial(version, rows, parts, missing, surplus, False, said)
    back = _different(connection, relation, saved, place.original)
    back += _different(connection, relation, place.original, saved)
    gone = not any(_there(connection, place.of(name)) for name in names)
    connection.execute(f"DROP TABLE {saved}".encode())
    return Trial(version, rows, parts, missing, surplus, not back and gone)


def _count(connection: psycopg.Connection[Any], table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    return int(row[0]) if row else 0


def _different(
    connection: psycopg.Connection[Any], relation: Relation, one: str, other: str
) -> int:
    return _count(connection, f"({difference(relation, one, other)}) AS rows_of_one")


def _there(connection: psycopg.Connection[Any], table: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s)", (table,)).fetchone()
    return row is not None and row[0] is not None
