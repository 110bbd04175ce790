"""The folder for what is made once and used by every later start: templates and programs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dbwright.sandbox.folders import sandbox_root

__all__ = ["cache_folder", "exclusive", "prune"]

_UNUSED_AFTER = 30 * 86400.0


def cache_folder(kind: str, reachable_by: Callable[[Path], bool] = lambda path: True) -> Path:
    """A folder for `kind` that is ours, writable, and accepted by `reachable_by`.

    In $XDG_CACHE_HOME or ~/.cache (root: /var/cache), else among the temporary folders. Raises
    OSError when even there nothing can be written.
    """
    candidates = []
    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    home = Path(os.environ.get("HOME", ""))
    if given.is_absolute():
        candidates.append(given)
    if os.geteuid() == 0:
        candidates.append(Path("/var/cache"))
    elif home.is_absolute():
        candidates.append(home / ".cache")
    for candidate in candidates:
        try:
            folder = _prepared(candidate / "dbwright", kind)
        except OSError:
            continue
        if reachable_by(folder):
            return folder
    return _prepared(sandbox_root() / "cache", kind)


def _prepared(base: Path, kind: str) -> Path:
    """`base`/`kind`, made when missing. Raises PermissionError when others could write there."""
    folder = base / kind
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    for path in (base, folder):
        status = path.lstat()
        ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
        # What is in here gets executed: nobody else may have put it there.
        if not ours or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PermissionError(f"{path} can be written by others")
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(f"{path} can't be written")
        path.chmod(0o755)
    return folder


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file `path`: one thread of one process at a time, dropped at its death."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.utime(descriptor)
        yield
    finally:
        os.close(descriptor)


def prune(folder: Path, keep: str) -> None:
    """Remove what has not been used for 30 days (each use renews an entry's modified time)."""
    limit = time.time() - _UNUSED_AFTER
    for entry in folder.iterdir():
        # Another process may be pruning as well.
        with contextlib.suppress(FileNotFoundError):
            if entry.name.startswith(keep) or entry.lstat().st_mtime > limit:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
