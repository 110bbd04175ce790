"""The capture's file: JSON lines, appended by any number of processes, rotated by size.

The first line of a file is

    {"kind": "capture", "format": "dbwright-capture", "version": 1, "file": "<random>", "at": …}

Each other line has `kind` and `process` (its number and a random word), and is one of

    statement  id, text (with $1 … for parameters), site {file, line, function},
               cut (characters, where the text was too long to be kept whole)
    calls      id, calls, seconds, squares (sum of squared seconds), min, max, histogram
               [[n, calls], …] (n: up to 0.000001 * 2 ** (n / 4) seconds), first, last, and where
               known: rows, errors (calls that failed; they are among the calls), batches and
               sets (calls that sent many sets of values at once, and how many those were),
               values [[…], …] (of $1 …; only if asked for), scale (where recording paused: by how
               much to multiply the line's sums, so that all calls together are as many as there
               were; for one statement that is an estimate)
    sequence   what one transaction sent, or one session without a pause where transaction is 0:
               session, transaction, first, last, left_out (calls after the last step),
               steps [[id, times, seconds, rows, changed, varying], …] (changed: how many calls
               from the third one on had other values than the call before; varying: the numbers
               of the parameters that these were)
    interval   from, to, transactions, of_one_statement, lost (calls that could not be kept),
               missed (calls during pauses, all statements together),
               longer (sequences of more than one statement), sampled (those of them written)

Moments are seconds since 1970. An `id` means what the last `statement` line before it with the
same process and id says, in the same file. Lines of `calls` add up. A reader leaves out a last
line that has no end, and kinds and fields that it does not know.

A file that grows beyond its size is renamed to `….jsonl.1`, the one before to `….jsonl.2` …
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows: one process a file there
    fcntl = None  # type: ignore[assignment]

__all__ = ["FORMAT", "FORMAT_VERSION", "Writer"]

FORMAT = "dbwright-capture"
FORMAT_VERSION = 1

Lines = Callable[[str], list[dict[str, Any]]]
"""Gives the lines for the file of that name."""


class Writer:
    """Appends whole lines to a file, together with other processes that do."""

    def __init__(self, path: Path, most_bytes: int, keep: int) -> None:
        self.path = path
        self._most_bytes = most_bytes
        self._keep = keep

    def write(self, lines: Lines) -> None:
        """Append what `lines` gives for the file, all or nothing. Raises OSError."""
        with self._opened() as handle:
            size = os.fstat(handle).st_size
            name = self._name(handle) if size else ""
            if not name:
                name = os.urandom(8).hex()
                size += _append(handle, size, [self._header(name)])
            content = lines(name)
            size += _append(handle, size, content)
            if size > self._most_bytes:
                self._rotate()

    def _header(self, name: str) -> dict[str, Any]:
        return {
            "kind": "capture",
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "file": name,
            "at": round(time.time(), 3),
        }

    def _name(self, handle: int) -> str:
        """The random word in the file's first line; empty where it is no capture's."""
        first = os.pread(handle, 300, 0).split(b"\n")[0]
        with contextlib.suppress(ValueError):
            header = json.loads(first)
            if isinstance(header, dict) and header.get("format") == FORMAT:
                return str(header["file"])
        raise FileExistsError(f"{self.path} is there already and no capture's file")

    @contextlib.contextmanager
    def _opened(self) -> Iterator[int]:
        """The file, held against other processes until the block ends."""
        while True:
            # Constants may be in the statements: only for the owner's eyes.
            handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                if fcntl is not None:
                    fcntl.flock(handle, fcntl.LOCK_EX)
                if _is_still(handle, self.path):
                    yield handle
                    return
            finally:
                if fcntl is not None:  # a child that was forked meanwhile keeps the file open
                    fcntl.flock(handle, fcntl.LOCK_UN)
                os.close(handle)

    def _rotate(self) -> None:
        names = [self.path.with_name(f"{self.path.name}.{n}") for n in range(1, self._keep + 1)]
        chain = [self.path, *names]
        if not names:
            self.path.unlink()
        for older, newer in zip(reversed(chain[1:]), reversed(chain[:-1]), strict=True):
            if newer.exists():
                newer.replace(older)


def _is_still(handle: int, path: Path) -> bool:
    """Does the path still name the open file, or was it rotated meanwhile?"""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _append(handle: int, size: int, lines: list[dict[str, Any]]) -> int:
    """The bytes written; a disk that is full leaves the file as it was."""
    content = b"".join(
        json.dumps(line, separators=(",", ":"), default=str).encode() + b"\n" for line in lines
    )
    rest = memoryview(content)
    try:
        while rest:
            rest = rest[os.write(handle, rest) :]
    except OSError:
        os.ftruncate(handle, size)
        raise
    return len(content)
