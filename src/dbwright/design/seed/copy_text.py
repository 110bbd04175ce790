"""Rows as COPY's text format writes them: fields with tabs between, a line a row.

Everywhere in this package a *field* is a value already written so, and a *fragment* is the fields
of one or more neighbouring columns. Putting fragments together is all that is left to do for each
row, which is what makes many rows a second possible.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["NULL", "field", "fragment", "value"]

NULL = "\\N"
"""The field of a NULL."""
ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
BACK = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}
TABLE = str.maketrans(ESCAPES)


def field(value: str | None) -> str:
    return NULL if value is None else value.translate(TABLE)


def fragment(values: Iterable[str | None]) -> str:
    return "\t".join(map(field, values))


def value(field: str) -> str | None:
    """What `field` made the field of."""
    if field == NULL:
        return None
    if "\\" not in field:
        return field
    found: list[str] = []
    letters = iter(field)
    for letter in letters:
        if letter == "\\":
            after = next(letters, "")
            letter = BACK.get(after, after)
        found.append(letter)
    return "".join(found)
