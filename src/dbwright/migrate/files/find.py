"""Which layout a folder or a file has, and what it reads there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dbwright.discovery import declared_in
from dbwright.errors import BadMigration, FileUnreadable
from dbwright.migrate.files import layouts
from dbwright.migrate.files.layout import Layout
from dbwright.model.migration import ReadMigration
from dbwright.model.report import Skipped

__all__ = ["Found", "all_layouts", "alone", "around", "read_all"]


@dataclass(frozen=True, slots=True)
class Found:
    """What was read, and how it is laid out."""

    layout: Layout
    migrations: tuple[ReadMigration, ...]
    passed_over: tuple[Skipped, ...] = ()
    """Files of the folder that are none of it by their names; `part` is the path."""


@lru_cache(maxsize=1)
def all_layouts() -> tuple[Layout, ...]:
    """Every layout, those that are only asked last at the end; else by name."""
    found = declared_in(layouts, Layout)
    return tuple(sorted(found, key=lambda layout: (layout.last, layout.name)))


def read_all(path: Path) -> Found:
    """A folder, or a file alone. Raises FileUnreadable, BadMigration."""
    if not path.exists():
        raise FileUnreadable(f"there is no {path}", "name a .sql file or a folder of migrations")
    layout = _of(path, all_layouts())
    if layout is None:
        raise BadMigration(
            f"there are no migrations in {path}",
            "name a folder of .sql files that begin with a version, or a .sql file",
        )
    return _found(layout, path)


def alone(folder: Path) -> Path | None:
    """The file of the migration whose own folder this is (Prisma, Diesel); None where it is none.

    Raises FileUnreadable, BadMigration."""
    if _of(folder, all_layouts()) is not None:
        return None
    parent = _parent(folder)
    layout = _of(parent, [one for one in all_layouts() if one.nested])
    if layout is None:
        return None
    files = (Path(one.migration.path) for one in layout.read(parent))
    return next((file for file in files if file.parent.resolve() == folder.resolve()), None)


def around(path: Path) -> Found | None:
    """The folder of migrations that a file is part of, or lies in with a name that tells no
    version; None where it is part of none."""
    for folder, nested in ((path.parent, False), (_parent(path.parent), True)):
        layout = _of(folder, [one for one in all_layouts() if one.nested or not nested])
        if layout is None or not layout.is_sql:
            continue
        found = _found(layout, folder)
        paths = [one.migration.path for one in found.migrations]
        paths += [one.part for one in found.passed_over]
        wanted = path.resolve()
        if any(Path(one).resolve() == wanted for one in paths):
            return found
    return None


def _parent(folder: Path) -> Path:
    """The folder around it: `.` has no other name for it."""
    return folder.parent if folder.name not in ("", "..") else folder.resolve().parent


def _found(layout: Layout, path: Path) -> Found:
    return Found(layout, layout.read(path), layout.passed_over(path))


def _of(path: Path, among: Iterable[Layout]) -> Layout | None:
    try:
        return next(
            (
                layout
                for layout in among
                if layout.of_files is not path.is_dir() and layout.claims(path)
            ),
            None,
        )
    except OSError as problem:
        raise FileUnreadable(
            f"can't read {problem.filename or path}: {problem.strerror}",
            "see that you may read it",
        ) from None
