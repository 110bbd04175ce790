"""One name for all statements that differ in their constants alone."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any

from dbwright.sql.lexer import WORD
from dbwright.sql.parse import as_syntax_problem, encoded, library, parse, walk

__all__ = ["fingerprint", "normalize"]

_NAME = rf'(?:{WORD}|"[^"]+")'
_WITH_SCHEMA = re.compile(
    rf"(?:\b(?:from|join|into|update|only|using)\b|,)[\s(]*{_NAME}\s*\.\s*{_NAME}(?!\s*[.(])",
    re.IGNORECASE,
)
"""What tables with their schemas look like, and much else: only then is looked more closely."""
DEFAULT = "public"


def fingerprint(text: str) -> str:
    """16 hexadecimal digits, equal for statements that differ in constants, case or spaces alone.

    Raises SyntaxProblem.
    """
    found = str(_call("fingerprint", text).hex)
    schemas = _schemas(text) if _WITH_SCHEMA.search(text) else ()
    if not schemas:
        return found
    own = blake2b("\0".join(schemas).encode(), digest_size=8).digest()
    return f"{int(found, 16) ^ int.from_bytes(own):016x}"


def normalize(text: str) -> str:
    """The text with `$1`, `$2` … in the place of constants. Raises SyntaxProblem."""
    return str(_call("normalize", text))


def _schemas(text: str) -> tuple[str, ...]:
    """The tables that the text names with their schemas. The parser's fingerprint leaves schemas
    out, though staging.orders and public.orders are not one table."""
    named = {"relname", "schemaname"}
    tables = (
        node
        for statement in parse(text).statements
        for _, node in walk({statement.kind: statement.node})
        if named <= node.keys() and node["schemaname"] != DEFAULT
    )
    return tuple(sorted({f"{node['schemaname']}.{node['relname']}" for node in tables}))


def _call(name: str, text: str) -> Any:
    """The parser's function of that name, in the module of the same name."""
    encoded(text)
    try:
        return getattr(library(name), name)(text)
    except library("errors").PgQueryError as problem:
        raise as_syntax_problem(text, problem) from None
