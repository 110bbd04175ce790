"""What was found in a repository, as nouns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

__all__ = ["MOST_BYTES", "FileKind", "ProjectFile", "ProjectFiles", "text_of"]

MOST_BYTES = 2_000_000
"""Of a file that is read; larger ones are told, and are no code that a person wrote."""


class FileKind(StrEnum):
    """What a file or folder is for."""

    MIGRATIONS = "migrations"
    SCHEMA = "SQL schema"
    QUERIES = "SQL queries"
    ROWS = "SQL rows"
    PRISMA = "Prisma schema"
    MODELS = "models"
    SETTINGS = "database settings"
    SERVICE = "database service"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True, order=True)
class ProjectFile:
    """A file, or a folder of migrations."""

    path: str
    """From the root, with slashes."""
    kind: FileKind
    tool: str = ""
    """What reads it, such as `prisma`, `dbmate`, `django`."""
    holds: tuple[str, ...] = ()
    """Names of what is in it: tables, services, variables. Never a value of a variable."""
    engine: str = ""
    """The engine that it names, in small letters; empty where it names none."""
    unread: str = ""
    """Why it could not be read; empty where it was."""
    remedy: str = ""

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = {"path": self.path, "kind": self.kind.value}
        for name in ("tool", "engine", "unread", "remedy"):
            if getattr(self, name):
                found[name] = getattr(self, name)
        return found | ({"holds": list(self.holds)} if self.holds else {})


@dataclass(frozen=True, slots=True)
class ProjectFiles:
    """All that concerns a database, and the code in which queries may stand."""

    root: Path
    found: tuple[ProjectFile, ...]
    code: tuple[Path, ...] = ()
    """Files of a language whose texts can be read, tests left out."""
    notes: tuple[str, ...] = ()
    """What was not looked at."""

    def of(self, *kinds: FileKind) -> Iterator[ProjectFile]:
        return (one for one in self.found if one.kind in kinds)

    @property
    def engines(self) -> dict[str, tuple[str, ...]]:
        """The engines that files name, each with the files."""
        named: dict[str, list[str]] = {}
        for one in self.found:
            if one.engine:
                named.setdefault(one.engine, []).append(one.path)
        return {engine: tuple(paths) for engine, paths in sorted(named.items())}

    def path(self, one: ProjectFile) -> Path:
        return self.root / one.path


def text_of(path: Path) -> str:
    """A file's text. Raises ValueError with the reason where it is none, OSError."""
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise ValueError(f"it has {size:,} bytes, and at most {MOST_BYTES:,} are read")
    data = path.read_bytes()
    if b"\0" in data:
        raise ValueError("it is no text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise ValueError(f"it is no UTF-8: byte {problem.start + 1}") from None
