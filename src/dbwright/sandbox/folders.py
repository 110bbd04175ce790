"""Where throw-away servers live: one folder each, with a lock that tells whether its owner lives.

All lie in one root for each user, `<temporary folder>/dbwright-<uid>`. Beside the folder
`1a2b3c4d` stands `1a2b3c4d.lock`, which the owner keeps locked (flock) as long as it lives. The
lock comes before the folder and goes after it, so a folder whose lock can be had is a dead one.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from dbwright.errors import ServerDidNotStart
from dbwright.sandbox.account import Account, can_enter, server_account
from dbwright.sandbox.spread import spread_subfolders

__all__ = ["OwnedFolder", "abandoned", "sandbox_root"]

# The shortest of the systems' limits for the path of a unix socket (Linux has 107).
_LONGEST_SOCKET_PATH = 103
_LONGEST_INSIDE = "1a2b3c4d/.s.PGSQL.65535"
_NAME = re.compile(r"[0-9a-f]{8}")


class OwnedFolder:
    """A folder that is ours alone while this process lives; see `create` and `abandoned`.

    `path` is the folder (mode 0700, of the server's user once `hand_over` was called), `lock`
    its lock file, `descriptor` the open lock.
    """

    def __init__(self, path: Path, lock: Path, descriptor: int) -> None:
        self.path = path
        self.lock = lock
        self.descriptor = descriptor

    @classmethod
    def create(cls) -> OwnedFolder:
        """A new folder. Raises OSError, or `ServerDidNotStart` for a root of somebody else."""
        root = sandbox_root()
        while True:
            path = root / secrets.token_hex(4)
            folder = _lock_of(path, os.O_CREAT | os.O_EXCL)
            if folder is None:
                continue
            try:
                path.mkdir(mode=0o700)
            except BaseException:
                folder.remove()
                raise
            return folder

    @property
    def data(self) -> Path:
        """The data directory of the server."""
        return self.path / "data"

    @property
    def log(self) -> Path:
        """The file with the server's log."""
        return self.path / "log"

    @property
    def title(self) -> str:
        """A name that no other folder has, for the titles of the server's processes."""
        return f"{self.path.parent.name}/{self.path.name}"

    def write(self, name: str, text: str, account: Account) -> Path:
        """Write a new file that the server's user may read."""
        path = self.path / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        if account.other:
            os.chown(path, account.uid, account.gid)
        return path

    def hand_over(self, account: Account) -> None:
        """Let the server's user in: it makes its socket here."""
        if account.other:
            os.chown(self.path, account.uid, account.gid)

    def remove(self) -> None:
        """Remove the folder, then its lock. What can't be removed is left to the next sweep."""
        try:
            _remove_tree(self.path)
            self.lock.unlink(missing_ok=True)
        finally:
            self.release()

    def release(self) -> None:
        """Let go of the lock, whatever became of the folder."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def abandoned() -> Iterator[OwnedFolder]:
    """The folders whose owner is dead, each locked by us now: call `remove` or `release`."""
    root = sandbox_root()
    # What is listed here may be gone, or swept by another, a moment later.
    for name in sorted({entry.stem for entry in root.iterdir()}):
        if not _NAME.fullmatch(name):
            continue
        path = root / name
        has_lock = path.with_name(f"{name}.lock").exists()
        # A folder without lock lost it to something else than us: dead as well.
        folder = _lock_of(path, 0 if has_lock else os.O_CREAT | os.O_EXCL)
        if folder is not None:
            yield folder


def sandbox_root() -> Path:
    """The folder of all throw-away servers of this user, made when missing.

    Raises OSError, or `ServerDidNotStart` when it was made by somebody else.
    """
    account = server_account()
    name = f"dbwright-{os.geteuid()}"
    base = Path(tempfile.gettempdir())
    longest = len(os.fsencode(base / name / _LONGEST_INSIDE))
    if longest > _LONGEST_SOCKET_PATH or not can_enter(base, account):
        base = Path("/tmp")
    root = base / name
    # Root's servers run as another user, who has to get through (but can't look around).
    mode = 0o711 if account.other else 0o700
    made = not root.exists()
    if made:
        root.mkdir(mode=mode, exist_ok=True)
    status = root.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise ServerDidNotStart(
            f"The folder for throw-away servers, {root}, was made by somebody else.",
            "Have it removed, or set TMPDIR to a folder of your own.",
        )
    if stat.S_IMODE(status.st_mode) != mode:
        root.chmod(mode)
    if made:
        spread_subfolders(root)
    return root


def _lock_of(path: Path, creation: int) -> OwnedFolder | None:
    """Take the lock of the folder `path`; None when another has it, made it or removed it."""
    lock = path.with_name(f"{path.name}.lock")
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | creation
    try:
        descriptor = os.open(lock, flags, 0o600)
    except (FileExistsError, FileNotFoundError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Between our open and our lock its owner may have removed the file: then our lock is
        # one on a file without a name, and proves nothing.
        if os.path.samestat(os.fstat(descriptor), lock.stat()):
            return OwnedFolder(path, lock, descriptor)
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def _remove_tree(path: Path) -> None:
    """Remove a folder, also while a dying server or another sweeper works in it."""
    for attempt in range(100):
        try:
            shutil.rmtree(path)
            return
        except OSError as error:
            if isinstance(error, FileNotFoundError):
                if not path.exists():
                    return
            elif error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or attempt == 99:
                raise
        time.sleep(0.02)
