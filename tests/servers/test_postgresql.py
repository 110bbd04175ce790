"""The fixtures that the other tests stand on."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from servers.postgresql import Database


def test_each_major_gives_a_database(any_database: Database) -> None:
    assert any_database.execute("CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2)") == []
    assert any_database.execute("SELECT 1; SELECT id FROM t ORDER BY id") == [(1,), (2,)]
    any_database.execute("CREATE INDEX CONCURRENTLY i ON t (id)")
    with pytest.raises(psycopg.errors.UndefinedTable):
        any_database.execute("SELECT 1; SELECT * FROM missing")


@pytest.mark.parametrize("turn", [1, 2])
def test_databases_are_fresh(database: Database, turn: int) -> None:
    assert database.execute("SELECT count(*) FROM pg_class WHERE relname = 't'") == [(0,)]
    database.execute("CREATE TABLE t ()")


@pytest.fixture
def left_open() -> Iterator[list[psycopg.Connection]]:
    """Connections that a test has forgotten; the database goes first, and cuts them off."""
    connections: list[psycopg.Connection] = []
    yield connections
    for connection in connections:
        with connection, pytest.raises(psycopg.errors.AdminShutdown):
            connection.execute("SELECT 1")


def test_a_connection_that_is_left_open_does_not_keep_a_database(
    left_open: list[psycopg.Connection], any_database: Database
) -> None:
    left_open.append(psycopg.connect(any_database.url))


def test_databases_of_an_older_major(database_15: Database) -> None:
    assert database_15.server.major == 15
