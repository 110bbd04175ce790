"""The files of a folder of migrations, in their order.

A name is digits, `_` or `-`, and words: `001_create_orders.sql`, `20260102030405-add-index.sql`.
Files are read for their checksum alone: what they say is `script`'s to tell.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from dbwright.errors import BadMigration, FileUnreadable
from dbwright.model.migration import Migration

__all__ = ["missing_between", "read_folder", "require_files", "without_version"]

NAME = re.compile(r"(\d+)[_-](.+)\.(sql|py)", re.IGNORECASE | re.DOTALL)
ENDINGS = (".sql", ".py")
LONGEST_SERIAL = 8
"""Digits; longer versions are times, between which nothing is missing."""


def read_folder(folder: Path, *, named_only: bool = False) -> tuple[Migration, ...]:
    """The migrations of a folder, by version. Hidden files, `__init__.py` and files with other
    endings are passed over; with `named_only` what `without_version` tells is, too.

    Raises FileUnreadable, BadMigration for a name that tells no version, or a version twice.
    """
    try:
        with os.scandir(folder) as entries:
            found = [
                _migration(entry)
                for entry in entries
                if _counts(entry.name) and not (named_only and NAME.fullmatch(entry.name) is None)
            ]
    except OSError as problem:
        raise FileUnreadable(
            f"can't read {problem.filename or folder}: {problem.strerror}",
            "name the folder of migrations with --dir",
        ) from None
    found.sort(key=lambda migration: (migration.number, migration.path))
    for one, other in pairwise(found):
        if one.number == other.number:
            raise BadMigration(
                f"{one.path} and {other.path} have the same version",
                "give the later one a higher number; UP and DOWN are parts of one file",
            )
    return tuple(found)


def without_version(folder: Path) -> tuple[Path, ...]:
    """Files of SQL and Python whose names tell no version: nothing may run in a folder that has
    one, for nobody knows when it is its turn."""
    named = (path for path in sorted(folder.iterdir()) if _counts(path.name))
    return tuple(path for path in named if NAME.fullmatch(path.name) is None)


def require_files(migrations: Iterable[Migration], folder: Path) -> None:
    """Raises BadMigration for a folder without migrations."""
    if not any(True for _ in migrations):
        raise BadMigration(
            f"there are no migrations in {folder}",
            "name their folder with --dir, or begin with: dbwright migrate new NAME",
        )


def missing_between(migrations: Iterable[Migration]) -> tuple[int, ...]:
    """Numbers that are left out between the first file and the last one, where files are counted
    one by one."""
    numbers = [one.number for one in migrations if len(one.version) <= LONGEST_SERIAL]
    if not numbers or numbers[-1] - numbers[0] >= 2 * len(numbers):
        return ()  # counted by tens, or by days
    return tuple(sorted(set(range(numbers[0], numbers[-1])) - set(numbers)))


def _counts(name: str) -> bool:
    return name.lower().endswith(ENDINGS) and not name.startswith((".", "__"))


def _migration(entry: os.DirEntry[str]) -> Migration:
    match = NAME.fullmatch(entry.name)
    if match is None:
        raise BadMigration(
            f"the name of {entry.path} tells no version",
            "write digits, _ or -, and words: 001_create_orders.sql",
        )
    if not entry.is_file():
        raise BadMigration(
            f"{entry.path} is no file, or a link to none",
            "put the file there, or give it another name",
        )
    if match[2].endswith(".down"):
        raise BadMigration(
            f"{entry.path} is a file of its own for the way back",
            "put it into the file of the way there, behind a line `-- DOWN`",
        )
    with Path(entry.path).open("rb", buffering=0) as file:
        return Migration(match[1], match[2], entry.path, _checksum(file.readall()))


def _checksum(content: bytes) -> str:
    """Of the bytes, with line ends as on Unix: version control may change them on the way."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()
