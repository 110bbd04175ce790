"""What `alembic upgrade a:b --sql` writes: one file, with `-- Running upgrade a -> b` before each
revision. Each is a migration of its own here, for most were deployed at different times; the
statements that keep Alembic's own table are part of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from dbwright.errors import BadMigration
from dbwright.migrate.files.layout import Layout, by_implicit_transaction, read_sql
from dbwright.migrate.files.text import text_of
from dbwright.model.migration import Migration, ReadMigration, ScriptStatement
from dbwright.sql.lexer import comments, significant

__all__ = ["LAYOUT"]

MARK = re.compile(r"--\s*Running (upgrade|downgrade)\s+(\S*?)\s*->\s*(\S*)\s*")
ENDS = ("begin", "commit")


def claims(path: Path) -> bool:
    """Does a comment name a revision?"""
    if not path.is_file() or path.suffix.lower() != ".sql":
        return False
    return bool(_marks(path.read_bytes().decode(errors="ignore")))


def read(path: Path) -> tuple[ReadMigration, ...]:
    text = text_of(path)
    marks = _marks(text)
    if any(match[1] == "downgrade" for _, match in marks):
        raise BadMigration(
            f"{path} takes revisions back", "write the way up: alembic upgrade BEGIN:END --sql"
        )
    whole = read_sql(path, "", path.stem, text)
    lines = [text.count("\n", 0, offset) + 1 for offset, _ in marks]
    starts = [1, *lines[1:]]  # what stands before the first mark is its own
    return tuple(
        _part(whole, match, first, last)
        for (_, match), first, last in zip(marks, starts, [*starts[1:], None], strict=True)
    )


def _part(
    whole: ReadMigration, match: re.Match[str], first: int, last: int | None
) -> ReadMigration:
    """The statements of one revision; one that its author put into an autocommit block ends the
    transaction before it, and is outside."""
    statements = tuple(_without_ends(whole.script.up, first, last))
    migration = Migration(match[3], "", whole.migration.path, whole.migration.checksum)
    return by_implicit_transaction(ReadMigration(migration, replace(whole.script, up=statements)))


def _without_ends(
    statements: tuple[ScriptStatement, ...], first: int, last: int | None
) -> Iterator[ScriptStatement]:
    """Those of these lines, without the BEGIN before all revisions and the COMMIT behind them."""
    for place, one in enumerate(statements):
        if one.line < first or (last is not None and one.line >= last):
            continue
        word = next(significant(one.text)).lower
        outer = place in (0, len(statements) - 1) and word in ENDS
        if not outer:
            yield one


def _marks(text: str) -> list[tuple[int, re.Match[str]]]:
    found = ((one.offset, MARK.fullmatch(one.text.rstrip())) for one in comments(text))
    return [(offset, match) for offset, match in found if match is not None]


LAYOUT = Layout("alembic", claims, read, of_files=True)
