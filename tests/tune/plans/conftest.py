"""A server of each major that an example asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from dbwright.sandbox import Server, start


@pytest.fixture(scope="session")
def server_of() -> Iterator[Callable[[int], Server]]:
    with ExitStack() as stack:
        running: dict[int, Server] = {}

        def get(major: int) -> Server:
            if major not in running:
                running[major] = stack.enter_context(start(major))
            return running[major]

        yield get
