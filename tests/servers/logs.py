"""Servers that write their log in all formats they have, and traffic whose counts are known."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from dbwright.errors import NoServerPrograms
from dbwright.sandbox import Server, start
from servers.observe import wait_for

__all__ = ["PREFIX", "Traffic", "drive", "logging_server", "wait_for_log"]

_marks = itertools.count(1)

PREFIX = "%m [%p] %q%u@%d "


@dataclass(frozen=True, slots=True)
class Traffic:
    """What was run, and the log of it. Statements are told by how they begin."""

    major: int
    folder: Path
    statements: Counter[str] = field(default_factory=Counter)

    def log(self, ending: str) -> Path:
        """The log in one format: `csv`, `json` or `log`."""
        (path,) = self.folder.glob(f"*.{ending}")
        return path

    @property
    def endings(self) -> tuple[str, ...]:
        return ("log", "csv", "json") if self.major >= 15 else ("log", "csv")


def logging_server(major: int, prefix: str = PREFIX, **settings: str) -> Server:
    destinations = "stderr,csvlog,jsonlog" if major >= 15 else "stderr,csvlog"
    try:
        return start(
            major,
            settings={
                "logging_collector": "on",
                "log_destination": destinations,
                "log_filename": "server.log",
                "log_line_prefix": prefix,
                "log_timezone": "UTC",
                "log_rotation_age": "0",
                "log_rotation_size": "0",
                **settings,
            },
        )
    except NoServerPrograms as error:
        if os.environ.get("DBWRIGHT_SKIP_MISSING"):
            pytest.skip(error.message)
        raise


def wait_for_log(server: Server) -> Path:
    """The folder with the logs, once all that was logged so far is in them."""
    folder = server.data_directory / "log"
    mark = f"the end of part {next(_marks)}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"DO $$BEGIN RAISE LOG '{mark}'; END$$".encode())
    files = list(folder.glob("server.*"))
    assert len(files) == (3 if server.major >= 15 else 2)
    wait_for(lambda: all(f"{mark}'; END$$".encode() in path.read_bytes() for path in files))
    return folder


def drive(server: Server, ran: Counter[str]) -> None:
    url = server.url("shop")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE orders (id int PRIMARY KEY, customer int, note text)")
        connection.execute(
            "INSERT INTO orders SELECT i, i % 10, 'n' FROM generate_series(1, 100) i"
        )
    with psycopg.connect(url, autocommit=True, application_name="till") as connection:
        connection.execute("SET log_min_duration_statement = 0")
        simple = psycopg.ClientCursor(connection)
        for number in range(1, 13):
            simple.execute("SELECT note FROM orders WHERE id = %s", [number])
            ran["SELECT note"] += 1
        for number in range(1, 8):
            simple.execute(
                'UPDATE orders\n   SET note = %s\n WHERE "id" = %s', [f"it's {number}", number]
            )
            ran["UPDATE orders"] += 1
        for number in range(1, 10):
            connection.execute(
                "SELECT customer FROM orders WHERE id = %s AND note IS DISTINCT FROM %s",
                [number, "a, 'b', $1 = \"c\"" if number % 2 else None],
                prepare=number > 4,
            )
            ran["SELECT customer"] += 1
        with connection.transaction():
            connection.execute("SELECT count(*) FROM orders")
            ran["SELECT count"] += 1
        for _ in range(3):
            with pytest.raises(psycopg.errors.UndefinedTable):
                connection.execute("SELECT * FROM missing WHERE a = 'x'")
        connection.execute("SET statement_timeout = '20ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(60)")
        connection.execute("SET statement_timeout = 0")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET log_statement = 'all'")
        connection.execute("SET log_duration = on")
        for number in range(1, 7):
            connection.execute("DELETE FROM orders WHERE id = %s", [200 + number])
            ran["DELETE FROM"] += 1
        simple = psycopg.ClientCursor(connection)
        for number in range(1, 6):
            simple.execute("SELECT id FROM orders WHERE customer IN (%s, %s)", [number, number])
            ran["SELECT id"] += 1
        connection.execute("SET log_duration = off")
        for _ in range(4):
            simple.execute("SELECT max(id) FROM orders")
            ran["SELECT max"] += 1
        connection.execute("SET log_statement = 'none'")
        connection.execute("SET work_mem = '64kB'")
        connection.execute("SET log_temp_files = 0")
        connection.execute("SELECT i FROM generate_series(1, 20000) i ORDER BY i DESC")
