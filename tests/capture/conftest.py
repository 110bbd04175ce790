"""A recorder, and a database to ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dbwright.capture import Recorder
from servers.postgresql import Database


@pytest.fixture
def recorder(tmp_path: Path) -> Iterator[Recorder]:
    """Written only when it is stopped; whatever goes wrong inside is an error of the test."""
    with Recorder(tmp_path / "capture.jsonl", flush_seconds=3600) as recorder:
        yield recorder
    assert recorder.problem is None


@pytest.fixture
def shop(database: Database) -> Database:
    """Users and their orders."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE users (id int PRIMARY KEY, name text); "
            "CREATE TABLE orders (id int PRIMARY KEY, user_id int REFERENCES users, total int); "
            "INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 20) n; "
            "INSERT INTO orders SELECT n, 1 + n % 20, n FROM generate_series(1, 100) n"
        )
    return database
