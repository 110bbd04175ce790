"""The texts of a program, by the lexical rules of its language: quotes, escapes, comments.

No more of the language is understood. Texts that are joined by `+` are one; what comes in between
is a HOLE.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from dbwright.agent.work.queries.text import HOLE, JPQL, Text

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
    lines: bool = False
    """May it go on over the ends of lines?"""


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
    RUST = (
        ("//",),
        (
            Quotes('r##"', '"##', escapes=False),
            Quotes('r#"', '"#', escapes=False),
            Quotes('r"', '"', escapes=False, lines=True),
            Quotes("'\"", "'", is_text=False),
            Quotes('"', '"', lines=True),
        ),
    )
    PHP = (
        ("//", "#"),
        (
            Quotes('"', '"', hole="{$", names=True, lines=True),
            Quotes("'", "'", lines=True),
        ),
    )

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
    ".rs": Language.RUST,
    ".php": Language.PHP,
}
"""By the ending of a file."""

ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\n": ""}
NAME = re.compile(r"\$[A-Za-z_]\w*")
HEREDOC = re.compile(r"<<[~-]?(['\"]?)([A-Z_][A-Z0-9_]*)\1")
NOWDOC = re.compile(r"<<<\s*(['\"]?)([A-Za-z_]\w*)\1")
HEREDOCS = {Language.RUBY: (HEREDOC, "#{"), Language.PHP: (NOWDOC, "{$")}
"""How they begin, and what begins a value within."""
OUTSIDE_OF_PHP = re.compile(r"\?>.*?(?:<\?(?:php|=)|\Z)|\A(?:(?!<\?).)*<\?(?:php|=)", re.DOTALL)
BEFORE_EXPRESSION = re.compile(r"(?:[(,=:\[!&|?{};+\-*%~^<>]|\breturn|\btypeof|\bcase|^)\s*$")
REGEX = re.compile(r"/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*")
JOINED = re.compile(r"\s*(?:\+|\\)\s*")
JOINED_BY_VALUE = re.compile(r"\s*\+\s*[\w.$\[\]()!?]+\s*\+\s*")
GOES_ON = re.compile(r"\s*\+\s*[\w(]")
JOINED_BY_DOT = re.compile(r"\s*\.\s*(?:[\w$>\[\]()-]+\s*\.\s*)?")
GOES_ON_BY_DOT = re.compile(r"\s*\.\s*[\w$(]")
FORMATTED = re.compile(r"\s*\.\s*format(?:ted)?\s*\(")
FORMATTED_BY_PERCENT = re.compile(r"\s*%\s*[\[\w({]")
CALL = re.compile(r"([\w$]+)!?\s*(?:<[^<>()]{0,80}>)?\s*\(\s*(?:[\w.$&]+(?:\(\))?\s*,\s*)?$")
ANNOTATION = re.compile(r"@Query\s*\(\s*(?:[^\"@;{}]*)$")
NATIVE = re.compile(r"nativeQuery\s*=\s*true")
OF_JPA = "jpa.repository"
GIVEN_NAME = re.compile(r"([\w$]+)\s*(?::\s*[\w.]+\s*)?(?::=|=)\s*$")
BUILDERS = ("stringbuilder", "stringbuffer")
NEXT = 4000
"""Characters behind a text in which more may be added to it."""
TAG = re.compile(r"([\w$]+)(?:<[^<>()]{0,80}>)?\s*$")
BINDING_TAGS = frozenset(("sql", "$queryraw", "$executeraw", "query", "pgsql", "prismasql"))
BINDING_CALLS = frozenset(
    "fromsql fromsqlinterpolated executesql executesqlasync executesqlinterpolated "
    "executesqlinterpolatedasync sqlquery".split()
)
"""Of Entity Framework: what comes into their $"…" is sent as parameters."""
LOOK_BACK = 200


@dataclass(frozen=True, slots=True)
class _Literal:
    start: int
    end: int
    text: str
    is_template: bool = False
    is_interpolated: bool = False
    """Do values come into it by the language itself?"""


def literals(source: str, language: Language) -> Iterator[Text]:
    """Each text of the source, those that are joined as one. It never fails: a quote that does not
    end goes up to the end of the file."""
    if language is Language.PHP:
        source = OUTSIDE_OF_PHP.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), source)
    found = list(_literals(source, language))
    place = line = 0
    dots = language is Language.PHP
    number = 0
    while number < len(found):
        first = found[number]
        parts = [first.text]
        last = first
        number += 1
        while number < len(found):
            between = source[last.end : found[number].start]
            if dots and JOINED_BY_DOT.fullmatch(between):
                parts += [HOLE] if between.count(".") > 1 else []
            elif JOINED.fullmatch(between) and between.strip() and not dots:
                pass
            elif JOINED_BY_VALUE.fullmatch(between) and not dots:
                parts.append(HOLE)
            else:
                break
            last = found[number]
            parts.append(last.text)
            number += 1
        if (GOES_ON_BY_DOT if dots else GOES_ON).match(source, last.end):
            parts.append(HOLE)
        elif _is_added_to(source, first, last):
            parts.append(f" {HOLE}")
        line += source.count("\n", place, first.start)
        place = first.start
        yield _with_call(Text("".join(parts), line + 1), source, first, last)


def _is_added_to(source: str, first: _Literal, last: _Literal) -> bool:
    """Does the program put more behind the text later: `q += …`, `builder.append(…)`?"""
    before = source[max(0, first.start - LOOK_BACK) : first.start]
    after = source[last.end : last.end + NEXT]
    call = CALL.search(before)
    if call and call[1].lower() in BUILDERS:
        return bool(re.search(r"\.append(?:Line)?\s*\(", after, re.IGNORECASE))
    given = GIVEN_NAME.search(before)
    if given is None:
        return False
    name = re.escape(given[1])
    # As far as the name is given another text: from there on it is another one's.
    again = re.search(rf"(?<![\w$.]){name}\s*(?::\s*\w+\s*)?:?=(?![=>])\s*[^\s\w]", after)
    after = after if again is None else after[: again.start()]
    return bool(re.search(rf"(?<![\w$.]){name}\s*(?:\+=|\.=|<<|=\s*{name}\s*[+.])", after))


def _with_call(text: Text, source: str, first: _Literal, last: _Literal) -> Text:
    before = source[max(0, first.start - LOOK_BACK) : first.start]
    if OF_JPA in source and (annotation := ANNOTATION.search(before)):
        rest = source[last.end : last.end + LOOK_BACK].partition(")")[0]
        is_native = NATIVE.search(annotation[0]) or NATIVE.search(rest)
        return replace(text, call="query" if is_native else JPQL)
    if FORMATTED.match(source, last.end):
        return replace(text, call="format")
    if first.is_template and (tag := TAG.search(before)) and tag[1] not in ("return", "await"):
        name = tag[1].lower()
        return replace(text, call=name, is_bound=name in BINDING_TAGS)
    call = CALL.search(before)
    if call is None:
        return text
    name = call[1].lower()
    return replace(text, call=name, is_bound=name in BINDING_CALLS and first.is_interpolated)


def _literals(source: str, language: Language) -> Iterator[_Literal]:
    place, end = 0, len(source)
    heredocs: list[tuple[int, int, str, bool]] = []
    starts = {quotes.begin[0] for quotes in language.quotes}
    while place < end:
        letter = source[place]
        if heredocs and letter == "\n":
            for start, stop, word, raw in heredocs:
                body, place = _heredoc(source, place + 1, word)
                hole = HEREDOCS[language][1]
                names = language is Language.PHP
                text = body if raw else _unescaped(body, Quotes("", "", hole=hole, names=names))
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
        elif letter == "<" and (doc := _heredoc_at(source, place, language)) is not None:
            heredocs.append((place, doc.end(), doc[2], doc[1] == "'"))
            place = doc.end()
        elif letter in starts and (quotes := _quotes(source, place, language)):
            begin = place
            text, place = _quoted(source, place + len(quotes.begin), quotes)
            if quotes.is_text:
                yield _Literal(begin, place, text, quotes.begin == "`", bool(quotes.hole))
        else:
            place += 1


def _heredoc_at(source: str, place: int, language: Language) -> re.Match[str] | None:
    form = HEREDOCS.get(language)
    return None if form is None else form[0].match(source, place)


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
            and not quotes.doubled
            and not quotes.lines
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
        if line.strip().rstrip(";,)") == word:
            break
        lines.append(line)
    return "".join(lines), place


def _unescaped(body: str, quotes: Quotes) -> str:
    text, _ = _quoted(body, 0, replace(quotes, end="\ue003"))
    return text
