"""What else real logs tell: deadlocks, lock waits, connections, checkpoints, autovacuum, crashes."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest

from dbwright.engines.postgresql.logs import read_log
from dbwright.sandbox import Server
from servers.logs import logging_server, wait_for_log
from servers.observe import wait_for


@pytest.fixture(scope="module", params=[12, 18])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with logging_server(
        request.param,
        deadlock_timeout="100ms",
        log_lock_waits="on",
        log_connections="on",
        log_checkpoints="on",
    ) as server:
        yield server


def _deadlock(server: Server) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE d (id int PRIMARY KEY); INSERT INTO d VALUES (1), (2)")
    turn = threading.Barrier(2)
    failed: list[type[Exception]] = []

    def both(first: int, second: int) -> None:
        with psycopg.connect(server.url()) as connection:
            try:
                connection.execute("DELETE FROM d WHERE id = %s", [first])
                turn.wait(30)
                connection.execute("DELETE FROM d WHERE id = %s", [second])
            except psycopg.errors.DeadlockDetected as error:
                failed.append(type(error))
            connection.rollback()

    threads = [threading.Thread(target=both, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == [psycopg.errors.DeadlockDetected]


def _wait(server: Server) -> None:
    """A session waits for another's lock longer than deadlock_timeout."""
    log = server.data_directory / "log" / "server.csv"
    waits = log.read_bytes().count(b"still waiting for")
    with (
        psycopg.connect(server.url()) as holder,
        psycopg.connect(server.url(), autocommit=True) as waiter,
    ):
        holder.execute("LOCK TABLE d")
        waiter.execute("SET lock_timeout = '2s'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            waiter.execute("SELECT * FROM d")
    wait_for(lambda: log.read_bytes().count(b"still waiting for") > waits)


def test_incidents_are_counted(server: Server) -> None:
    _deadlock(server)
    _wait(server)
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    folder = wait_for_log(server)
    written = (folder / "server.csv").read_bytes()
    for path in sorted(folder.iterdir()):
        counts = read_log(path).counts
        assert counts.deadlocks == 1
        assert counts.lock_waits == written.count(b"still waiting for") >= 1
        assert counts.cancelled == {"lock timeout": 1}
        assert counts.connections == written.count(b"connection authorized") > 4
        assert counts.checkpoints == written.count(b"checkpoint complete") >= 1
        assert sum(counts.errors.values()) == 2
        if path.suffix != ".log":
            assert counts.errors == {"40P01": 1, "55P03": 1}
        assert counts.entries >= written.count(b"\n20")


def test_a_crash_is_counted() -> None:
    with logging_server(18) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE t AS SELECT 1")
        server.kill()
        server.restart()
        for path in sorted(wait_for_log(server).iterdir()):
            assert read_log(path).counts.crashes >= 1
