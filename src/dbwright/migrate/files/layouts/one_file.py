"""One file of SQL, as psql would run it: what Django's `sqlmigrate` writes, a file of a folder that
has no order, or what comes by stdin. Each statement is a transaction of its own, unless the file
says BEGIN; a file with a head or parts of dbwright's is one, unless it says otherwise."""

from __future__ import annotations

import sys
from pathlib import Path

from dbwright.errors import BadMigration
from dbwright.migrate.files.layout import (
    Layout,
    outside,
    read_sql,
    without_psql,
)
from dbwright.migrate.files.text import text_of
from dbwright.model.migration import ReadMigration

__all__ = ["LAYOUT", "STDIN", "read_stdin"]

STDIN = "-"


def claims(path: Path) -> bool:
    """Is it a file at all?"""
    return path.is_file()


def read(path: Path) -> tuple[ReadMigration, ...]:
    return (_one(path, path.stem, text_of(path)),)


def read_stdin() -> tuple[ReadMigration, ...]:
    """What comes in, up to its end. Raises BadMigration where it is not UTF-8."""
    content = sys.stdin.buffer.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise BadMigration(
            f"what came in is not UTF-8: byte {problem.start + 1} can't be read",
            "turn it into UTF-8",
        ) from None
    return (_one(Path("stdin"), "stdin", text),)


def _one(path: Path, name: str, text: str) -> ReadMigration:
    found = read_sql(path, "", name, without_psql(text))
    return found if found.script.down is not None else outside(found)


LAYOUT = Layout("one-file", claims, read, of_files=True, last=True)
