"""The shape of a statement: its bytes with the constants taken out, at a fraction of the cost of
parsing it.

Logs hold millions of statements of a few hundred shapes. Two statements of one shape have the same
tokens but for the constants, and so the same fingerprint: it is computed once a shape.

There are three ways to it, each slower and less easily fooled than the one before: `outline` only
cuts at quotes and makes digits alike, `skeleton` jumps from constant to constant, `shape` reads
token by token where need be. What fools a way (a digit in an identifier, a quote in a comment)
shows in its result alone: `outline_is_sound` and `is_sound` look at each of them once.
"""

from __future__ import annotations

import re

from dbwright.sql.lexer import significant, tokens

__all__ = [
    "NUMBER",
    "ONE_DIGIT",
    "STRING",
    "is_sound",
    "merged",
    "outline",
    "outline_is_sound",
    "rough_outline",
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


ONE_DIGIT = bytes.maketrans(b"123456789", b"000000000")
"""Translates every digit to a zero."""
_OUTLINED_NUMBER = re.compile(r"0*(?:\.0*)?")


def rough_outline(statement: bytes) -> bytes:
    """The statement with `'` for its strings and a zero for each digit; empty where quotes are not
    in pairs. Statements with the same one have the same `outline`."""
    if b"'" not in statement:
        return statement.translate(ONE_DIGIT)
    parts = statement.split(b"'")
    return b"'".join(parts[::2]).translate(ONE_DIGIT) if len(parts) & 1 else b""


def outline(statement: bytes) -> bytes:
    """The statement with `'` for its strings and one zero for its digits; empty where quotes are
    not in pairs. Good for grouping where `outline_is_sound` says so."""
    found = rough_outline(statement)
    # Most runs of digits become one; a few are two, which is only another outline.
    return found.replace(b"000", b"0").replace(b"00", b"0")


def outline_is_sound(found: bytes) -> bool:
    """Do all statements with this outline have the same tokens, constants aside?

    They do where each quote is a string's, and each zero part of a plain number: the lexer makes no
    difference between digits there.
    """
    if not found:
        return False
    first = True
    before: tuple[str, str] = ("", "")
    for token in tokens(found.decode("latin-1").replace("'", "''")):
        kind, text = token.kind, token.text
        if kind == "space":
            continue
        if first and token.lower not in PLAIN_KINDS:
            return False
        first = False
        if kind in ("comment", "unterminated") or token.lower == "uescape":
            return False
        if kind == "number":
            if before == ("float", "(") or _OUTLINED_NUMBER.fullmatch(text) is None:
                return False
        elif kind == "string":
            if text.strip("'"):
                return False
        elif "0" in text or "'" in text:
            return False
        before = (before[1], token.lower)
    return True


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
        first = False
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
        if (not parts and token.lower not in PLAIN_KINDS) or token.lower == "uescape":
            return statement
        constant = token.kind in ("string", "number") and before != ("float", "(")
        # Strings and numbers are told apart: - 1 is a constant, - '1' an operator's result.
        parts.append(("''" if token.kind == "string" else "0") if constant else token.text)
        before = (before[1], token.lower)
    return " ".join(parts).encode("latin-1")
