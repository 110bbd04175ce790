"""Statements from inside of functions: the variables in them, as parameters.

pg_stat_statements (`track = all`) and auto_explain (`log_nested_statements`) show a function's
statement as its source has it: `SELECT … WHERE id = p_id`, `… WHERE id = NEW.id`. No server takes
that by itself.
"""

from __future__ import annotations

from functools import lru_cache

from dbwright.model.catalog import Catalog
from dbwright.sql.lexer import tokens
from dbwright.sql.parameters import numbers_in
from dbwright.sql.scope import Statement

__all__ = ["without_variables"]


def without_variables(text: str, scoped: Statement, catalog: Catalog) -> str:
    """The text with `$1`, `$2` … in the place of names that no table has, where there is a function
    whose source has all of them and the statement's tables: else they are mistakes."""
    unknown = [each for each in scoped.unresolved if each.location is not None]
    if not unknown or len(unknown) < len(scoped.unresolved):
        return text
    wanted = {part.lower() for each in unknown for part in each.name.split(".")}
    wanted |= {use.name.lower() for use in scoped.relations if use.stored and use.name}
    if not any(
        wanted <= _words(f"{function.declared_arguments} {function.arguments} {function.source}")
        for function in catalog.functions
    ):
        return text
    places = {_character(text, each.location or 0): each.name.lower() for each in unknown}
    return _replaced(text, places)


def _replaced(text: str, places: dict[int, str]) -> str:
    """With a parameter for each name that begins at one of the places."""
    numbers: dict[str, int] = {}
    first = max(numbers_in(text), default=0) + 1
    parts: list[str] = []
    parts_left = 0
    for token in tokens(text):
        name = places.get(token.offset)
        if name is not None:
            parts.append(f"${numbers.setdefault(name, first + len(numbers))}")
            parts_left = 2 * name.count(".")  # a point and a word each
        elif parts_left and token.kind not in ("space", "comment"):
            parts_left -= 1
        else:
            parts.append(token.text)
    return "".join(parts)


@lru_cache(maxsize=2000)
def _words(source: str) -> frozenset[str]:
    return frozenset(
        token.text.strip('"').lower()
        for token in tokens(source)
        if token.kind in ("word", "identifier")
    )


def _character(text: str, location: int) -> int:
    """Bytes as characters."""
    return len(text.encode()[:location].decode(errors="ignore"))
