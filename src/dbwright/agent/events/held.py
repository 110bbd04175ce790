"""The file of the log, held against other processes that write to it.

The lock is the file's own (flock), so nothing is left behind by who dies. Where the log is moved
away meanwhile (rotated), the new one is taken.
"""

from __future__ import annotations

import errno
import fcntl
import os
import random
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dbwright.errors import EventLogUnusable

__all__ = ["WAIT_SECONDS", "held", "open_to_read", "release", "sync_folder"]

WAIT_SECONDS = 10.0
"""For other writers: each needs milliseconds."""

NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EIO}
"""How file systems refuse to lock; those of networks do."""

STATES = {"T": ", which is stopped", "t": ", which is stopped", "D": ", which waits for a disk"}


@contextmanager
def held(path: Path, wait_seconds: float = WAIT_SECONDS) -> Iterator[int]:
    """The open log, for reading and appending, until the block ends; made where it is not there
    (its folder has to be). Raises EventLogUnusable."""
    deadline = time.monotonic() + wait_seconds
    while True:
        handle, is_new = _opened(path)
        try:
            _lock(handle, path, deadline)
            if _is_still(handle, path):
                if is_new or os.fstat(handle).st_size == 0:
                    sync_folder(path.parent)
                yield handle
                return
        finally:
            release(handle)
            os.close(handle)
        if time.monotonic() > deadline:
            raise EventLogUnusable(f"{path} is replaced over and over", "see what rotates it")


def release(handle: int) -> None:
    """Let the others go on; the file stays open. (Closing it would not do where a child was forked
    meanwhile: it keeps the file open.)"""
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_UN)


@contextmanager
def open_to_read(path: Path) -> Iterator[int | None]:
    """The open log, without a lock: its lines never change. None where there is none.

    Raises EventLogUnusable.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        yield None
        return
    except OSError as problem:
        raise _unusable(path, problem, "read") from None
    try:
        _require_file(handle, path)
        yield handle
    finally:
        os.close(handle)


def sync_folder(folder: Path) -> None:
    """A new name is on disk only when its folder is. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _opened(path: Path) -> tuple[int, bool]:
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        try:
            handle, is_new = os.open(path, flags), False
        except FileNotFoundError:
            handle, is_new = os.open(path, flags | os.O_CREAT, 0o666), True
    except OSError as problem:
        raise _unusable(path, problem, "write") from None
    try:
        _require_file(handle, path)
    except EventLogUnusable:
        os.close(handle)
        raise
    return handle, is_new


def _require_file(handle: int, path: Path) -> None:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        raise EventLogUnusable(f"{path} is no file", "move it away: the log is made anew")


def _unusable(path: Path, problem: OSError, doing: str) -> EventLogUnusable:
    said = problem.strerror or str(problem)
    if problem.errno == errno.ELOOP:
        return EventLogUnusable(
            f"{path} is a symbolic link, and the log is never written through one",
            "put the file itself there",
        )
    steps = {
        errno.ENOENT: f"make the folder {path.parent}, or run this in the repository's root",
        errno.EACCES: "see who may write there",
        errno.EROFS: "the file system is read-only: use one that is not",
        errno.EISDIR: "move the folder away: the log is a file",
    }
    step = steps.get(problem.errno or 0, "see what is wrong with its file system")
    return EventLogUnusable(f"can't {doing} {path}: {said}", step)


def _lock(handle: int, path: Path, deadline: float) -> None:
    """Waits in small steps rather than in flock itself, so that a stopped holder is told of."""
    pause = 0.0002
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise _busy(handle, path) from None
        except OSError as problem:
            if problem.errno in NO_LOCKS:
                raise EventLogUnusable(
                    f"can't lock {path}: {problem.strerror}; its file system has no locks, and "
                    "without them events of two writers could be lost",
                    "put the repository on a local disk (or mount the network's with locks)",
                ) from None
            raise _unusable(path, problem, "lock") from None
        time.sleep(pause * (0.5 + random.random()))
        pause = min(pause * 1.5, 0.01)


def _busy(handle: int, path: Path) -> EventLogUnusable:
    pid = _holder(handle)
    if pid is None:
        return EventLogUnusable(f"{path} is held by another process", f"see: lsof {path}")
    state = ""
    with suppress(OSError, IndexError):
        about = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        state = STATES.get(about.rpartition(")")[2].split()[0], "")
    step = f"kill -CONT {pid}, or end it" if "stopped" in state else f"see what process {pid} does"
    return EventLogUnusable(f"{path} is held by process {pid}{state}", step)


def _holder(handle: int) -> int | None:
    """The process that has the lock, where the system tells (Linux)."""
    inode = str(os.fstat(handle).st_ino)
    with suppress(OSError, ValueError):
        for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
            words = line.split()
            # `1: FLOCK ADVISORY WRITE 4711 fe:00:131074 0 EOF`; `->` marks those that wait.
            if "->" in words or words[1] != "FLOCK" or words[5].rpartition(":")[2] != inode:
                continue
            if int(words[4]) > 0:
                return int(words[4])
    return None


def _is_still(handle: int, path: Path) -> bool:
    """Does the path still name the open file?"""
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False
