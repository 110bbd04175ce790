"""Whatever ends a runner in the middle: running it again finishes what it began, once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from dbwright.migrate.runner.watcher import Watcher
from servers.command_line import Done
from servers.postgresql import Database

Run = Callable[..., Done]

STEPS = """-- no-transaction
CREATE TABLE steps (n integer);
INSERT INTO steps VALUES (1);
CREATE INDEX CONCURRENTLY steps_n ON steps (n);
INSERT INTO steps VALUES (2);
REINDEX INDEX CONCURRENTLY steps_n;
INSERT INTO steps VALUES (3);
DROP INDEX CONCURRENTLY steps_n;
INSERT INTO steps VALUES (4);
VACUUM steps;
INSERT INTO steps VALUES (5);
"""
WHOLE = "CREATE TABLE whole (n integer); INSERT INTO whole VALUES (1); SELECT pg_sleep(0.2);"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "migrations"
    place.mkdir()
    return place


@contextmanager
def runner(database: Database, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """`dbwright migrate up` as a process of its own."""
    command = [sys.executable, "-m", "dbwright", "migrate", "up", database.url, "--dir", folder]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until(database: Database, condition: str) -> None:
    end = time.monotonic() + 60
    while not database.execute(f"SELECT {condition}")[0][0]:
        assert time.monotonic() < end, condition
        time.sleep(0.02)


@contextmanager
def old_snapshot(database: Database) -> Iterator[None]:
    """A transaction that CREATE INDEX CONCURRENTLY waits for at its end."""
    with psycopg.connect(database.url) as other:
        other.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        other.execute("SELECT count(*) FROM pg_class")
        yield
        other.rollback()


BUILDING = "EXISTS (SELECT FROM pg_stat_progress_create_index WHERE phase ~ 'old snapshots')"


@pytest.mark.parametrize("way", ["kill", "interrupt", "cut"])
def test_in_the_middle_of_a_concurrent_build(
    dbwright: Run, database: Database, folder: Path, way: str
) -> None:
    (folder / "001_steps.sql").write_text(STEPS)
    with runner(database, folder) as process, old_snapshot(database):
        wait_until(database, BUILDING)
        if way == "kill":
            process.kill()
        elif way == "interrupt":
            process.send_signal(signal.SIGINT)
        else:
            database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'dbwright migrate'"
            )
        _, err = process.communicate(timeout=60)
        wait_until(
            database,
            "NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'dbwright migrate')"
            if way != "kill"
            else "true",
        )
        if way == "kill":  # the server notices only when it is done
            database.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'dbwright migrate'"
            )
    if way == "interrupt":
        assert process.returncode == 4
        assert "after 2 of 10 statements" in err
    if way == "cut":
        assert process.returncode == 3
        assert "Traceback" not in err
    status = dbwright("migrate", "status", database.url, "--dir", folder)
    assert "001: cut off" in status.out
    assert "CREATE INDEX CONCURRENTLY steps_n" in status.out
    assert database.execute(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = 'steps_n'::regclass"
    ) == [(False,)]
    assert dbwright("migrate", "up", database.url, "--dir", folder).status == 0
    assert database.execute("SELECT array_agg(n ORDER BY n) FROM steps") == [([1, 2, 3, 4, 5],)]
    assert database.execute("SELECT to_regclass('steps_n')") == [(None,)]


@pytest.mark.parametrize(
    "seed", [1, 2, *(pytest.param(n, marks=pytest.mark.slow) for n in range(3, 30))]
)
def test_killed_again_and_again(dbwright: Run, database: Database, folder: Path, seed: int) -> None:
    (folder / "001_whole.sql").write_text(WHOLE)
    (folder / "002_steps.sql").write_text(STEPS)
    moments = random.Random(seed)
    for _ in range(5):
        with runner(database, folder) as process:
            time.sleep(moments.uniform(0.5, 2.0))
            process.kill()
        state = dbwright("migrate", "status", database.url, "--dir", folder)
        assert state.status == 0
    # The turn of a killed runner ends when its server process notices.
    assert dbwright("migrate", "up", database.url, "--dir", folder).status == 0
    assert database.execute("SELECT array_agg(n ORDER BY n) FROM steps") == [([1, 2, 3, 4, 5],)]
    assert database.execute("SELECT array_agg(n) FROM whole") == [([1],)]
    states = database.execute("SELECT state FROM schema_migrations ORDER BY version")
    assert states == [("applied",), ("applied",)]


def test_a_statement_of_which_nothing_tells(
    dbwright: Run, database: Database, folder: Path
) -> None:
    database.execute(
        "CREATE TABLE calls (n integer); CREATE PROCEDURE batch() LANGUAGE plpgsql AS "
        "'BEGIN INSERT INTO calls VALUES (1); COMMIT; PERFORM pg_sleep(30); END'"
    )
    (folder / "001_batch.sql").write_text("-- no-transaction\nCALL batch();\nSELECT 1;\n")
    with runner(database, folder) as process:
        wait_until(database, "EXISTS (SELECT FROM calls)")
        process.kill()
    database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'dbwright migrate'"
    )
    done = dbwright("migrate", "up", database.url, "--dir", folder)
    assert (done.status, "nothing tells whether it ended" in done.err) == (4, True)
    database.execute("CREATE OR REPLACE PROCEDURE batch() LANGUAGE sql AS 'SELECT 1'")
    done = dbwright("migrate", "up", database.url, "--dir", folder, "--cut-off", "done")
    assert done.status == 0
    assert database.execute("SELECT count(*) FROM calls") == [(1,)]


def test_two_runners_at_once(dbwright: Run, database: Database, folder: Path) -> None:
    (folder / "001_whole.sql").write_text(WHOLE)
    (folder / "002_steps.sql").write_text(STEPS)
    with runner(database, folder) as one, runner(database, folder) as other:
        one.communicate(timeout=120)
        other.communicate(timeout=120)
    assert (one.returncode, other.returncode) == (0, 0)
    assert database.execute("SELECT array_agg(n ORDER BY n) FROM steps") == [([1, 2, 3, 4, 5],)]


def test_another_text_after_a_cut(dbwright: Run, database: Database, folder: Path) -> None:
    """The index that was begun by the former text costs writes, and nobody would look for it."""
    database.execute("CREATE TABLE t (a integer, b integer)")
    step = "-- no-transaction\nSELECT 1;\nCREATE INDEX CONCURRENTLY {0}_i ON t ({0});"
    (folder / "001_t.sql").write_text(step.format("a"))
    with runner(database, folder) as process, old_snapshot(database):
        wait_until(database, BUILDING)
        process.kill()
        wait_until(database, "NOT EXISTS (SELECT FROM pg_stat_progress_create_index)")
    assert database.execute(INDEXES) == [("a_i", False)]
    (folder / "001_t.sql").write_text(step.format("b"))
    assert dbwright("migrate", "up", database.url, "--dir", folder).status == 0
    assert database.execute(INDEXES) == [("b_i", True)]


INDEXES = """SELECT indexrelid::regclass::text, indisvalid FROM pg_index
  WHERE indrelid = to_regclass('t') ORDER BY 1"""
ALTERING = "ALTER TABLE t ADD a integer; SELECT pg_sleep(60) WHERE to_regclass('go_on') IS NULL;"
HELD = (
    "EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND granted "
    "AND mode = 'AccessExclusiveLock')"
)


@pytest.mark.parametrize("way", ["kill", pytest.param("stop", marks=pytest.mark.slow)])
def test_who_is_gone_holds_no_locks(
    dbwright: Run, database: Database, folder: Path, way: str
) -> None:
    """The server would notice at the statement's end, or when TCP gives up."""
    database.execute("CREATE TABLE t ()")
    (folder / "001_a.sql").write_text(ALTERING if way == "kill" else ALTERING.replace("60", "1"))
    with runner(database, folder) as process:
        wait_until(database, HELD)
        process.send_signal(signal.SIGKILL if way == "kill" else signal.SIGSTOP)
        wait_until(database, f"NOT {HELD}")  # in 1 s, or 10 s: in less than the 60 s it would take
        if way == "stop":
            process.send_signal(signal.SIGCONT)
            _, err = process.communicate(timeout=60)
            assert (process.returncode, "the connection broke in 001 a" in err) == (3, True)
    database.execute("CREATE TABLE go_on ()")
    assert dbwright("migrate", "up", database.url).status == 0


def test_the_watcher_comes_back(database: Database) -> None:
    told: list[str] = []
    pid = "SELECT pid FROM pg_stat_activity WHERE application_name = 'dbwright watcher'"
    with psycopg.connect(database.url, autocommit=True) as session:
        session.execute("CREATE TABLE t ()")
        with (
            Watcher(database.url, session.info.backend_pid, lambda text, *_: told.append(text)),
            psycopg.connect(database.url) as other,
        ):
            wait_until(database, f"EXISTS ({pid})")
            database.execute(f"SELECT pg_terminate_backend(pid) FROM ({pid}) w")
            other.execute("LOCK TABLE t")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                session.execute("SET lock_timeout = '1500ms'; SELECT FROM t")
    assert any("LOCK TABLE t" in text for text in told)
