"""As whom a throw-away server runs: PostgreSQL refuses to run as root."""

from __future__ import annotations

import functools
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Account", "can_enter", "server_account"]

# A server runs SQL of others: it gets nothing of the environment (where secrets may be) but
# what starting a program takes.
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system's user that runs a server; `other` when it is not ourselves."""

    uid: int
    gid: int
    other: bool

    def popen_arguments(self) -> dict[str, Any]:
        """Arguments for `subprocess`: as this user, with a bare environment, private files."""
        arguments: dict[str, Any] = {"env": _environment(), "umask": 0o077}
        if self.other:
            arguments |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return arguments


@functools.cache
def server_account() -> Account:
    """Ourselves; for root, the user `postgres` if there is one, else `nobody`."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), other=False)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, other=True)
    # No such users (an image without a user list): the number that Linux keeps for nobody.
    return Account(65534, 65534, other=True)


def _environment() -> dict[str, str]:
    """The environment of a server: reproducible, and without variables such as PGDATA."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | {"LC_ALL": "C", "TZ": "UTC"}


def can_enter(folder: Path, account: Account) -> bool:
    """Whether the account may pass through `folder` and all folders above it."""
    if not account.other:
        return os.access(folder, os.X_OK)
    for part in (folder, *folder.parents):
        status = part.stat()
        if status.st_uid == account.uid:
            permitted = status.st_mode & stat.S_IXUSR
        elif status.st_gid == account.gid:
            permitted = status.st_mode & stat.S_IXGRP
        else:
            permitted = status.st_mode & stat.S_IXOTH
        if not permitted:
            return False
    return True
