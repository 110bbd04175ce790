"""A database with every kind of object, read once for each major version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.snapshot import Snapshot
from dbwright.sandbox import Server

FEATURES = Path(__file__).with_name("features.sql")


@pytest.fixture(scope="session")
def featured(any_postgresql: Server) -> Iterator[str]:
    """The URL of a database with every kind of object."""
    any_postgresql.create_database("features")
    url = any_postgresql.url("features")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(FEATURES.read_bytes())
    yield url
    with psycopg.connect(any_postgresql.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE features")


@pytest.fixture(scope="session")
def features(featured: str) -> Snapshot:
    with Session.open(featured, 30) as session:
        return read(session, values=None, workload=True)
