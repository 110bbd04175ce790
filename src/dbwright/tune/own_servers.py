"""What befell a throw-away server, told as that: nothing is wrong with the target or the call."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from dbwright.engines.postgresql.session import first_line
from dbwright.errors import SandboxError

__all__ = ["own_servers"]

FULL_BYTES = 16 << 20
"""The next segment of the write-ahead log: a server that does not get it stops."""
MORE_ROOM = "set TMPDIR to a folder with more room"


@contextmanager
def own_servers() -> Iterator[None]:
    """For a block that talks to servers of ours alone. Raises SandboxError where one is gone, or
    has no room left."""
    try:
        yield
    except psycopg.errors.DiskFull as problem:
        raise SandboxError(_full(problem), MORE_ROOM) from None
    except psycopg.errors.QueryCanceled:
        raise
    except psycopg.OperationalError as problem:
        if shutil.disk_usage(tempfile.gettempdir()).free < FULL_BYTES:
            raise SandboxError(_full(problem), MORE_ROOM) from None
        raise SandboxError(
            f"a throw-away server is gone: {first_line(problem)}", "run the command again"
        ) from None


def _full(problem: psycopg.Error) -> str:
    return f"the disk is full, and a throw-away server can't go on: {first_line(problem)}"
