"""Folders of migrations that are no SQL: said with the command that writes them as SQL."""

from __future__ import annotations

import re
from pathlib import Path

from dbwright.errors import BadMigration
from dbwright.migrate.files.layout import Layout
from dbwright.model.migration import ReadMigration

__all__ = ["LAYOUT"]

DJANGO = re.compile(r"^\s*class Migration\(migrations\.Migration\)", re.MULTILINE)
ALEMBIC = re.compile(r"^down_revision\b", re.MULTILINE)
READ_BYTES = 20_000


def claims(folder: Path) -> bool:
    """Does a file say which tool it is for?"""
    return folder.is_dir() and bool(_way_out(folder))


def read(folder: Path) -> tuple[ReadMigration, ...]:
    """Raises BadMigration, always."""
    raise BadMigration(f"the migrations in {folder} are no SQL", _way_out(folder))


def _way_out(folder: Path) -> str:
    """The command that writes them as SQL; empty where no file is of such a tool."""
    for path in sorted(folder.iterdir()):
        if path.suffix == ".py":
            text = path.read_bytes()[:READ_BYTES].decode(errors="ignore")
            if DJANGO.search(text):
                return "write one as SQL: python manage.py sqlmigrate APP NAME > FILE.sql"
            if ALEMBIC.search(text):
                return "write them as SQL: alembic upgrade BEGIN:END --sql > FILE.sql"
        if path.suffix == ".rb" and path.name[:1].isdigit():
            return "dbwright reads Rails' db/structure.sql: config.active_record.schema_format"
    return ""


LAYOUT = Layout("elsewhere", claims, read, is_sql=False)
