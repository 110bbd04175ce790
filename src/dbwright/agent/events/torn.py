"""What a crash left of a last line.

A writer that is killed, or a machine that loses power, leaves a line without its end. If the line
is whole, its end is written; if not, it is moved into a file of its own beside the log, so that the
next event does not grow into it and nothing is lost.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from dbwright.agent.events.entry import Fault, parse
from dbwright.agent.events.held import sync_folder
from dbwright.agent.events.lines import LONGEST

__all__ = ["tail_start", "torn_tail"]

BLOCK = 1 << 16
PATIENCE = 0.05
"""Seconds to wait for a writer that takes no lock and has written half of its line."""


def torn_tail(handle: int, path: Path) -> Path | None:
    """Make the end of the held log the end of a line; where a torn line was put, if there was one.

    Raises OSError.
    """
    start = tail_start(handle)
    size = os.fstat(handle).st_size
    while start < size:
        # A writer that takes no lock may be in the middle of its line.
        time.sleep(PATIENCE)
        now, size = size, os.fstat(handle).st_size
        if now == size:
            break
        start = tail_start(handle)
    if start >= size:
        return None
    if size - start <= LONGEST:
        tail = _read(handle, start, size)
        found = parse(1 if start == 0 else 2, tail)
        if not any(isinstance(one, Fault) for one in found):
            os.write(handle, b"\n")
            return None
    return _set_apart(handle, path, start, size)


def tail_start(handle: int) -> int:
    """Where the last line begins; the file's size where it has its end. Raises OSError."""
    at = os.fstat(handle).st_size
    while at > 0:
        begins = max(0, at - BLOCK)
        place = os.pread(handle, at - begins, begins).rfind(b"\n")
        if place >= 0:
            return begins + place + 1
        at = begins
    return 0


def _set_apart(handle: int, path: Path, start: int, size: int) -> Path:
    """Copy the tail into a file, and take it from the log when that is on disk. Cut off between,
    the next one does the same again, into the same file."""
    digest = hashlib.sha256()
    for at in range(start, size, LONGEST):
        digest.update(_read(handle, at, min(size, at + LONGEST)))
    apart = path.with_name(f"{path.name}.torn-{start}-{digest.hexdigest()[:12]}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    target = os.open(apart, flags, 0o666)
    try:
        for at in range(start, size, LONGEST):
            rest = memoryview(_read(handle, at, min(size, at + LONGEST)))
            while rest:
                rest = rest[os.write(target, rest) :]
        os.fsync(target)
    finally:
        os.close(target)
    sync_folder(path.parent)
    os.ftruncate(handle, start)
    os.fsync(handle)
    return apart


def _read(handle: int, start: int, end: int) -> bytes:
    pieces = []
    while start < end and (piece := os.pread(handle, end - start, start)):
        pieces.append(piece)
        start += len(piece)
    return b"".join(pieces)
