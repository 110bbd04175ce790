"""The texts of a program, by the lexical rules of its language: quotes, escapes, comments.

No more of the language is understood. Texts that are joined by `+` are one; what comes in between
is a HOLE.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from dbwright.agent.work.queries.text import HOLE, Text

__all__ = ["LANGUAGES", "Language", "literals"]


@dataclass(frozen=True, slots=True)
class Quotes:
    """A way to write a text."""

    begin: str
    end: str
    escapes: bool = True
    """Does a backslash take away the meaning of what follows?"""
    doubled: bool = False
    """Does the end, written twice, stand for itself?"""
    hole: str = ""
    """What begins a value within: `${`, `#{`, `{`."""
    names: bool = False
    """Is `$name` a value as well?"""
    is_text: bool = True
    """False for a single character."""


class Language(Enum):
    """Languages that are written alike."""

    SCRIPT = (
        ("//",),
        (Quotes('"', '"'), Quotes("'", "'"), Quotes("`", "`", hole="${")),
    )
    GO = (
        ("//",),
        (Quotes('"', '"'), Quotes("`", "`", escapes=False), Quotes("'", "'", is_text=False)),
    )
    JAVA = (("//",), (Quotes('"""', '"""'), Quotes('"', '"'), Quotes("'", "'", is_text=False)))
    KOTLIN = (
        ("//",),
        (
            Quotes('"""', '"""', escapes=False, hole="${", names=True),
            Quotes('"', '"', hole="${", names=True),
            Quotes("'", "'", is_text=False),
        ),
    )
    CSHARP = (
        ("//",),
        (
            Quotes('$"""', '"""', escapes=False, hole="{"),
            Quotes('"""', '"""', escapes=False),
            Quotes('$@"', '"', escapes=False, doubled=True, hole="{"),
            Quotes('@"', '"', escapes=False, doubled=True),
            Quotes('$"', '"', hole="{"),
            Quotes('"', '"'),
            Quotes("'", "'", is_text=False),
        ),
    )
    RUBY = (("#",), (Quotes('"', '"', hole="#{"), Quotes("'", "'")))

    @property
    def line_comments(self) -> tuple[str, ...]:
        found: tuple[str, ...] = self.value[0]
        return found

    @property
    def quotes(self) -> tuple[Quotes, ...]:
        found: tuple[Quotes, ...] = self.value[1]
        return found


LANGUAGES = {
    **dict.fromkeys(".js .mjs .cjs .jsx .ts .mts .cts .tsx".split(), Language.SCRIPT),
    ".go": Language.GO,
    ".java": Language.JAVA,
    ".scala": Language.JAVA,
    ".kt": Language.KOTLIN,
    ".kts": Language.KOTLIN,
    ".cs": Language.CSHARP,
    ".rb": Language.RUBY,
}
"""By the ending of a file."""

ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\n": ""}
NAME = re.compile(r"\$[A-Za-z_]\w*")
HEREDOC = re.compile(r"<<[~-]?(['\"]?)([A-Z_][A-Z0-9_]*)\1")
BEFORE_EXPRESSION = re.compile(r"(?:[(,=:\[!&|?{};+\-*%~^<>]|\breturn|\btypeof|\bcase|^)\s*$")
REGEX = re.compile(r"/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*")
JOINED = re.compile(r"\s*(?:\+|\\)\s*")
JOINED_BY_VALUE = re.compile(r"\s*\+\s*[\w.$\[\]()!?]+\s*\+\s*")
GOES_ON = re.compile(r"\s*\+\s*[\w(]")
CALL = re.compile(r"([\w$]+)\s*(?:<[^<>()]{0,80}>)?\s*\(\s*(?:[\w.]+(?:\(\))?\s*,\s*)?$")
TAG = re.compile(r"([\w$]+)(?:<[^<>()]{0,80}>)?\s*$")
BINDING_TAGS = frozenset(("sql", "$queryraw", "$executeraw", "query", "pgsql", "prismasql"))
LOOK_BACK = 200


@dataclass(frozen=True, slots=True)
class _Literal:
    start: int
    end: int
    text: str
    is_template: bool = False


def literals(source: str, language: Language) -> Iterator[Text]:
    """Each text of the source, those that are joined as one. It never fails: a quote that does not
    end goes up to the end of the file."""
    found = list(_literals(source, language))
    place = line = 0
    number = 0
    while number < len(found):
        first = found[number]
        parts = [first.text]
        last = first
        number += 1
        while number < len(found):
            between = source[last.end : found[number].start]
            if JOINED.fullmatch(between) and between.strip():
                pass
            elif JOINED_BY_VALUE.fullmatch(between):
                parts.append(HOLE)
            else:
                break
            last = found[number]
            parts.append(last.text)
            number += 1
        if GOES_ON.match(source, last.end):
            parts.append(HOLE)
        line += source.count("\n", place, first.start)
        place = first.start
        yield _with_call(Text("".join(parts), line + 1), source, first)


def _with_call(text: Text, source: str, first: _Literal) -> Text:
    before = source[max(0, first.start - LOOK_BACK) : first.start]
    if first.is_template and (tag := TAG.search(before)) and tag[1] not in ("return", "await"):
        name = tag[1].lower()
        return replace(text, call=name, is_bound=name in BINDING_TAGS)
    call = CALL.search(before)
    return replace(text, call=call[1].lower()) if call else text


def _literals(source: str, language: Language) -> Iterator[_Literal]:
    place, end = 0, len(source)
    heredocs: list[tuple[int, int, str, bool]] = []
    starts = {quotes.begin[0] for quotes in language.quotes}
    while place < end:
        letter = source[place]
        if heredocs and letter == "\n":
            for start, stop, word, raw in heredocs:
                body, place = _heredoc(source, place + 1, word)
                text = body if raw else _unescaped(body, Quotes("", "", hole="#{"))
                yield _Literal(start, stop, text)
                place -= 1
            heredocs = []
            place += 1
        elif source.startswith("/*", place) and language is not Language.RUBY:
            close = source.find("*/", place + 2)
            place = end if close < 0 else close + 2
        elif source.startswith(language.line_comments, place):
            close = source.find("\n", place)
            place = end if close < 0 else close
        elif language is Language.SCRIPT and letter == "/" and _is_regex(source, place):
            match = REGEX.match(source, place)
            place = match.end() if match else place + 1
        elif language is Language.RUBY and letter == "<" and (doc := HEREDOC.match(source, place)):
            heredocs.append((place, doc.end(), doc[2], doc[1] == "'"))
            place = doc.end()
        elif letter in starts and (quotes := _quotes(source, place, language)):
            begin = place
            text, place = _quoted(source, place + len(quotes.begin), quotes)
            if quotes.is_text:
                yield _Literal(begin, place, text, quotes.begin == "`")
        else:
            place += 1


def _quotes(source: str, place: int, language: Language) -> Quotes | None:
    return next((q for q in language.quotes if source.startswith(q.begin, place)), None)


def _is_regex(source: str, place: int) -> bool:
    return BEFORE_EXPRESSION.search(source[max(0, place - 20) : place]) is not None


def _quoted(source: str, place: int, quotes: Quotes) -> tuple[str, int]:
    """The text, and where what follows it begins."""
    parts: list[str] = []
    end = len(source)
    while place < end:
        if source.startswith(quotes.end, place):
            after = place + len(quotes.end)
            if not (quotes.doubled and source.startswith(quotes.end, after)):
                return "".join(parts), after
            parts.append(quotes.end)
            place = after + len(quotes.end)
        elif quotes.escapes and source[place] == "\\":
            follower = source[place + 1 : place + 2]
            parts.append(ESCAPES.get(follower, follower))
            place += 2
        elif quotes.hole and source.startswith(quotes.hole, place):
            parts.append(HOLE)
            place = _after_value(source, place + len(quotes.hole))
        elif quotes.names and (name := NAME.match(source, place)):
            parts.append(HOLE)
            place = name.end()
        elif (
            source[place] == "\n"
            and len(quotes.end) == 1
            and quotes.end in "\"'"
            and not (quotes.doubled)
        ):
            return "".join(parts), place  # it was no quote, or is not closed
        else:
            parts.append(source[place])
            place += 1
    return "".join(parts), end


def _after_value(source: str, place: int) -> int:
    """Behind the brace that closes a value; texts in it may hold braces."""
    depth = 1
    while place < len(source) and depth:
        letter = source[place]
        if letter in "\"'`":
            _, place = _quoted(source, place + 1, Quotes(letter, letter, hole="${"))
            continue
        depth += (letter == "{") - (letter == "}")
        place += 1
    return place


def _heredoc(source: str, place: int, word: str) -> tuple[str, int]:
    """Its lines, and where the line behind its end begins."""
    lines: list[str] = []
    while place < len(source):
        close = source.find("\n", place)
        line_end = len(source) if close < 0 else close + 1
        line = source[place:line_end]
        place = line_end
        if line.strip() == word:
            break
        lines.append(line)
    return "".join(lines), place


def _unescaped(body: str, quotes: Quotes) -> str:
    text, _ = _quoted(body, 0, replace(quotes, end="\ue003"))
    return text
