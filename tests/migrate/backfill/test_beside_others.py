"""Batches that are cut off at any point, that meet other sessions, and that wait for standbys."""

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

from dbwright.sandbox import start
from servers.command_line import Done
from servers.observe import wait_for
from servers.postgresql import Database
from servers.standby import standby_of

Run = Callable[..., Done]

SLOW = """-- batches: t
-- batch-size: 20
-- batch-time: {time}
-- lock-timeout: 1s
UPDATE t SET v = v + 1 WHERE pg_sleep(0.0005) IS NOT NULL;
"""
ROWS = 900


@pytest.fixture
def folder(database: Database, tmp_path: Path) -> Path:
    database.execute(
        f"CREATE TABLE t (id int PRIMARY KEY, v int DEFAULT 0); "
        f"INSERT INTO t SELECT generate_series(1, {ROWS})"
    )
    place = tmp_path / "migrations"
    place.mkdir()
    (place / "001_t.sql").write_text(SLOW.format(time="20ms"))
    return place


@contextmanager
def runner(database: Database, folder: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """`dbwright migrate up` as a process of its own."""
    command = [sys.executable, "-m", "dbwright", "migrate", "up", database.url, "--dir", folder]
    with subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


class Observer:
    """What the history and the table say, over one connection of its own."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)

    def passed(self) -> int:
        """Rows that are done, as the history says."""
        try:
            row = self.connection.execute(
                "SELECT (nullif(batches, '')::json ->> 'passed')::int FROM schema_migrations"
            ).fetchone()
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
            return 0
        return 0 if row is None else row[0] or 0

    def wait_for_progress(self, process: subprocess.Popen[str]) -> None:
        before = self.passed()
        wait_for(lambda: self.passed() > before or process.poll() is not None)

    def rows(self) -> list[tuple[int, int]]:
        """Values, and how many rows have each."""
        found = self.connection.execute("SELECT v, count(*) FROM t GROUP BY 1 ORDER BY 1")
        return [(int(v), int(count)) for v, count in found]

    def a_runner_waits(self) -> bool:
        return bool(
            self.connection.execute(
                "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                "AND application_name = 'dbwright migrate' AND datname = current_database()"
            ).rowcount
        )

    def no_runner_is_left(self) -> bool:
        return not self.connection.execute(
            "SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        ).rowcount


@contextmanager
def observing(url: str) -> Iterator[Observer]:
    observer = Observer(url)
    with observer.connection:
        yield observer


@pytest.fixture
def seen(database: Database) -> Iterator[Observer]:
    with observing(database.url) as observer:
        yield observer


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in range(9))])
def test_killed_again_and_again(
    dbwright: Run, database: Database, folder: Path, seen: Observer, seed: int
) -> None:
    moments = random.Random(seed)
    for _ in range(2):
        with runner(database, folder) as process:
            seen.wait_for_progress(process)
            time.sleep(moments.uniform(0.0, 0.3))
            process.kill()
        wait_for(seen.no_runner_is_left)
        # What the history says is done, and nothing else.
        assert seen.rows()[-1] == (1, seen.passed())
    assert dbwright("migrate", "up", database.url).status == 0
    assert seen.rows() == [(1, ROWS)]


def test_interrupted(dbwright: Run, database: Database, folder: Path, seen: Observer) -> None:
    with runner(database, folder) as process:
        seen.wait_for_progress(process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "interrupted in 001 t, after 0 of 1 statements and " in err
    assert "of its rows) of the next" in err
    assert "Traceback" not in err
    assert seen.rows()[-1] == (1, seen.passed())
    assert dbwright("migrate", "up", database.url).status == 0
    assert seen.rows() == [(1, ROWS)]


def test_waits_for_locks_and_lets_others_through(
    database: Database, folder: Path, seen: Observer
) -> None:
    """A row that another session holds, and sessions that wait for a batch."""
    (folder / "001_t.sql").write_text(SLOW.format(time="200ms").replace("0005", "001"))
    with runner(database, folder, "-v") as process:
        with psycopg.connect(database.url) as other:
            other.execute("UPDATE t SET v = v WHERE id = 300")
            wait_for(seen.a_runner_waits)
            time.sleep(0.5)  # longer than it may wait
            assert seen.passed() < 300
            other.rollback()
        with psycopg.connect(database.url, autocommit=True) as waiting:
            while process.poll() is None:
                waiting.execute(f"UPDATE t SET v = v WHERE id = {seen.passed() + 1}")
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert seen.rows() == [(1, ROWS)]
    assert "no lock in time" in err
    assert "waited for a batch; the next ones are smaller" in err
    assert "rows/s, about" in err


def test_standbys_are_not_left_behind(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    text = SLOW.format(time="20ms").replace("-- batch-time", "-- max-lag: 300ms\n-- batch-time")
    (folder / "001_t.sql").write_text(text)
    with start() as primary, standby_of(primary, "far_away") as standby:
        primary.create_database("shop")
        database = Database(primary, "shop", primary.url("shop"))
        database.execute(
            f"CREATE TABLE t (id int PRIMARY KEY, v int DEFAULT 0); "
            f"INSERT INTO t SELECT generate_series(1, {ROWS})"
        )
        replay = Database(standby, "postgres", standby.url())
        replay.execute("SELECT pg_wal_replay_pause()")
        with runner(database, folder, "-v") as process, observing(database.url) as seen:
            wait_for(lambda: seen.passed() > 0)
            time.sleep(1.5)
            stopped = seen.passed()
            time.sleep(0.7)
            assert seen.passed() == stopped < ROWS
            replay.execute("SELECT pg_wal_replay_resume()")
            _, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "paused: the standby far_away is" in err
