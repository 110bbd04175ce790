"""Watching a real server while it works."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest

from dbwright.engines.postgresql.session import Session
from dbwright.engines.postgresql.watch import watch
from dbwright.model.workload import Query, Workload
from dbwright.sandbox import start
from servers.postgresql import Database

SHORT = "SELECT count(*) FROM t WHERE id % 7 = {n}"
LONG = "SELECT pg_sleep(0.4), '{n}'"


@contextmanager
def working(url: str, text: str) -> Iterator[Callable[[], int]]:
    """Another session that sends the statement again and again; gives how often it did."""
    counted = 0
    stop = threading.Event()

    def work() -> None:
        nonlocal counted
        with psycopg.connect(url, autocommit=True, application_name="worker") as connection:
            while not stop.is_set():
                connection.execute(text.format(n=counted % 7).encode())
                counted += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield lambda: counted
    finally:
        stop.set()
        thread.join()


def watched(url: str, seconds: float) -> tuple[Workload, list[str]]:
    with Session.open(url, 60) as session:
        found = watch(session, seconds)
        return found, [part.part for part in session.skipped]


def of(workload: Workload, words: str) -> Query:
    (found,) = (query for query in workload.queries if words in query.text)
    return found


def fill(database: Database) -> None:
    database.execute("CREATE TABLE t AS SELECT n AS id FROM generate_series(1, 20000) n; ANALYZE t")


@pytest.mark.parametrize("any_postgresql", [12, 18], indirect=True)
def test_samples_alone(any_database: Database) -> None:
    fill(any_database)
    url = any_database.url
    with working(url, SHORT) as short, working(url, LONG) as long:
        workload, skipped = watched(url, 2.5)
        assert " s of pg_stat_activity (" in workload.source
        assert "estimated" in workload.source
        assert skipped == ["workload"]
        many, slow = of(workload, "FROM t"), of(workload, "pg_sleep")
        assert many.text == "SELECT count(*) FROM t WHERE id % $1 = $2"
        assert many.example is not None
        assert many.example.startswith("SELECT count(*) FROM t WHERE id % 7 = ")
        assert (slow.users, slow.applications) == (("dbwright",), ("worker",))
        assert slow.calls in range(2, long() + 2)
        assert slow.total_seconds is not None
        assert 0.5 < slow.total_seconds < 4
        assert 1 < many.calls < 10 * short()
        assert not any("dbwright watches" in query.text for query in workload.queries)


def test_with_pg_stat_statements_the_figures_are_exact() -> None:
    settings = {"shared_preload_libraries": "pg_stat_statements", "compute_query_id": "on"}
    with start(settings=settings) as server:
        url = server.url()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
            connection.execute("CREATE TABLE t AS SELECT n AS id FROM generate_series(1, 9) n")
            for _ in range(5):
                connection.execute("SELECT 'before', id FROM t")
        released = threading.Event()

        def work() -> None:
            with psycopg.connect(url, autocommit=True) as connection:
                for number in range(40):
                    connection.execute(f"SELECT id FROM t WHERE id < {number}".encode())
                    connection.execute("SELECT 'before', id FROM t")
                connection.execute("SELECT pg_sleep(0.3), 'done'")
                released.set()
                connection.execute("SELECT pg_sleep(4), 'not done'")

        thread = threading.Thread(target=work)
        with Session.open(url, 60) as session:
            threading.Timer(0.5, thread.start).start()
            workload = watch(session, 3.0)
            assert released.wait(10)
            assert "(exact)" in workload.source
            by_id = of(workload, "WHERE id <")
            assert (by_id.calls, by_id.rows) == (40, sum(min(max(n - 1, 0), 9) for n in range(40)))
            assert by_id.query_id is not None
            assert of(workload, ", id FROM t").calls == 40
            sleeps = [query for query in workload.queries if "pg_sleep" in query.text]
            assert len(sleeps) == 1  # one query; the call that has not ended is not counted
            assert sleeps[0].calls == 1
            assert sleeps[0].total_seconds == pytest.approx(0.3, abs=0.2)
            assert sleeps[0].example is not None
            assert not any("pg_stat" in query.text for query in workload.queries)
        thread.join()


def test_an_interrupt_keeps_what_was_seen(database: Database) -> None:
    fill(database)
    with working(database.url, LONG):
        threading.Timer(1.5, signal.raise_signal, [signal.SIGINT]).start()
        workload, _ = watched(database.url, 600)
    assert of(workload, "pg_sleep").calls >= 1


def test_what_is_hidden_is_told(database: Database) -> None:
    database.execute("CREATE ROLE watcher LOGIN")
    url = database.url.replace("dbwright@", "watcher@")
    try:
        with working(database.url, LONG):
            workload, skipped = watched(url, 1.0)
        assert workload.queries == ()
        assert "watch.restricted" in skipped
    finally:
        database.execute("DROP ROLE watcher")


def test_a_statement_that_the_server_cuts_is_told(database: Database) -> None:
    long = LONG + " -- " + "x" * 2000
    with working(database.url, long):
        workload, skipped = watched(database.url, 1.0)
    assert workload.queries == ()
    assert "watch.cut" in skipped


def test_a_budget_that_is_too_short_ends_it(database: Database) -> None:
    with Session.open(database.url, 0.5) as session:
        watch(session, 60)
        assert "watch" in [part.part for part in session.skipped]
