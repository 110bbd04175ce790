from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dbwright.sandbox import Server
from servers.postgresql import Database

SCHEMA = (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shop(any_postgresql: Server) -> Iterator[Database]:
    """A database without rows that the tests of a module share: the judge leaves it as it is."""
    name = "judged"
    any_postgresql.create_database(name)
    database = Database(any_postgresql, name, any_postgresql.url(name))
    database.execute(SCHEMA)
    database.execute("ALTER DATABASE judged SET search_path = shop")
    yield database
    Database(any_postgresql, name, any_postgresql.url()).execute(f"DROP DATABASE {name}")
