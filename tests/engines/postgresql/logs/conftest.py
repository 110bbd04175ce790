"""Real traffic, logged by each major in all its formats."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from servers.logs import Traffic, drive, logging_server, wait_for_log
from servers.postgresql import majors


@pytest.fixture(scope="session", params=majors())
def logged(request: pytest.FixtureRequest) -> Iterator[Traffic]:
    """Real traffic, logged by each major in all its formats."""
    with logging_server(request.param) as server:
        server.create_database("shop")
        traffic = Traffic(server.major, server.data_directory / "log")
        drive(server, traffic.statements)
        wait_for_log(server)
        yield traffic
