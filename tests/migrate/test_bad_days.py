"""A server that restarts, and an application that locks in another order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dbwright.sandbox import start
from servers.command_line import Done
from servers.pgbouncer import pgbouncer
from servers.postgresql import Database

from .test_cut_off import runner, wait_until

Run = Callable[..., Done]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "migrations"
    place.mkdir()
    return place


def test_the_server_restarts_in_the_middle(dbwright: Run, folder: Path) -> None:
    (folder / "001_first.sql").write_text("CREATE TABLE first (id integer PRIMARY KEY);")
    (folder / "002_whole.sql").write_text(
        "CREATE TABLE second (id integer); SELECT pg_sleep(60) WHERE to_regclass('go_on') IS NULL;"
    )
    (folder / "003_steps.sql").write_text(
        "-- no-transaction\nCREATE TABLE third (id integer);\n"
        "SELECT pg_sleep(60) WHERE to_regclass('go_on') IS NULL;\nINSERT INTO third VALUES (1);"
    )
    sleeping = "EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')"
    with start() as server:
        database = Database(server, "postgres", server.url())
        with runner(database, folder) as process:
            wait_until(database, sleeping)
            server.restart()
            _, err = process.communicate(timeout=60)
        assert process.returncode == 3
        assert "the connection broke in 002" in err
        assert database.execute("SELECT to_regclass('first')") == [("first",)]
        assert database.execute("SELECT to_regclass('second')") == [(None,)]

        database.execute("CREATE TABLE go_on ()")
        assert dbwright("migrate", "up", database.url, "2").status == 0
        database.execute("DROP TABLE go_on")
        with runner(database, folder) as process:
            wait_until(database, sleeping)
            server.restart()
            _, err = process.communicate(timeout=60)
        assert process.returncode == 3
        assert database.execute("SELECT to_regclass('third')") == [("third",)]
        status = dbwright("migrate", "status", database.url)
        assert "statements done (up): 1" in status.out
        database.execute("CREATE TABLE go_on ()")
        assert dbwright("migrate", "up", database.url).status == 0
        assert database.execute("SELECT count(*) FROM third") == [(1,)]


@pytest.mark.parametrize("head", ["", "-- no-transaction\n"])
def test_a_deadlock_with_the_application(
    dbwright: Run, database: Database, folder: Path, head: str
) -> None:
    database.execute(
        "CREATE TABLE a (id integer); CREATE TABLE b (id integer); "
        "INSERT INTO a VALUES (1); INSERT INTO b VALUES (1)"
    )
    (folder / "001_both.sql").write_text(
        f"{head}DO $$ BEGIN LOCK TABLE a; PERFORM pg_sleep(0.3); LOCK TABLE b; END $$;\n"
        "ALTER TABLE b ADD c integer;"
    )
    waiting = (
        "EXISTS (SELECT FROM pg_locks WHERE relation = 'a'::regclass "
        "AND mode = 'AccessExclusiveLock' AND granted)"
    )
    problems: list[psycopg.Error] = []

    def application() -> None:
        with psycopg.connect(database.url) as other:
            other.execute("SET deadlock_timeout = '5s'")
            other.execute("UPDATE b SET id = 2")
            wait_until(database, waiting)
            try:
                other.execute("UPDATE a SET id = 2")
            except psycopg.Error as problem:
                problems.append(problem)

    thread = threading.Thread(target=application)
    with psycopg.connect(database.url, autocommit=True) as other:
        other.execute(f"ALTER DATABASE {database.name} SET deadlock_timeout = '10ms'")
    thread.start()
    done = dbwright("migrate", "up", database.url, "--lock-timeout", "5s")
    thread.join()
    assert done.status == 0, done.err
    assert problems == []
    assert database.execute("SELECT id FROM a") == [(2,)]
    assert database.execute("SELECT count(c) FROM b") == [(0,)]


def test_poolers(dbwright: Run, folder: Path) -> None:
    (folder / "001_first.sql").write_text("CREATE TABLE first (id integer PRIMARY KEY);")
    with start() as server:
        with pgbouncer(server, "transaction") as url:
            done = dbwright("migrate", "up", url)
            assert done.status == 3
            assert "shares sessions between transactions" in done.err
            assert dbwright("migrate", "status", url).status == 0
        with pgbouncer(server, "session") as url:
            assert dbwright("migrate", "up", url).status == 0
        with psycopg.connect(server.url()) as connection:
            locks = connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
            assert locks.fetchone() == (0,)
