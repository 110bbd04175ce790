"""A script's statements, one after the other, by the rules psql follows (psqlscan.l).

A semicolon ends a statement outside quotes, comments, parentheses and the BEGIN ATOMIC … END body
of a function. A backslash starts a meta-command of psql up to the end of the line. The lines after
COPY … FROM stdin are data up to `\\.`. One expression swallows whole runs of quotes, words and
numbers, so that only what can change the state comes back to Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.sql.lexer import (
    DOLLAR_QUOTE,
    ESCAPE_STRING,
    PLAIN_STRING,
    WORD,
    end_of_block_comment,
    significant,
)

__all__ = ["Statement", "split"]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, a meta-command of psql, or the data of a COPY."""

    text: str
    """Without the semicolon and without leading comments; data: lines, without `\\.`."""
    line: int
    """Of the first token; lines and columns start at 1."""
    column: int
    offset: int
    """Characters from the script's beginning (a byte order mark counts)."""
    kind: str
    """`sql`, `meta-command` or `copy-data`."""


_RUN = rf"{ESCAPE_STRING}|{PLAIN_STRING}|\"[^\"]*+\"|\$\d++|\d[A-Za-z0-9_]*+"
# The dollar quote is outside the repeated group: its tag has to be found again.
_QUIET = r"[^A-Za-z_\u0080-\U0010ffff0-9'\"$;()\\/-]++|-(?!-)|/(?!\*)"
# A repeated group remembers each of its turns: in runs of so many, memory stays small.
_TURNS = "{0,1000}"
_SKIP = re.compile(rf"(?:{_QUIET}|{_RUN}|{WORD}){_TURNS}", re.DOTALL)
_SKIP_TO_WORD = re.compile(rf"(?:{_QUIET}|{_RUN}){_TURNS}", re.DOTALL)
_DOLLAR = re.compile(DOLLAR_QUOTE)
_WORD = re.compile(WORD)
_BLANK = re.compile(rf"(?:\s++|--[^\r\n]*+){_TURNS}")
_LINE_END = re.compile(r"\r\n|\n|\r")
_REST_OF_LINE = re.compile(r"[^\r\n]*+")
_SPACE = re.compile(r"\s*+")
_ROUTINE = ("function", "procedure")
_SENDS = frozenset(
    r"\g \gx \gexec \gset \gdesc \crosstabview \watch \bind \bind_named \parse".split()
)
"""Meta-commands that end the statement before them and send it."""


def split(text: str) -> Iterator[Statement]:
    """The statements of a script, in order; the last one may lack its semicolon.

    An open quote takes the rest of the script into one statement. Never raises.
    """
    return _Splitter(text).statements()


class _Splitter:
    """Where the reading of one script stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 1 if text.startswith("\ufeff") else 0
        self.counted = 0
        """So far lines are counted."""
        self.line = 1
        self.line_start = self.position

    def statements(self) -> Iterator[Statement]:
        while (start := self._first_token()) < len(self.text):
            if self.text[start] == ";":
                self.position = start + 1
            elif self.text[start] == "\\":
                yield from self._meta_command(start)
            else:
                yield from self._sql(start)

    def _first_token(self) -> int:
        """Past spaces and comments."""
        text = self.text
        while True:
            self.position = _past(_BLANK, text, self.position)
            if not text.startswith("/*", self.position):
                return self.position
            self.position = end_of_block_comment(text, self.position)

    def _statement(self, start: int, end: int, kind: str, text: str | None = None) -> Statement:
        """What stands from `start` to `end`, with its place."""
        newlines = self.text.count("\n", self.counted, start)
        if newlines:
            self.line += newlines
            self.line_start = self.text.rfind("\n", self.counted, start) + 1
        self.counted = start
        column = start - self.line_start + 1
        found = self.text[start:end] if text is None else text
        return Statement(found, self.line, column, start, kind)

    def _meta_command(self, start: int) -> Iterator[Statement]:
        end = self._command_end(start)
        command = self.text[start:end].rstrip()
        self.position = end
        if command:
            yield self._statement(start, end, "meta-command", command)
        if command.lower().startswith("\\copy") and _reads_stdin(command[1:]):
            yield from self._copy_data()

    def _command_end(self, start: int) -> int:
        match = _REST_OF_LINE.match(self.text, start)
        assert match is not None
        return match.end()

    def _sql(self, start: int) -> Iterator[Statement]:
        """One statement, with the meta-commands inside it before it, and its data after it."""
        cuts: list[tuple[int, int]] = []
        end = self._statement_end(start, cuts)
        text = self.text[start:end]
        for cut, stop in cuts:  # psql takes them out; blanks keep every other place
            yield self._statement(cut, stop, "meta-command")
            text = text[: cut - start] + " " * (stop - cut) + text[stop - start :]
        self._rewind(start, cuts)
        statement = self._statement(start, end, "sql", text.rstrip())
        yield statement
        if text[:4].lower() == "copy" and _reads_stdin(text):
            yield from self._copy_data()

    def _rewind(self, start: int, cuts: list[tuple[int, int]]) -> None:
        """Lines were counted further than the statement that is about to be placed."""
        if cuts and self.counted > start:
            self.line -= self.text.count("\n", start, self.counted)
            self.line_start = self.text.rfind("\n", 0, start) + 1
            self.counted = start

    def _statement_end(self, start: int, cuts: list[tuple[int, int]]) -> int:
        """Where the statement's text ends; the position is put behind its semicolon."""
        text = self.text
        routine = _is_routine(text, start)
        skip = _SKIP_TO_WORD if routine else _SKIP
        parentheses = blocks = 0
        position = start
        while True:
            position = _past(skip, text, position)
            character = text[position : position + 1]
            if not character:
                self.position = position
                return position
            if character == "(":
                parentheses += 1
                position += 1
            elif character == ")":
                parentheses = max(0, parentheses - 1)
                position += 1
            elif character == ";":
                if not parentheses and not blocks:
                    self.position = position + 1
                    return position
                position += 1
            elif character == "\\":
                after = self._after_command(position)
                if after is not None:
                    self.position = after
                    return position
                cuts.append((position, self._command_end(position)))
                position = cuts[-1][1]
            elif routine and (word := _WORD.match(text, position)):
                if not parentheses:
                    blocks = _blocks(word[0].lower(), blocks)
                position = word.end()
            else:
                position = self._past_quote(position)

    def _after_command(self, position: int) -> int | None:
        """Where reading goes on after a meta-command that ends the statement; None for others."""
        command = self.text[position : self._command_end(position)].split(None, 1)[0].lower()
        if command.startswith("\\;"):  # sends both at once: two statements all the same
            return position + 2
        return position if command in _SENDS else None

    def _past_quote(self, position: int) -> int:
        """Past a comment or a dollar quote; to the end for a quote that never closes."""
        if self.text.startswith("--", position):
            return self._command_end(position)
        if self.text.startswith("/*", position):
            return end_of_block_comment(self.text, position)
        if self.text[position] == "$":
            return self._dollar_end(position)
        return len(self.text)

    def _dollar_end(self, position: int) -> int:
        """Past a dollar-quoted string, or past a lone dollar sign."""
        tag = _DOLLAR.match(self.text, position)
        if tag is None:
            return position + 1
        close = self.text.find(tag[0], tag.end())
        return len(self.text) if close < 0 else close + len(tag[0])

    def _copy_data(self) -> Iterator[Statement]:
        """The lines from the next one on, up to `\\.` or the script's end."""
        text = self.text
        newline = _LINE_END.search(text, self.position)
        start = len(text) if newline is None else newline.end()
        end, after = _end_of_data(text, start)
        rest, self.position = self.position, after
        yield self._statement(start, end, "copy-data")
        line_rest = text[rest : start if newline is None else newline.start()]
        if line_rest.strip():  # psql goes on with the rest of the COPY's own line
            for statement in split(line_rest):
                place = rest + statement.offset
                line = text.count("\n", 0, place) + 1
                column = place - (text.rfind("\n", 0, place) + 1) + 1
                yield Statement(statement.text, line, column, place, statement.kind)


def _past(pattern: re.Pattern[str], text: str, position: int) -> int:
    """Past all that the pattern takes, run by run."""
    while True:
        match = pattern.match(text, position)
        if match is None or match.end() == position:
            return position
        position = match.end()


def _end_of_data(text: str, start: int) -> tuple[int, int]:
    """Where the data that begins at `start` ends, and where reading goes on."""
    position = start
    while True:
        if text.startswith("\\.", position):
            line_end = _LINE_END.search(text, position)
            line = text[position : len(text) if line_end is None else line_end.start()]
            if line == "\\.":
                return position, len(text) if line_end is None else line_end.end()
        found = text.find("\n\\.", position)
        if found < 0:
            return len(text), len(text)
        position = found + 1


def _is_routine(text: str, start: int) -> bool:
    """Does CREATE [OR REPLACE] FUNCTION or PROCEDURE begin here?"""
    if text[start : start + 6].lower() != "create":
        return False
    words = significant(text, start)
    next(words)
    word = next(words, None)
    if word is not None and word.lower == "or":
        next(words, None)
        word = next(words, None)
    return word is not None and word.lower in _ROUTINE


def _blocks(word: str, depth: int) -> int:
    """The depth of BEGIN … END bodies after a word; CASE closes with END as well."""
    if word == "begin" or (word == "case" and depth):
        return depth + 1
    return max(0, depth - 1) if word == "end" else depth


def _reads_stdin(text: str) -> bool:
    """Is it a COPY … FROM stdin (or pstdin)?"""
    depth, before = 0, ""
    for token in significant(text):
        if token.kind == "punctuation":
            depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and before == "from":
            return token.kind == "word" and token.lower in ("stdin", "pstdin")
        before = token.lower if token.kind == "word" and depth == 0 else ""
    return False
