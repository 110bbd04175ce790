from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from tests.agent.safe_sql.schema import TRAPS, TRAPS_14, WORLD

from dbwright.agent.role import role
from dbwright.configuration import Configuration
from dbwright.sandbox import Server, start
from servers.postgresql import majors

READER = "dbwright_agent"


@dataclass(frozen=True, slots=True)
class Place:
    """A database, as its superuser sees it and as the role that is made for agents."""

    server: Server
    name: str

    @property
    def superuser(self) -> str:
        return self.server.url(self.name)

    @property
    def reader(self) -> str:
        return self.server.url(self.name, READER)


def run_script(url: str, text: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(text.encode())


@pytest.fixture(
    scope="session",
    params=[
        pytest.param(major, marks=[] if major == 18 else pytest.mark.slow) for major in majors()
    ],
)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    settings = {
        "autovacuum": "off",
        "max_prepared_transactions": "2",
        "wal_level": "logical",
        "primary_conninfo": "'host=x password=conn-planted-pass'",
    }
    with start(request.param, settings=settings) as server:
        server.create_database("honest")
        honest = Place(server, "honest")
        run_script(honest.superuser, WORLD)
        server.create_database("trapped", "TEMPLATE honest")
        found = role(honest.superuser, configuration=Configuration())
        run_script(honest.superuser, found.data["up"])
        traps = TRAPS + (TRAPS_14 if server.major >= 14 else "")
        run_script(Place(server, "trapped").superuser, traps)
        yield honest


@pytest.fixture(scope="session")
def trapped(place: Place) -> Place:
    """The same with traps. The role may read all of it that its SQL lets it."""
    found = Place(place.server, "trapped")
    up: str = role(found.superuser, configuration=Configuration()).data["up"]
    grants = [line for line in up.splitlines() if line.startswith("GRANT") and " ON " in line]
    run_script(found.superuser, "\n".join(grants))
    return found
