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

__all__ = ["Found", "all_layouts", "around", "read_all"]


@dataclass(frozen=True, slots=True)
class Found:
    """What was read, and how it is laid out."""

    layout: Layout
    migrations: tuple[ReadMigration, ...]


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
    return Found(layout, layout.read(path))


def around(path: Path) -> Found | None:
    """The folder of migrations that a file is part of; None where it is part of none."""
    for folder, nested in ((path.parent, False), (path.parent.parent, True)):
        layout = _of(folder, [one for one in all_layouts() if one.nested or not nested])
        if layout is None or not layout.is_sql:
            continue
        found = Found(layout, layout.read(folder))
        wanted = path.resolve()
        if any(Path(one.migration.path).resolve() == wanted for one in found.migrations):
            return found
    return None


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
