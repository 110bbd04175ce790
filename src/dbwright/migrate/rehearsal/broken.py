"""What says nothing of a migration: the copy's own server broke, or its disk is full."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from dbwright.engines.postgresql.session import first_line
from dbwright.errors import SandboxError
from dbwright.migrate.rehearsal.runs import Outcome

__all__ = ["require_room_left", "telling_of_the_server"]

DISK_FULL = "53100"
LITTLE_BYTES = 64 << 20
"""With less of the disk free, a server that broke did so for that."""
MORE_ROOM = "set TMPDIR to a folder with more room, or copy fewer rows: --rows 1000"


@contextmanager
def telling_of_the_server() -> Iterator[None]:
    """Raises SandboxError where the throw-away server breaks within the block."""
    try:
        yield
    except psycopg.Error as problem:
        free = shutil.disk_usage(tempfile.gettempdir()).free
        if free < LITTLE_BYTES:
            raise _full() from problem
        raise SandboxError(
            f"the throw-away server broke: {first_line(problem)}", "run the command again"
        ) from problem


def require_room_left(outcome: Outcome) -> None:
    """Raises SandboxError where a run failed because the copy's disk is full."""
    if outcome.sqlstate == DISK_FULL:
        raise _full()


def _full() -> SandboxError:
    place = tempfile.gettempdir()
    return SandboxError(f"the disk of the copy became full ({place})", MORE_ROOM)
