"""It works during the incident: locks held and queued, few connections left, little allowed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest

from dbwright.engines.postgresql.ask import asker
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.errors import ConnectionLost, ConnectionRefused
from dbwright.model.report import Skipped
from dbwright.sandbox import Server, start

CONNECTIONS = 40
TAKEN = 36


def check(url: str, *arguments: str, timeout: float = 90) -> subprocess.CompletedProcess[str]:
    """`dbwright check` as a user runs it."""
    return subprocess.run(
        [sys.executable, "-m", "dbwright", "check", url, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, "NO_COLOR": "1"},
    )


@contextmanager
def waiting(url: str, statement: str) -> Iterator[None]:
    """A session that waits for a lock with the statement, until the block ends."""
    connection = psycopg.connect(url, autocommit=True)
    pid = connection.info.backend_pid

    def run() -> None:
        with pytest.raises(psycopg.Error):
            connection.execute(statement.encode())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    with psycopg.connect(url, autocommit=True) as watcher:
        query = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"
        while watcher.execute(query, [pid]).fetchone() != (True,):
            time.sleep(0.01)
    try:
        yield
    finally:
        with psycopg.connect(url, autocommit=True) as killer:
            killer.execute("SELECT pg_terminate_backend(%s)", [pid])
        thread.join(10)
        connection.close()


@pytest.fixture(scope="module")
def crowded() -> Iterator[Server]:
    with start(settings={"max_connections": str(CONNECTIONS)}) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(
                "CREATE TABLE accounts (id int PRIMARY KEY, balance numeric CHECK (balance > 0));"
                "CREATE INDEX ON accounts (lower(balance::text)) WHERE balance > 5;"
                "CREATE VIEW rich AS SELECT * FROM accounts WHERE balance > 1000;"
                "INSERT INTO accounts VALUES (1, 10), (2, 20);"
                "CREATE TABLE other (id int);"
                "CREATE TABLE held (id int GENERATED ALWAYS AS IDENTITY, v text DEFAULT 'x');"
            )
        yield server


@pytest.fixture
def incident(crowded: Server) -> Iterator[str]:
    """An ACCESS EXCLUSIVE lock held, one queued behind a reader, a tree three deep, and 36 of 40
    connections taken."""
    url = crowded.url()
    with ExitStack() as stack:

        def open_session(*statements: str) -> None:
            connection = stack.enter_context(psycopg.connect(url, autocommit=True))
            for statement in statements:
                connection.execute(statement.encode())

        open_session("BEGIN", "LOCK TABLE held IN ACCESS EXCLUSIVE MODE")
        open_session("BEGIN", "UPDATE accounts SET balance = 11 WHERE id = 1")
        stack.enter_context(waiting(url, "UPDATE accounts SET balance = 12 WHERE id = 1"))
        stack.enter_context(waiting(url, "ALTER TABLE accounts ADD COLUMN note text"))
        stack.enter_context(waiting(url, "SELECT * FROM accounts"))
        for _ in range(TAKEN - 5):
            open_session("SELECT 1")
        time.sleep(1.1)  # a wait below a second is no incident
        yield url


def test_the_incident_comes_first(incident: str) -> None:
    done = check(incident, "--format", "json", "--skip", "settings")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    first = report["findings"][0]
    assert (first["rule"], first["severity"]) == ("activity/blocked-sessions", "critical")
    assert first["evidence"]["blocked_sessions"] == 3
    locked = [part for part in report["skipped"] if "public.held" in part.get("objects", [])]
    assert locked, "what was locked must be told"
    rules = {finding["rule"] for finding in report["findings"]}
    assert "keys/no-primary-key" in rules, "what is not locked must still be checked"


def test_the_catalog_is_read_around_the_locks(incident: str) -> None:
    with Session.open(incident, 30) as session:
        snapshot = read(session)
    held = snapshot.catalog.table("public.held")
    accounts = snapshot.catalog.table("public.accounts")
    assert [column.name for column in held.columns] == ["id", "v"]
    assert held.columns[1].default == "'x'::text", "a default needs no lock"
    assert (accounts.checks[0].columns, accounts.checks[0].expression) == (("balance",), None)
    assert accounts.indexes[0].partial != accounts.indexes[1].partial
    assert snapshot.statistics is not None
    sizes = snapshot.statistics.of(accounts)
    assert sizes is not None
    assert sizes.heap_bytes is not None


def test_a_question_does_not_wait(incident: str) -> None:
    class Question:
        key = "held"
        sql = "SELECT count(*) FROM public.held"

    with Session.open(incident, 30) as session:
        answer = asker(session)(Question())
    assert isinstance(answer, Skipped)
    assert "lock" in answer.reason


def test_no_connection_is_left(crowded: Server) -> None:
    with ExitStack() as stack:
        with pytest.raises(psycopg.OperationalError):
            for _ in range(CONNECTIONS + 1):
                stack.enter_context(psycopg.connect(crowded.url()))
        done = check(crowded.url())
    assert done.returncode == 3
    assert "too many clients" in done.stderr
    assert "superuser" in done.stderr


def test_a_little_time_is_enough_for_a_part(incident: str) -> None:
    """With no time left, the rest is skipped and told, and there is a report."""
    done = check(incident, "--budget", "0.02", "--format", "json")
    assert done.returncode in (0, 1, 3), done.stderr
    if done.returncode != 3:
        reasons = {part["reason"] for part in json.loads(done.stdout)["skipped"]}
        assert any("budget" in reason or "longer" in reason for reason in reasons)
    assert "Traceback" not in done.stderr


def test_a_connection_that_breaks(crowded: Server) -> None:
    with Session.open(crowded.url(), 30) as session:
        with psycopg.connect(crowded.url(), autocommit=True) as killer:
            killer.execute("SELECT pg_terminate_backend(%s)", [session.connection.info.backend_pid])
        with pytest.raises(ConnectionLost) as caught:
            read(session)
    assert "broke" in caught.value.message


def test_interrupted(crowded: Server) -> None:
    """Ctrl-C ends it with the documented status, and the server's side ends too."""
    with psycopg.connect(crowded.url()) as blocker:
        # The catalog itself is locked: every reading query waits until its lock time-out.
        blocker.execute("LOCK TABLE pg_catalog.pg_class IN ACCESS EXCLUSIVE MODE")
        process = subprocess.Popen(
            [sys.executable, "-m", "dbwright", "check", crowded.url()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        time.sleep(2)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 4, errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("grant", "skipped"),
    [
        ("", {"activity.sessions.restricted", "catalog.hba_rules", "catalog.roles.passwords"}),
        ("GRANT pg_monitor TO looker", {"catalog.hba_rules", "catalog.roles.passwords"}),
    ],
    ids=["connect only", "pg_monitor"],
)
def test_little_allowed(any_postgresql: Server, grant: str, skipped: set[str]) -> None:
    """A role that may hardly read anything gets what it may, and the GRANT for the rest."""
    any_postgresql.create_database("little")
    url = any_postgresql.url("little")
    with psycopg.connect(url, autocommit=True) as connection, ExitStack() as stack:
        stack.callback(_drop_little, any_postgresql)
        connection.execute(
            "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'); ANALYZE t;"
            "CREATE SEQUENCE s; CREATE ROLE looker LOGIN;" + grant
        )
        with Session.open(any_postgresql.url("little", user="looker"), 30) as session:
            snapshot = read(session, workload=True)
    parts = {part.part: part for part in snapshot.skipped}
    assert skipped <= set(parts)
    assert parts["statistics.columns.restricted"].objects == ("public.t",)
    for name in skipped:
        assert "GRANT" in parts[name].remedy
    assert [column.name for column in snapshot.catalog.table("public.t").columns] == ["id", "v"]
    assert snapshot.activity is not None
    hidden = [s for s in snapshot.activity.sessions if s.user == "dbwright" and s.query is None]
    assert bool(hidden) == (not grant)
    assert not snapshot.catalog.sequences[0].last_value


def _drop_little(server: Server) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'little'"
        )
        time.sleep(0.1)
        connection.execute("DROP DATABASE little")
        connection.execute("DROP ROLE looker")


def test_a_standby_and_a_server_in_start_up() -> None:
    with pytest.raises(ConnectionRefused) as caught:
        Session.open("postgresql://nobody@localhost:1/none?connect_timeout=2", 5)
    assert "localhost" in caught.value.message
    assert caught.value.next_step
