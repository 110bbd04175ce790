"""A server of ours that breaks is no fault of the target, and no internal error."""

from __future__ import annotations

import psycopg
import pytest

from dbwright.errors import SandboxError
from dbwright.sandbox import start
from dbwright.tune.own_servers import own_servers


def test_a_server_that_is_gone_is_told() -> None:
    with start() as server, psycopg.connect(server.url(), autocommit=True) as connection:
        server.kill()
        with pytest.raises(SandboxError) as told, own_servers():
            connection.execute("SELECT 1")
    assert "a throw-away server is gone" in told.value.message
    assert told.value.next_step == "run the command again"


def test_a_full_disk_is_told() -> None:
    with pytest.raises(SandboxError) as told, own_servers():
        raise psycopg.errors.DiskFull("could not extend file: No space left on device")
    assert "the disk is full" in told.value.message
    assert "TMPDIR" in told.value.next_step


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(psycopg.errors.UndefinedTable), own_servers():
        raise psycopg.errors.UndefinedTable("relation")
