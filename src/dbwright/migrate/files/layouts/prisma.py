"""Prisma, and Diesel: a folder for each migration, with `migration.sql`, or `up.sql` and
`down.sql`. Prisma sends a file as one message, which is one transaction."""

from __future__ import annotations

import re
from pathlib import Path

from dbwright.errors import BadMigration
from dbwright.migrate.files.layout import (
    Layout,
    by_implicit_transaction,
    read_sql,
    with_way_back,
)
from dbwright.model.migration import ReadMigration

__all__ = ["LAYOUT"]

NAME = re.compile(r"([\d-]*\d)_(.*)", re.DOTALL)
UPS = ("migration.sql", "up.sql")
LOCK = "migration_lock.toml"
OTHER_PROVIDER = re.compile(r'^\s*provider\s*=\s*"(?!postgres)(\w+)"', re.MULTILINE)


def claims(folder: Path) -> bool:
    """Does a folder within it hold the file of one migration?"""
    return folder.is_dir() and ((folder / LOCK).is_file() or any(map(_up, folder.iterdir())))


def read(folder: Path) -> tuple[ReadMigration, ...]:
    _require_postgresql(folder / LOCK)
    return tuple(_read(one) for one in sorted(folder.iterdir()) if _up(one))


def _read(folder: Path) -> ReadMigration:
    match = NAME.fullmatch(folder.name)
    version, name = (folder.name, "") if match is None else (match[1], match[2])
    path = _up(folder)
    assert path is not None
    found = by_implicit_transaction(read_sql(path, version, name))
    back = folder / "down.sql"
    return with_way_back(found, back) if back.is_file() else found


def _up(folder: Path) -> Path | None:
    """The file of the way up; None where it is no folder of a migration."""
    if not folder.is_dir() or folder.name.startswith("."):
        return None
    return next((folder / name for name in UPS if (folder / name).is_file()), None)


def _require_postgresql(lock: Path) -> None:
    """Raises BadMigration where the file says that they are for another engine."""
    if not lock.is_file():
        return
    other = OTHER_PROVIDER.search(lock.read_text(encoding="utf-8", errors="replace"))
    if other is not None:
        raise BadMigration(
            f"{lock} says that these migrations are for {other[1]}",
            "dbwright reads migrations of PostgreSQL",
        )


LAYOUT = Layout("prisma", claims, read, nested=True)
