"""The command line, called in this process."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dbwright.cli.app import run

__all__ = ["Done", "dbwright"]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a command line."""

    status: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """Of a command that wrote JSON to stdout."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def keys(self) -> set[str]:
        return {finding["key"] for finding in self.report["findings"]}

    @property
    def rules(self) -> set[str]:
        return {finding["rule"] for finding in self.report["findings"]}


@pytest.fixture
def dbwright(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Done]]:
    """Runs a command line in this process, in an empty folder and without PG* variables."""
    for name in [*os.environ]:
        if name.startswith("PG") or name in ("DATABASE_URL", "FORCE_COLOR", "NO_COLOR"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: str | Path) -> Done:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Done(status, captured.out, captured.err)

    yield call
    signal.signal(signal.SIGTERM, before)
