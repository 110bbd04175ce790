"""Ending what runs on servers from another thread, for work that nobody waits for any more.

A connection that is opened in a block of `ended_by` belongs to its `Ending`. When that is told to,
the running statement is cancelled on the server and the connection is cut, so that the work finds
it broken rather than going on with its next statement; and no new one is opened for it.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.pq.abc import PGcancelConn

from dbwright.errors import Interrupted

__all__ = ["Ending", "ended_by", "noted"]

AGAIN_SECONDS = 0.2
"""After the first cancel: a statement that was on its way then had not begun."""


@dataclass(frozen=True, slots=True)
class _Open:
    """What ends a connection without touching the object that another thread uses."""

    cancel: PGcancelConn
    wire: socket.socket
    """A descriptor of our own: the number of theirs may be another file's by now."""


class Ending:
    """Of one piece of work. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: list[_Open] = []
        self._ended = False

    def end(self) -> None:
        """Returns at once; a thread talks to the servers."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
            connections, self._open = self._open, []
        if connections:
            threading.Thread(target=_end, args=(connections,), daemon=True).start()

    def note(self, connection: psycopg.Connection[Any]) -> None:
        """Raises Interrupted where the work was ended already; the connection is closed then."""
        pgconn = connection.pgconn
        with self._lock:
            if not self._ended:
                wire = socket.fromfd(pgconn.socket, socket.AF_UNIX, socket.SOCK_STREAM)
                self._open.append(_Open(pgconn.cancel_conn(), wire))
                return
        connection.close()
        raise Interrupted("nobody waits for it any more")

    def forget(self) -> None:
        """Let go of connections that were not ended."""
        with self._lock:
            connections, self._open = self._open, []
        for one in connections:
            one.wire.close()


_ending: ContextVar[Ending | None] = ContextVar("ending", default=None)


@contextmanager
def ended_by(ending: Ending) -> Iterator[None]:
    """Connections that are opened in the block, by this thread, are ended by `ending`."""
    token = _ending.set(ending)
    try:
        yield
    finally:
        _ending.reset(token)
        ending.forget()


def noted(connection: psycopg.Connection[Any]) -> None:
    """To be told of each connection to a target. Raises Interrupted."""
    ending = _ending.get()
    if ending is not None:
        ending.note(connection)


def _end(connections: list[_Open]) -> None:
    # Cancelled first: a pooler forgets whose statement it was when the client has gone.
    _cancel(connections)
    for one in connections:
        with contextlib.suppress(OSError):
            one.wire.shutdown(socket.SHUT_RDWR)
        one.wire.close()
    time.sleep(AGAIN_SECONDS)
    _cancel(connections)


def _cancel(connections: list[_Open]) -> None:
    for one in connections:
        # A server that can't be reached has nobody's statement to end.
        with contextlib.suppress(psycopg.Error):
            one.cancel.blocking()
            one.cancel.reset()
