"""A query's text with $1, $2 … for its parameters, whatever the library calls them.

What the parser takes is right: a text is tried as it stands, and only where that is no statement
are `?`, `:name` and verbs of sprintf taken for parameters. So `tags ? 'new'` and `x::text` stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.agent.work.queries.text import HOLE, Text
from dbwright.capture.placeholders import numbered as numbered_by_driver
from dbwright.sql.lexer import Token, tokens
from dbwright.sql.parse import ParsedStatement, SyntaxProblem, parse

__all__ = ["Numbered", "numbered"]

VERB = re.compile(r"%%|%(?:\[?\d+[\]$])?[-+0-9.]*[sdvqtxfi]")
PLACE = re.compile(r"\{[\w:?]*\}")
"""Where C# and Rust put what comes behind the text."""
FORMATS = frozenset("sprintf format appendf fprintf vsprintf printf formatted".split())
"""Functions that write values into the text that they get."""
PLACED = frozenset("fromsqlraw executesqlraw executesqlrawasync sqlqueryraw fromsql".split())
"""Functions of Entity Framework that send what they put at {0} as a parameter."""
OF_DRIVER = re.compile(r"%(?:\(\w+\))?[sbt]")
SQLC = ("arg", "narg", "slice", "embed")
LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class Numbered:
    """A statement that the parser takes."""

    text: str
    statement: ParsedStatement
    is_put_together: bool = False
    """Are values written into its text, rather than sent beside it?"""


def numbered(text: Text, *, python: bool = False) -> Numbered | None:
    """The one statement that the text is; None where it is none."""
    if len(text.text) > LONGEST:
        return None
    for form, put_together in _forms(text, python):
        statement = _one(form)
        if statement is not None:
            return Numbered(form, statement, put_together)
    return None


def _forms(text: Text, python: bool) -> Iterator[tuple[str, bool]]:
    """From what is most likely on."""
    plain = text.text.strip().rstrip(";").rstrip()
    holes = HOLE in plain and not text.is_bound
    if text.call in PLACED:
        plain = PLACE.sub(HOLE, plain)
    elif text.call in FORMATS:
        written = _filled(plain)
        written = PLACE.sub(HOLE, plain) if HOLE not in written else written
        if HOLE in written:
            yield _named(written, signs="@:?"), True
            return
    if python and OF_DRIVER.search(plain):
        plain = numbered_by_driver(plain)[0]
    own = _named(plain, signs="@")
    yield own, holes
    yield _named(plain, signs="@:?"), holes
    if HOLE in (written := _filled(plain)):
        yield _named(written, signs="@:?"), True


def _filled(text: str) -> str:
    """With holes for the verbs of sprintf."""
    return VERB.sub(lambda verb: "%" if verb[0] == "%%" else HOLE, text)


def _one(text: str) -> ParsedStatement | None:
    if not text or HOLE in text:
        return None
    try:
        found = parse(text).statements
    except (SyntaxProblem, RecursionError):
        return None
    return found[0] if len(found) == 1 else None


def _named(text: str, signs: str) -> str:
    """With numbers for the holes, and for what the signs begin."""
    every = list(tokens(text))
    highest = max((int(t.text[1:]) for t in every if t.kind == "parameter"), default=0)
    names: dict[str, int] = {}
    parts: list[str] = []
    number = 0

    def give(name: str = "") -> str:
        nonlocal highest
        if name in names:
            return f"${names[name]}"
        highest += 1
        if name:
            names[name] = highest
        return f"${highest}"

    while number < len(every):
        token = every[number]
        follower = every[number + 1] if number + 1 < len(every) else None
        if token.kind == "parameter" and _is_listed(every, number):
            parts.append(f"({token.text})")  # a driver writes all values of a list there
        elif token.kind == "string" and HOLE in token.text:
            parts.append(give())
        elif HOLE in token.text:
            pieces = token.text.split(HOLE)
            parts.append("".join(f"{one} {give()} " for one in pieces[:-1]) + pieces[-1])
        elif _begins_name(token, follower, every[number - 1] if number else None, signs):
            assert follower is not None
            given = give(follower.text)
            parts.append(
                f"{token.text[:-1]} {f'({given})' if _is_listed(every, number) else given}"
            )
            number += 1
        elif _is_ordinal(token, follower):
            assert follower is not None
            parts.append(f"{token.text[:-1]} {give('?' + follower.text)}")
            number += 1
        elif token.kind == "operator" and "?" in signs and token.text.endswith("?"):
            parts.append(f"{token.text[:-1]} {give()}")
        elif (call := _sqlc(every, number)) is not None:
            parts.append(f"{call[0]}.*" if call[2] == "embed" else give(call[0]))
            number = call[1]
        else:
            parts.append(token.text)
        number += 1
    return _joined(parts)


def _joined(parts: list[str]) -> str:
    """Without the blanks that are there already."""
    text = ""
    for part in parts:
        had = text[-1:] in ("", " ", "\n", "(") and part[:1] == " "
        text += part[1:] if had else part
    return text.strip()


def _begins_name(token: Token, follower: Token | None, before: Token | None, signs: str) -> bool:
    """`:id` and `@id`, but not `x::text` and not `a[1:n]`."""
    if follower is None or follower.kind != "word" or follower.offset != token.end:
        return False
    if token.text == ":" and ":" in signs:
        return before is None or before.text != ":"
    return "@" in signs and token.kind == "operator" and token.text in ("@", "=@", ">@", "<@")


def _is_ordinal(token: Token, follower: Token | None) -> bool:
    """`?1` of Jakarta Persistence; no operator of PostgreSQL has a number behind its `?`."""
    if follower is None or follower.kind != "number" or follower.offset != token.end:
        return False
    return token.kind == "operator" and token.text.endswith("?")


def _is_listed(every: list[Token], number: int) -> bool:
    """Does it stand behind IN, without parentheses of its own?"""
    before = next((t for t in reversed(every[:number]) if t.kind != "space"), None)
    return before is not None and before.lower == "in"


def _sqlc(every: list[Token], number: int) -> tuple[str, int, str] | None:
    """`sqlc.arg(name)`: the name, the last of its tokens, and the function."""
    if every[number].lower != "sqlc":
        return None
    rest = [t for t in every[number : number + 8] if t.kind != "space"][:6]
    texts = [token.text for token in rest]
    if len(rest) < 6 or texts[1] != "." or texts[2] not in SQLC:
        return None
    if texts[3] != "(" or texts[5] != ")":
        return None
    return texts[4].strip("'\""), every.index(rest[5], number), texts[2]
