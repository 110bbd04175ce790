"""Texts and their collations, for rewrites of LIKE."""

from __future__ import annotations

from dbwright.model.catalog import Catalog, Column

__all__ = ["CODES", "compares_bytes", "in_c", "like_text", "prefix_of", "text_column"]

CODES = """
CREATE TABLE items (id int PRIMARY KEY, code text, fixed char(5), bytes text);
INSERT INTO items SELECT n, 'c' || lpad(n::text, 6, '0'), 'c' || n % 1000, repeat('x', 200)
    FROM generate_series(1, 20000) n;
CREATE INDEX items_code_pattern ON items (code text_pattern_ops);
ANALYZE items;
"""
"""20,000 texts with an index for their prefixes."""
TYPES = ("text", "character varying")
PLAIN_C = frozenset(('"C"', '"POSIX"', "pg_c_utf8", "pg_unicode_fast", "ucs_basic"))


def text_column(column: Column) -> bool:
    return column.base_type in TYPES and not column.is_array and column.domain is None


def compares_bytes(column: Column) -> bool:
    """Are two texts equal only where their bytes are? Own collations may say otherwise; that of the
    database, and those that come with the server, do not."""
    own = column.collation
    return own is None or own.startswith("pg_catalog.") or "." not in own


def in_c(catalog: Catalog, collation: str | None) -> bool:
    """Does the collation (None: the database's own) sort by bytes?"""
    if collation is not None:
        return collation.removeprefix("pg_catalog.") in PLAIN_C
    database = catalog.database
    if database is None:
        return False
    return database.collate in ("C", "POSIX") or database.locale_provider == "builtin"


def like_text(text: str) -> str:
    """The text as a pattern that it alone matches."""
    return "".join(f"\\{each}" if each in "\\%_" else each for each in text)


def prefix_of(pattern: str) -> str | None:
    """The text that the pattern's matches begin with, and nothing else is asked of them; None for
    any other pattern."""
    found: list[str] = []
    letters = iter(pattern[:-1])
    if not pattern.endswith("%"):
        return None
    for letter in letters:
        if letter in "%_":
            return None
        if letter == "\\":
            following = next(letters, None)
            if following is None:
                return None  # the last % was a letter
            letter = following
        found.append(letter)
    return "".join(found) or None
