"""Fixtures with real PostgreSQL servers: one a session (and worker), a fresh database a test."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql

from dbwright.errors import NoServerPrograms
from dbwright.sandbox import Server, start
from dbwright.sandbox.programs import all_programs

__all__ = [
    "OUTER_MAJORS",
    "Database",
    "any_database",
    "any_postgresql",
    "database",
    "database_15",
    "majors",
    "postgresql",
    "postgresql_15",
    "server_of",
]

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Database:
    """A database of its own for one test. `url` opens it as the superuser."""

    server: Server
    name: str
    url: str

    def execute(self, statements: str) -> list[tuple[Any, ...]]:
        """Run statements outside of a transaction; the rows of the last one, if it has any.

        Several statements at a time are sent as one, which the server makes a transaction: those
        that refuse to run in one (CREATE INDEX CONCURRENTLY, VACUUM) have to come alone.
        """
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statements.encode())
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []


def majors() -> list[int]:
    """The majors from 12 to 18 that this machine has server programs of."""
    return sorted({programs.major for programs in all_programs()} & set(range(12, 19)))


@pytest.fixture(scope="session")
def server_of() -> Iterator[Callable[[int], Server]]:
    """A server of each major that is asked for, one of each."""
    with ExitStack() as stack:
        running: dict[int, Server] = {}

        def get(major: int) -> Server:
            if major not in running:
                running[major] = stack.enter_context(start(major))
            return running[major]

        yield get


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """The server that dbwright brings with it."""
    with start() as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_15() -> Iterator[Server]:
    """A PostgreSQL 15, as an example of an older one."""
    with _start(15) as server:
        yield server


OUTER_MAJORS = [
    pytest.param(major, marks=[] if major in (12, 18) else pytest.mark.slow) for major in majors()
]
"""For `parametrize("any_postgresql", …, indirect=True)` of what takes long: those between only with
--slow."""


@pytest.fixture(scope="session", params=majors())
def any_postgresql(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Each major in turn."""
    with _start(request.param) as server:
        yield server


@pytest.fixture
def database(postgresql: Server) -> Iterator[Database]:
    """An empty database of the server that dbwright brings with it."""
    yield from _database(postgresql)


@pytest.fixture
def database_15(postgresql_15: Server) -> Iterator[Database]:
    """An empty database of PostgreSQL 15."""
    yield from _database(postgresql_15)


@pytest.fixture
def any_database(any_postgresql: Server) -> Iterator[Database]:
    """An empty database of each major in turn."""
    yield from _database(any_postgresql)


def _start(major: int) -> Server:
    try:
        return start(major)
    except NoServerPrograms as error:
        if os.environ.get("DBWRIGHT_SKIP_MISSING"):
            pytest.skip(error.message)
        raise


def _database(server: Server) -> Iterator[Database]:
    name = f"test_{next(_numbers)}"
    server.create_database(name)
    yield Database(server, name, server.url(name))
    with psycopg.connect(server.url(), autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
        if server.major >= 13:
            connection.execute(sql.SQL("{} WITH (FORCE)").format(drop))
            return
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        connection.execute(drop)
