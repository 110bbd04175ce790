"""What says nothing of a migration: the copy's server, or its disk."""

from __future__ import annotations

import shutil
from collections import namedtuple

import psycopg
import pytest

from dbwright.errors import MigrationRefused, SandboxError
from dbwright.migrate.rehearsal.broken import require_room_left, telling_of_the_server
from dbwright.migrate.rehearsal.runs import Outcome

Usage = namedtuple("Usage", "total used free")


def test_a_full_disk_is_no_fault_of_the_migration() -> None:
    problem = MigrationRefused("could not extend file", "")
    problem.__cause__ = psycopg.errors.DiskFull("could not extend file")
    with pytest.raises(SandboxError, match="disk of the copy became full"):
        require_room_left(Outcome(1.0, 0, problem=problem))
    problem.__cause__ = psycopg.errors.UniqueViolation("duplicate key")
    require_room_left(Outcome(1.0, 0, problem=problem))


def test_a_server_that_broke(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = psycopg.OperationalError("it closed the connection")
    with (
        pytest.raises(SandboxError, match="server broke: it closed") as told,
        telling_of_the_server(),
    ):
        raise closed
    assert told.value.exit_status == 3
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 30, 1 << 30, 4096))
    with pytest.raises(SandboxError, match="the copy became full"), telling_of_the_server():
        raise closed
