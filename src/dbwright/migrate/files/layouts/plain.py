"""A folder of files that begin with digits: dbwright's own, and dbmate's, goose's, sql-migrate's,
node-pg-migrate's, Drizzle's, Supabase's, whose markers `script` reads."""

from __future__ import annotations

from pathlib import Path

from dbwright.migrate.files.folder import NAME, read_folder, without_version
from dbwright.migrate.files.layout import Layout, outside, unnamed
from dbwright.migrate.files.python_file import python_options
from dbwright.migrate.files.script import read_script
from dbwright.model.migration import Migration, MigrationScript, ReadMigration
from dbwright.model.report import Skipped
from dbwright.sql.lexer import comments

__all__ = ["LAYOUT"]

OUTSIDE = "postgres-migrations disable-transaction"
"""What ThomWright/postgres-migrations reads at a file's head."""


def claims(folder: Path) -> bool:
    """Does a file's name begin with its version?"""
    return folder.is_dir() and any(NAME.fullmatch(path.name) for path in folder.iterdir())


def read(folder: Path) -> tuple[ReadMigration, ...]:
    named = read_folder(folder, named_only=True)
    return tuple(_read(migration) for migration in named)


def _read(migration: Migration) -> ReadMigration:
    if migration.is_python:
        return ReadMigration(migration, MigrationScript((), None, python_options(migration)))
    found = ReadMigration(migration, read_script(migration))
    return outside(found) if _says_outside(Path(migration.path)) else found


def _says_outside(path: Path) -> bool:
    head = path.read_bytes()[:200].decode(errors="ignore")
    return any(OUTSIDE in comment.text for comment in comments(head))


def _passed_over(folder: Path) -> tuple[Skipped, ...]:
    return tuple(unnamed(path, "001_create_orders.sql") for path in without_version(folder))


LAYOUT = Layout("plain", claims, read, last=True, sets_lock_timeout=True, passed_over=_passed_over)
