"""The fixtures that the other tests stand on."""

from __future__ import annotations

import psycopg
import pytest
from servers.postgresql import Database

from dbwright.sandbox import Server


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


left_open: list[psycopg.Connection] = []


def test_a_connection_that_is_left_open(any_database: Database) -> None:
    left_open.append(psycopg.connect(any_database.url))


def test_does_not_keep_a_database(postgresql: Server, database_15: Database) -> None:
    for connection in left_open:
        connection.close()
    assert database_15.server.major == 15
    with psycopg.connect(postgresql.url()) as connection:
        names = connection.execute("SELECT datname FROM pg_database").fetchall()
    assert not [name for (name,) in names if name.startswith("test_")]
