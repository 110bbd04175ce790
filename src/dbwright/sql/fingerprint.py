"""One name for all statements that differ in their constants alone."""

from __future__ import annotations

from typing import Any

from dbwright.sql.parse import as_syntax_problem, encoded, library

__all__ = ["fingerprint", "normalize"]


def fingerprint(text: str) -> str:
    """16 hexadecimal digits, equal for statements that differ in constants, case or spaces alone.

    Raises SyntaxProblem.
    """
    return str(_call("fingerprint", text).hex)


def normalize(text: str) -> str:
    """The text with `$1`, `$2` … in the place of constants. Raises SyntaxProblem."""
    return str(_call("normalize", text))


def _call(name: str, text: str) -> Any:
    """The parser's function of that name, in the module of the same name."""
    encoded(text)
    try:
        return getattr(library(name), name)(text)
    except library("errors").PgQueryError as problem:
        raise as_syntax_problem(text, problem) from None
