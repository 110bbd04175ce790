"""What a changed file is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from dbwright.errors import DbwrightError
from dbwright.migrate.files.find import around

__all__ = ["ENDINGS", "Changed", "Kind", "kind_of", "sorted_out"]

SQL = (".sql", ".ddl", ".psql")
MODELS = (".py", ".prisma", ".ts", ".js", ".rb")
ENDINGS = (*SQL, *MODELS)
"""Of files that may concern a database."""
LONGEST_LOOK = 200_000
"""Bytes of a model file that are looked at."""
DECLARES = re.compile(
    rb"\bDeclarativeBase\b|\bdeclarative_base\b|\bmodels\.Model\b|\bSQLModel\b|\bmapped_column\b"
    rb"|\bpgTable\(|@Entity\(|\bsequelize\.define\b|\bActiveRecord::Base\b|\bApplicationRecord\b"
)
"""What files hold that declare tables: SQLAlchemy, Django, SQLModel, Drizzle, TypeORM, Sequelize,
Rails. Only a reason to say something: nothing is concluded from it about the schema."""


class Kind(StrEnum):
    """Of a file."""

    MIGRATION = "migration"
    SQL = "sql"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Changed:
    """Files that changed, by what they are."""

    migrations: tuple[Path, ...]
    sql: tuple[Path, ...]
    models: tuple[Path, ...]

    def __bool__(self) -> bool:
        return bool(self.migrations or self.sql or self.models)


def sorted_out(paths: Iterable[Path]) -> Changed:
    """The files of each kind, by name; those that are gone, or are none of them, are left out."""
    found: dict[Kind, list[Path]] = {kind: [] for kind in Kind}
    for path in sorted(set(paths)):
        kind = kind_of(path) if path.is_file() else None
        if kind is not None:
            found[kind].append(path)
    return Changed(*(tuple(found[kind]) for kind in (Kind.MIGRATION, Kind.SQL, Kind.MODEL)))


def kind_of(path: Path) -> Kind | None:
    """None for what does not concern a database."""
    if path.suffix in SQL:
        return Kind.MIGRATION if _is_migration(path) else Kind.SQL
    if path.suffix == ".prisma":
        return Kind.MODEL
    if path.suffix in MODELS and _declares_tables(path):
        return Kind.MODEL
    return None


def _is_migration(path: Path) -> bool:
    try:
        return around(path) is not None
    except DbwrightError:
        # Its neighbours can't be read: then lint says what is wrong with them.
        return True


def _declares_tables(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return DECLARES.search(file.read(LONGEST_LOOK)) is not None
    except OSError:
        return False
