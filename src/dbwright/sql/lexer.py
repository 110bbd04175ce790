"""The tokens of SQL text, by PostgreSQL's own lexical rules (Lexical Structure; psqlscan.l).

Expressions are used to jump over one whole token at a time; nesting is counted by hand. They use
possessive quantifiers on sets of characters only: on groups Python matches them wrongly before
3.11.5 (python/cpython#106052), and Debian 12 has 3.11.2.
It never fails: what can't be read (an open quote) is one token up to the end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = [
    "DOLLAR_QUOTE",
    "ESCAPE_STRING",
    "PLAIN_STRING",
    "WORD",
    "Token",
    "comments",
    "end_of_block_comment",
    "is_call",
    "is_enclosed",
    "significant",
    "tokens",
]

_START = r"[A-Za-z_\u0080-\U0010ffff]"
WORD = rf"{_START}[A-Za-z0-9_$\u0080-\U0010ffff]*+"
DOLLAR_QUOTE = rf"\$(?:{_START}[A-Za-z0-9_\u0080-\U0010ffff]*+)?\$"
PLAIN_STRING = r"'[^']*+(?:''[^']*+)*'"
ESCAPE_STRING = r"[eE]'[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*'"

_TOKEN = re.compile(
    rf"""
      (?P<space>\s++)
    | (?P<comment>--[^\r\n]*+)
    | (?P<block>/\*)
    | (?P<string>{ESCAPE_STRING} | (?:[bBxXnN]|[uU]&)?{PLAIN_STRING}
        | (?P<tag>{DOLLAR_QUOTE}).*?(?P=tag))
    | (?P<identifier>(?:[uU]&)?"[^"]*+(?:""[^"]*+)*")
    | (?P<unterminated>(?:[eEbBxXnN]|[uU]&)?['"].* | {DOLLAR_QUOTE}.*)
    | (?P<word>{WORD})
    | (?P<parameter>\$\d++)
    | (?P<number>(?:\d[\d_]*+(?:\.(?!\.)[\d_]*+)?|\.\d[\d_]*+)(?:[eE][+-]?\d++)?[A-Za-z0-9_]*+)
    | (?P<operator>(?:(?!--|/\*)[-+*/<>=~!@\#%^&|`?])+)
    | (?P<punctuation>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


class Token(NamedTuple):
    """One token. Kinds: word, identifier (in double quotes), string, number, parameter,
    operator, punctuation, comment, space, unterminated."""

    kind: str
    text: str
    offset: int
    """Characters from the text's beginning."""

    @property
    def lower(self) -> str:
        """The text in lower case, for comparing words."""
        return self.text.lower()

    @property
    def end(self) -> int:
        return self.offset + len(self.text)


def end_of_block_comment(text: str, start: int, end: int | None = None) -> int:
    """Where the comment that opens at `start` closes; comments nest. The end if it never does."""
    limit = len(text) if end is None else end
    depth = 1
    position = start + 2
    while depth:
        edge = _COMMENT_EDGE.search(text, position, limit)
        if edge is None:
            return limit
        depth += 1 if edge[0] == "/*" else -1
        position = edge.end()
    return position


def tokens(text: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """Every token from `start` to `end`, spaces and comments too: joined, they are the text."""
    limit = len(text) if end is None else end
    position = start
    while position < limit:
        match = _TOKEN.match(text, position, limit)
        assert match is not None  # punctuation matches any character
        kind = match.lastgroup or "punctuation"
        if match["tag"] is not None:
            kind = "string"
        stop = match.end()
        if kind == "block":
            kind, stop = "comment", end_of_block_comment(text, position, limit)
        yield Token(kind, text[position:stop], position)
        position = stop


def significant(text: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """The tokens without spaces and comments."""
    return (token for token in tokens(text, start, end) if token.kind not in ("space", "comment"))


def comments(text: str) -> Iterator[Token]:
    """The comments alone."""
    return (token for token in tokens(text) if token.kind == "comment")


def is_enclosed(expression: str) -> bool:
    """Is the whole expression inside one pair of parentheses?"""
    found = list(significant(expression))
    return bool(found) and found[0].text == "(" and _closing(found, 0) == len(found) - 1


def is_call(expression: str) -> bool:
    """Is it one function call, such as `lower(name)` or `pg_catalog."substring"(a, 1)`?"""
    found = list(significant(expression))
    name = 0
    while name < len(found) and found[name].kind in ("word", "identifier"):
        follower = found[name + 1].text if name + 1 < len(found) else ""
        if follower == "(":
            row = found[name].kind == "word" and found[name].lower in ("row", "array", "exists")
            adjacent = found[name].end == found[name + 1].offset
            return adjacent and not row and _closing(found, name + 1) == len(found) - 1
        if follower != ".":
            return False
        name += 2
    return False


def _closing(found: list[Token], opening: int) -> int:
    """The index of the parenthesis that closes the one at `opening`; -1 without."""
    depth = 0
    for index in range(opening, len(found)):
        if found[index].kind == "punctuation":
            depth += (found[index].text == "(") - (found[index].text == ")")
            if depth == 0:
                return index
    return -1
