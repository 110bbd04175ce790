"""The shape of a statement: its bytes with the constants taken out, at a fraction of the cost of
parsing it.

Logs hold millions of statements of a few hundred shapes. Two statements of one shape have the same
tokens but for the constants, and so the same fingerprint: it is computed once a shape.

There are two ways to it. `skeleton` and `shape` go from constant to constant, and token by token
where need be. Where only a statement's outline is looked at (`dbwright.sql.outline`) it is far
quicker.
"""

from __future__ import annotations

import re

from dbwright.sql.lexer import significant, tokens

__all__ = [
    "NUMBER",
    "PLAIN_KINDS",
    "STRING",
    "is_sound",
    "merged",
    "shape",
    "skeleton",
    "without_outer_comments",
]

STRING = b"''"
"""Stands for every string constant."""
NUMBER = b"0"
"""Stands for every numeric constant."""

_STRING = re.compile(rb"'[^']*(?:''[^']*)*'")
# The digit comes first, and what must not stand before it after: so the search can jump to digits.
_NUMBER = re.compile(
    rb"[0-9](?<![A-Za-z0-9_$\"\x80-\xff][0-9])[0-9]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?"
)
_IN_LIST = re.compile(rb"(?<![\w$\"])([iI][nN]\s*\()(?:0|'')(?:\s*,\s*(?:0|''))+\s*\)")
_ROW = re.compile(rb"(\((?:0|'')(?:\s*,\s*(?:0|''))*\))(?:\s*,\s*\1)+")

PLAIN_KINDS = frozenset("select insert update delete with values merge table (".split())
"""First words of statements whose constants never matter to the fingerprint. Those of others are
names or options now and then (COPY, COMMENT, FETCH …), so they are their own shape."""


def skeleton(statement: bytes) -> bytes:
    """The statement with `''` and `0` for its strings and numbers, in any encoding that extends
    ASCII. Good for grouping where `is_sound` says so."""
    return _NUMBER.sub(NUMBER, _STRING.sub(STRING, statement))


def is_sound(found: bytes) -> bool:
    """Do all statements with this skeleton have the same tokens, constants aside?

    They do where the lexer, on the skeleton itself, finds the stand-ins in the places of constants
    and nowhere else: then it finds the constants there as well.
    """
    text = found.decode("latin-1")
    stand_ins = {match.start() for match in _STRING.finditer(found)}
    stand_ins |= {match.start() for match in _NUMBER.finditer(found)}
    first = True
    before: tuple[str, str] = ("", "")
    for token in tokens(text):
        kind = token.kind
        if kind == "space":
            continue
        if first and token.lower not in PLAIN_KINDS:
            return False
        first = token.text == ";"  # another statement of the same text follows
        if kind in ("comment", "unterminated") or token.lower == "uescape":
            return False  # comments differ from call to call; an escape is part of a name
        if kind in ("string", "number"):
            if token.text not in ("''", "0") or token.offset not in stand_ins:
                return False
            stand_ins.discard(token.offset)
            if before == ("float", "("):
                return False  # float(24) is another type than float(25)
        before = (before[1], token.lower)
    return not stand_ins


def without_outer_comments(statement: bytes) -> bytes:
    """Without a block comment before it and one behind it, where tools write the request's number.

    Good for grouping where the rest's skeleton is sound: what was no comment, but in a string or
    in another comment, leaves that one open.
    """
    found = statement.strip()
    if found[:2] == b"/*":
        found = found[found.find(b"*/") + 2 :].lstrip()
    if found[-2:] == b"*/":
        found = found[: found.rfind(b"/*")].rstrip()
    return found


def shape(statement: bytes) -> bytes:
    """The statement's shape. Two statements of one shape have one fingerprint (or none at all)."""
    found = skeleton(statement)
    return found if is_sound(found) else _token_by_token(statement)


def merged(found: bytes) -> bytes:
    """A shape with lists of constants (`IN (0, 0, 0)`, rows of VALUES) cut to one: the fingerprint
    does not count them either."""
    return _ROW.sub(rb"\1", _IN_LIST.sub(rb"\g<1>0)", found))


def _token_by_token(statement: bytes) -> bytes:
    text = statement.decode("latin-1")
    parts: list[str] = []
    before: tuple[str, str] = ("", "")
    for token in significant(text):
        first = not parts or parts[-1] == ";"
        if (first and token.lower not in PLAIN_KINDS) or token.lower == "uescape":
            return statement
        constant = token.kind in ("string", "number") and before != ("float", "(")
        # Strings and numbers are told apart: - 1 is a constant, - '1' an operator's result.
        parts.append(("''" if token.kind == "string" else "0") if constant else token.text)
        before = (before[1], token.lower)
    return " ".join(parts).encode("latin-1")
