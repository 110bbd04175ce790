"""Databases that hold the queries' tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import sql

from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.sandbox import Server
from sql.scope.place import FOLDER, Place


@pytest.fixture(scope="session")
def place_of(postgresql: Server) -> Iterator[Callable[[str], Place]]:
    """The database with the tables of `queries/NAME.schema.sql`."""
    places: dict[str, Place] = {}

    def get(name: str) -> Place:
        if name not in places:
            database = f"scope_{name}"
            postgresql.create_database(database)
            url = postgresql.url(database)
            connection = psycopg.connect(url, autocommit=True)
            connection.execute((FOLDER / f"{name}.schema.sql").read_bytes())
            with Session.open(url, 60) as session:
                places[name] = Place(connection, introspect(session))
        return places[name]

    yield get
    for name, place in places.items():
        place.connection.close()
        with psycopg.connect(postgresql.url(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(f"scope_{name}"))
            )
