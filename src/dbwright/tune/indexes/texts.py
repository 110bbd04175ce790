"""What indexes for patterns must know about texts."""

from __future__ import annotations

from dbwright.model.catalog import Catalog, Column
from dbwright.sql.parse import Node
from dbwright.tune.indexes.candidate import CandidateKey
from dbwright.tune.indexes.immutable import expression_tree

__all__ = ["PATTERN_CLASSES", "is_text", "longest_fixed_part", "sorts_by_bytes"]

PATTERN_CLASSES = {
    "text": "text_pattern_ops",
    "character varying": "varchar_pattern_ops",
    "character": "bpchar_pattern_ops",
}
_TEXT_FUNCTIONS = frozenset(
    "lower upper initcap btrim ltrim rtrim trim replace translate reverse substr substring "
    "left right split_part md5 regexp_replace jsonb_extract_path_text".split()
)


def sorts_by_bytes(column: Column, catalog: Catalog) -> bool:
    """Is the column's collation C, so that a plain B-tree finds prefixes? C.UTF-8 of the C library
    is none of these for the planner, but the builtin provider's is."""
    if column.collation is not None:
        name = column.collation.rsplit(".", 1)[-1].strip('"')
        return name in ("C", "POSIX", "ucs_basic", "pg_c_utf8")
    database = catalog.database
    if database is None:
        return False
    if database.locale_provider == "builtin":
        return True
    return database.locale_provider == "libc" and database.collate in ("C", "POSIX")


def is_text(key: CandidateKey) -> bool:
    """Does the expression give a text, as far as its outermost part tells?"""
    tree = expression_tree(key.expression or "")
    return tree is not None and _gives_text(tree)


def _gives_text(tree: Node) -> bool:
    if "FuncCall" in tree:
        return tree["FuncCall"]["funcname"][-1]["String"]["sval"] in _TEXT_FUNCTIONS
    if "A_Expr" in tree:
        return tree["A_Expr"]["name"][-1]["String"]["sval"] in ("->>", "#>>", "||")
    if "TypeCast" in tree:
        return tree["TypeCast"]["typeName"]["names"][-1]["String"]["sval"] in ("text", "varchar")
    return False


def longest_fixed_part(pattern: str) -> int:
    """Characters of the longest part of a LIKE pattern without a wildcard."""
    longest = current = 0
    for character in pattern:
        current = 0 if character in "%_" else current + 1
        longest = max(longest, current)
    return longest
