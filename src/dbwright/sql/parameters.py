"""The `$1`, `$2` … of a statement's text: which there are, and other text in their place."""

from __future__ import annotations

from collections.abc import Mapping

from dbwright.sql.lexer import tokens

__all__ = ["apart", "numbers_in", "squashed_in", "with_values"]

SQUASHED = "/*, ... */"
"""What pg_stat_statements of version 18 writes for the rest of a list."""


def numbers_in(text: str) -> tuple[int, ...]:
    """The numbers of the parameters in a text, each once, ascending."""
    found = {int(token.text[1:]) for token in tokens(text) if token.kind == "parameter"}
    return tuple(sorted(found))


def with_values(text: str, values: Mapping[int, str]) -> str:
    """The text with SQL in the place of parameters; those without a value stay. Nothing else is
    altered, but for a space where two words would become one."""
    parts: list[str] = []
    replaced = False
    for token in tokens(text):
        number = int(token.text[1:]) if token.kind == "parameter" else None
        value = None if number is None else values.get(number)
        part = token.text if value is None else value
        if parts and (replaced or value is not None) and _joins(parts[-1][-1:], part[:1]):
            parts.append(" ")
        parts.append(part)
        replaced = value is not None
    return "".join(parts)


def apart(text: str) -> tuple[str, tuple[int, ...]]:
    """The text with another number for each place of a parameter, and which one each was."""
    parts: list[str] = []
    owners: list[int] = []
    for token in tokens(text):
        if token.kind == "parameter":
            owners.append(int(token.text[1:]))
        parts.append(f"${len(owners)}" if token.kind == "parameter" else token.text)
    return "".join(parts), tuple(owners)


def squashed_in(text: str) -> frozenset[int]:
    """The parameters that stand for all of a list (`IN ($1 /*, ... */)`)."""
    if SQUASHED not in text:
        return frozenset()
    found: set[int] = set()
    last = 0
    for token in tokens(text):
        if token.kind == "comment" and token.text == SQUASHED and last:
            found.add(last)
        if token.kind != "space":
            last = int(token.text[1:]) if token.kind == "parameter" else 0
    return frozenset(found)


def _joins(before: str, after: str) -> bool:
    """Would the two be read as one token?"""
    word = before.isalnum() or before in ("_", "$", "'", '"')
    return word and (after.isalnum() or after in ("_", "$", "'", '"'))
