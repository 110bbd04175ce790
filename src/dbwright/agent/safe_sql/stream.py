"""Rows as they come, and no more of them than may be: counted while they are read.

libpq gathers a whole row before it hands it out, however large. So what waits at the socket is
counted before it is read, and reading stops at the limit, in the middle of a row as well.
"""

from __future__ import annotations

import array
import contextlib
import select
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from dbwright.errors import Interrupted, TargetError

__all__ = ["Received", "receive"]

POLL_SECONDS = 0.25
"""Between two looks whether somebody cancelled."""


@dataclass(slots=True)
class Received:
    """What came of one statement; `unread` where the rest was left at the socket."""

    columns: tuple[tuple[str, int], ...] = ()
    """Names, and oids of types."""
    rows: list[tuple[bytes | None, ...]] = field(default_factory=list)
    more_rows: bool = False
    unread: bool = False

    @property
    def unfinished(self) -> bool:
        """Is the connection still at work on it?"""
        return self.more_rows or self.unread


def receive(
    connection: psycopg.Connection[Any],
    *,
    rows: int,
    read_bytes: int,
    seconds: float,
    cancelled: Callable[[], bool],
) -> Received:
    """The answer to a statement that was just sent. After `more_rows` or `unread` the connection
    is still at work. Raises psycopg.Error, Interrupted; TargetError after so many seconds: some
    functions don't look whether their time is up."""
    pgconn = connection.pgconn
    pgconn.set_single_row_mode()
    found = Received()
    left = read_bytes
    until = time.monotonic() + seconds
    while True:
        while pgconn.is_busy():
            left -= _wait(pgconn, until, cancelled)
            if left < 0:
                found.unread = True
                return found
            pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            return found
        if result.status == ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result, connection.info.encoding)
        if not found.columns:
            found.columns = _columns(result, connection.info.encoding)
        for row in range(result.ntuples):
            if len(found.rows) == rows:
                found.more_rows = True
                return found
            found.rows.append(tuple(result.get_value(row, n) for n in range(result.nfields)))


def _wait(pgconn: PGconn, until: float, cancelled: Callable[[], bool]) -> int:
    """Wait for something to read; how many bytes there are."""
    while True:
        if cancelled():
            raise Interrupted("the query was cancelled", "run it again")
        if time.monotonic() > until:
            raise TargetError(
                "the server did not end the query when its time was up, and is still at work on it",
                "ask for less; its owner can end it with pg_terminate_backend",
            )
        ready, _, _ = select.select([pgconn.socket], [], [], POLL_SECONDS)
        if ready:
            return _waiting(pgconn.socket)


def _waiting(socket: int) -> int:
    if sys.platform == "win32":
        return 65536
    import fcntl
    import termios

    size = array.array("i", [0])
    with contextlib.suppress(OSError):
        fcntl.ioctl(socket, termios.FIONREAD, size)
    return size[0]


def _columns(result: PGresult, encoding: str) -> tuple[tuple[str, int], ...]:
    return tuple(
        ((result.fname(n) or b"").decode(encoding, errors="replace"), result.ftype(n))
        for n in range(result.nfields)
    )
