"""Options and fixtures of all tests. Fixtures that start servers are in `servers/`."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

# Where scripts/bootstrap puts the server programs of the other majors.
os.environ.setdefault(
    "DBWRIGHT_SERVERS", str(Path(__file__).resolve().parent.parent / ".cache" / "servers")
)
# So that `servers` can be imported whatever pytest's import mode is.
sys.path.insert(0, str(Path(__file__).resolve().parent))
# A shell starts what it puts in the background with Ctrl-C ignored, and programs that tests start
# would inherit that: they shall meet it as they would at a terminal.
signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ("servers.command_line", "servers.postgresql")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow as well")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="slow: run with --slow"))
