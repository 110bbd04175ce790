"""Programs that the server's user can run.

The user that runs root's servers often can't enter the folder that holds the programs (a virtual
environment below /root): then they are copied, once, to where everybody may read.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from dbwright.errors import NoServerPrograms
from dbwright.sandbox.account import Account, can_enter
from dbwright.sandbox.cache import cache_folder, exclusive, prune

__all__ = ["reachable_programs"]

_FORMAT = "1"  # count up when something else is copied, or to another place
# What a server has no use for is not copied: headers, documentation, static libraries.
_NOT_NEEDED = shutil.ignore_patterns("include", "doc", "man", "pgxs", "pkgconfig", "*.a")


def reachable_programs(folder: Path, account: Account) -> Path:
    """`folder`, or a copy of the installation when the account can't run what is in `folder`.

    Raises `NoServerPrograms` when the programs don't run for the account from a copy either.
    """
    if not account.other or _runs(folder, account):
        return folder
    copy = _copied_installation(folder, account)
    if not _runs(copy, account):
        raise NoServerPrograms(
            f"The programs in {folder} can't be run by the user with the number {account.uid}, "
            "as which a server of root has to run.",
            "Install a PostgreSQL that every user can run (Debian, Ubuntu: apt-get install "
            "postgresql), or call dbwright as another user than root.",
        )
    return copy


@functools.cache
def _runs(folder: Path, account: Account) -> bool:
    for program in ("postgres", "initdb"):  # they need different libraries
        try:
            answer = subprocess.run(
                [folder / program, "--version"],
                capture_output=True,
                cwd="/",
                timeout=30,
                check=False,
                **account.popen_arguments(),
            )
        except OSError:
            return False
        if answer.returncode != 0:
            return False
    return True


def _copied_installation(folder: Path, account: Account) -> Path:
    cache = cache_folder("programs", reachable_by=lambda path: can_enter(path, account))
    status = (folder / "postgres").stat()
    identity = (_FORMAT, str(folder.resolve()), status.st_ino, status.st_mtime_ns, status.st_size)
    key = hashlib.sha256(repr(identity).encode()).hexdigest()[:20]
    copy = cache / key
    installation = folder.parent
    package = installation.parent
    with exclusive(cache / f"{key}.lock"):
        if not copy.exists():
            # One name for the half-made copy: what an interrupted run left is replaced.
            beside = cache / f"{key}.new"
            shutil.rmtree(beside, ignore_errors=True)
            _copy(installation, beside / package.name / installation.name)
            # A wheel keeps the libraries of its programs in a folder beside the package, and its
            # programs look for them at that relative place.
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.is_dir():
                _copy(libraries, beside / libraries.name)
            for path in (beside, *beside.rglob("*")):
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
            beside.rename(copy)
            prune(cache, keep=key)
        os.utime(copy)
    return copy / package.name / installation.name / folder.name


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, symlinks=True, ignore=_NOT_NEEDED)
