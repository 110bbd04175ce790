"""SQL cut into tokens, for colour and for knowing which line breaks are only layout.

The server is the judge of SQL; this only looks. A bare word in capitals is a keyword: dbwright
and PostgreSQL's own pg_get_…def write them so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

__all__ = ["Token", "lines", "tokens"]


class Token(StrEnum):
    """What a piece of SQL is. The values are style names."""

    KEYWORD = "keyword"
    STRING = "string"
    NAME = "name"
    """A quoted identifier."""
    NUMBER = "number"
    COMMENT = "comment"
    BODY = "body"
    """A dollar-quoted string."""
    PLAIN = "plain"


NEXT = re.compile(
    r"""
    (?P<comment>--[^\n]*)
  | (?P<block>/\*)
  | (?P<string>[eE]'(?:[^'\\]|\\.|'')*'? | (?:[uU]&|[bBxXnN])?'(?:[^']|'')*'?)
  | (?P<name>(?:[uU]&)?"(?:[^"]|"")*"?)
  | (?P<body>\$(?:[^\W\d]\w*)?\$)
  | (?P<number>\d[\w.]*)
  | (?P<word>[^\W\d][\w$]*)
  | (?P<plain>[^\w'"$/-]+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
EDGE = re.compile(r"/\*|\*/")


def end_of_comment(sql: str, start: int) -> int:
    """Block comments nest (manual, Comments)."""
    depth = 0
    for edge in EDGE.finditer(sql, start):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)


def tokens(sql: str) -> Iterator[tuple[Token, str]]:
    """The pieces of `sql` in order; joined, they are `sql` again."""
    position = 0
    while match := NEXT.match(sql, position):
        kind, position = match.lastgroup or "plain", match.end()
        text = match[0]
        if kind == "block":
            position = end_of_comment(sql, match.start())
            kind, text = "comment", sql[match.start() : position]
        elif kind == "body":
            closing = sql.find(text, position)
            position = len(sql) if closing < 0 else closing + len(text)
            text = sql[match.start() : position]
        elif kind == "word":
            kind = "keyword" if len(text) > 1 and text.isupper() else "plain"
        yield Token(kind), text


def lines(sql: str) -> Iterator[list[tuple[Token, str]]]:
    """Each line's tokens. A line break inside a string or a quoted name is written `\\n`: a name
    must not be able to start a line of its own, and an indentation must not get into a string.
    """
    line: list[tuple[Token, str]] = []
    for token, text in tokens(sql):
        if token in (Token.STRING, Token.NAME):
            line.append((token, text.replace("\n", "\\n")))
            continue
        first, *rest = text.split("\n")
        line.append((token, first))
        for part in rest:
            yield line
            line = [(token, part)]
    yield line
