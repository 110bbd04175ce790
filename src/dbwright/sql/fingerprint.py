"""One name for all statements that differ in their constants alone."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any

from dbwright.sql.lexer import WORD
from dbwright.sql.parse import as_syntax_problem, encoded, library, parse, walk, written_tree

__all__ = ["fingerprint", "normalize"]

_NAME = rf'(?:{WORD}|"[^"]+")'
_WITH_SCHEMA = re.compile(
    rf"(?:\b(?:from|join|into|update|only|using)\b|,)[\s(]*{_NAME}\s*\.\s*{_NAME}(?!\s*[.(])",
    re.IGNORECASE,
)
"""What tables with their schemas look like, and much else: only then is looked more closely."""
_NUMBERED = re.compile(r"[^\W\d]\w*\d\d|\"[^\"]*\d\d")
"""What tables with numbers in their names look like, and texts in quotes."""
_TOLD = re.compile(rb'"schemaname"|"relname":"[^"]*\d\d')
"""Of a tree as the parser writes it: much quicker than to go through it."""
_DIGITS = re.compile(r"\d\d")
DEFAULT = "public"


def fingerprint(text: str) -> str:
    """16 hexadecimal digits, equal for statements that differ in constants, case or spaces alone.

    Raises SyntaxProblem.
    """
    found = str(_call("fingerprint", text).hex)
    suspect = _WITH_SCHEMA.search(text) or _NUMBERED.search(text)
    tables = _tables(text) if suspect else ()
    if not tables:
        return found
    own = blake2b("\0".join(tables).encode(), digest_size=8).digest()
    return f"{int(found, 16) ^ int.from_bytes(own):016x}"


def normalize(text: str) -> str:
    """The text with `$1`, `$2` … in the place of constants. Raises SyntaxProblem."""
    return str(_call("normalize", text))


def _tables(text: str) -> tuple[str, ...]:
    """The tables that the parser's own fingerprint does not tell apart: it leaves schemas out, and
    runs of digits in names. But staging.orders and public.orders are not one table, nor are
    orders_2025 and orders_2026."""
    if not _TOLD.search(written_tree(text)):
        return ()
    relations = (
        (node.get("schemaname", DEFAULT), node["relname"])
        for statement in parse(text).statements
        for _, node in walk({statement.kind: statement.node})
        if "relname" in node
    )
    return tuple(
        sorted(
            {
                name if schema == DEFAULT else f"{schema}.{name}"
                for schema, name in relations
                if schema != DEFAULT or _DIGITS.search(name)
            }
        )
    )


def _call(name: str, text: str) -> Any:
    """The parser's function of that name, in the module of the same name."""
    encoded(text)
    try:
        return getattr(library(name), name)(text)
    except library("errors").PgQueryError as problem:
        raise as_syntax_problem(text, problem) from None
