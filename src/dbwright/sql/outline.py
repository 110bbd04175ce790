"""The outline of a statement: `'` for each of its strings, a zero for each of its digits.

It is found without reading the statement, by cutting at quotes and making digits alike, for many
statements at once. What fools that (a digit in a name, a quote in a comment) shows in the outline
itself: `telling_runs` reads it, once for all statements that have it.
"""

from __future__ import annotations

import re

from dbwright.sql.lexer import tokens
from dbwright.sql.shape import PLAIN_KINDS

__all__ = ["ONE_DIGIT", "RUN", "brief", "outline", "spelled", "telling_runs", "without_strings"]

RUN = re.compile(rb"0+")
"""Digits, in an outline."""

ONE_DIGIT = bytes.maketrans(b"123456789", b"000000000")
"""Translates every digit to a zero."""
_RUN = re.compile(r"0+")
_DIGITS = re.compile(rb"[0-9]+")
_PLAIN_NUMBER = re.compile(r"0*(?:\.0*)?")


def outline(statement: bytes) -> bytes:
    """The statement's outline; empty where quotes are not in pairs."""
    return without_strings(statement).translate(ONE_DIGIT)


def without_strings(statement: bytes) -> bytes:
    """The statement with `'` for each of its strings: as long as its outline, with its digits.
    Empty where quotes are not in pairs."""
    if b"'" not in statement:
        return statement
    parts = statement.split(b"'")
    return b"'".join(parts[::2]) if len(parts) & 1 else b""


def brief(found: bytes) -> bytes:
    """An outline with one zero for each run of digits: how many they are makes no difference to
    the tokens."""
    return RUN.sub(b"0", found)


def telling_runs(found: bytes) -> tuple[int, ...] | None:
    """Which runs of digits of a brief outline are no constants, but part of names and the like.

    Statements that have this outline and the same digits there have the same tokens, constants
    aside. None where the outline does not tell: where a quote may be no string's.
    """
    if not found:
        return None
    telling: list[int] = []
    runs = 0
    begins = True
    before: tuple[str, str] = ("", "")
    for token in tokens(found.decode("latin-1").replace("'", "''")):
        kind, text = token.kind, token.text
        if kind == "space":
            continue
        count = len(_RUN.findall(text)) if "0" in text else 0
        if begins and kind != "comment" and token.lower not in PLAIN_KINDS:
            # Of other statements constants are names or options now and then.
            return None if b"'" in found else tuple(range(len(RUN.findall(found))))
        if kind == "string":
            if text.strip("'"):
                return None  # another kind of string, whose quotes are others
        elif "'" in text or kind == "unterminated" or token.lower == "uescape":
            return None
        elif count and not _is_constant(kind, text, before):
            telling += range(runs, runs + count)
        runs += count
        if kind != "comment":
            begins = text == ";"
            before = (before[1], token.lower)
    return tuple(telling)


def _is_constant(kind: str, text: str, before: tuple[str, str]) -> bool:
    """Do a token's digits make no difference to the fingerprint?"""
    if kind == "number":  # float(24) is another type than float(25)
        return before != ("float", "(") and _PLAIN_NUMBER.fullmatch(text) is not None
    return kind in ("comment", "parameter")


def spelled(found: bytes, statement: bytes, telling: tuple[int, ...]) -> bytes:
    """A brief outline with the digits that its statement has in the telling runs."""
    if not telling:
        return found
    digits = _DIGITS.findall(without_strings(statement))
    pieces = RUN.split(found)
    kept = set(telling)
    runs = [digit if place in kept else b"0" for place, digit in enumerate(digits)]
    return b"".join(piece + run for piece, run in zip(pieces, [*runs, b""], strict=True))
