"""The `structure.sql` of Rails: the whole schema as pg_dump writes it, with the versions of the
migrations that made it. It is one migration, up to the last of them."""

from __future__ import annotations

import re
from pathlib import Path

from dbwright.migrate.files.layout import (
    Layout,
    outside,
    read_sql,
    without_psql,
)
from dbwright.migrate.files.text import text_of
from dbwright.model.migration import ReadMigration
from dbwright.sql.parse import SyntaxProblem, parse, walk

__all__ = ["LAYOUT"]

NAMES = ("structure.sql",)
TABLE = "schema_migrations"
DIGITS = re.compile(r"\d{4,}")


def claims(path: Path) -> bool:
    """Is it called so, and does it fill Rails' table?"""
    return (
        path.is_file()
        and path.name.endswith(NAMES)
        and TABLE in path.read_bytes().decode(errors="ignore")
    )


def read(path: Path) -> tuple[ReadMigration, ...]:
    text = without_psql(text_of(path))
    found = read_sql(path, "", path.stem, text)
    versions = {version for one in found.script.up for version in _versions(one.text)}
    return (outside(read_sql(path, max(versions, default=""), path.stem, text)),)


def _versions(statement: str) -> set[str]:
    """What an INSERT into Rails' table holds."""
    if TABLE not in statement or statement[:6].lower() != "insert":
        return set()
    try:
        (parsed,) = parse(statement).statements
    except (SyntaxProblem, ValueError):
        return set()
    if parsed.node.get("relation", {}).get("relname") != TABLE:
        return set()
    texts = [str(node.get("sval", "")) for name, node in walk(parsed.node) if name == "sval"]
    return {text for text in texts if DIGITS.fullmatch(text)}


LAYOUT = Layout("rails", claims, read, of_files=True)
