from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.observe import commands_with


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of its own for the servers of one test, which must leave nothing."""
    folder = Path(tempfile.mkdtemp(prefix="dw-", dir="/tmp"))
    folder.chmod(0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    left = [path for path in folder.glob("dbwright-*/*") if path.name != "cache"]
    processes = commands_with(folder)
    shutil.rmtree(folder)
    assert left == []
    assert processes == []
