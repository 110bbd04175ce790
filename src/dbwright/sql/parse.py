"""The seam to the parser: PostgreSQL's own grammar (libpg_query of version 18, by postgast).

Trees are read as JSON, for the other form that the parser writes can't be read where expressions
nest deeper than about fifty levels. The parser is loaded at the first use.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dbwright.sql.lexer import significant

__all__ = [
    "Node",
    "ParsedStatement",
    "SyntaxProblem",
    "Tree",
    "parse",
    "parse_alone",
    "statement_kind",
    "walk",
    "written_tree",
]

LONGEST_READ = 1 << 20
"""Characters; longer statements are data, not declarations."""

Node = Mapping[str, Any]
"""The fields of a node, by the names of PostgreSQL's parsenodes.h; defaults are left out."""


class SyntaxProblem(ValueError):
    """The text is not SQL as PostgreSQL reads it."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        """Characters from the text's beginning; None where it is not known."""


@dataclass(frozen=True, slots=True)
class ParsedStatement:
    """One statement's tree."""

    kind: str
    """The node's name: `CreateStmt`, `SelectStmt` …"""
    node: Node
    offset: int
    """Of its first token, in characters from the text's beginning."""


@dataclass(frozen=True, slots=True)
class Tree:
    """The trees of a text."""

    text: str
    statements: tuple[ParsedStatement, ...]

    def character(self, location: int) -> int:
        """A node's `location` (bytes) as characters from the text's beginning."""
        return _characters(self.text, location)


def parse(text: str) -> Tree:
    """The trees of all statements of a text. Raises SyntaxProblem."""
    try:
        found = json.loads(written_tree(text))
    except RecursionError:
        raise SyntaxProblem("the statement is nested too deeply to be read") from None
    return Tree(text, tuple(_statement(text, raw) for raw in found.get("stmts", ())))


def parse_alone(text: str) -> ParsedStatement | None:
    """The only statement of a text; None where the server has to judge alone: it is no SQL, or that
    of a later version, is none or several, or is longer than `LONGEST_READ`."""
    if len(text) > LONGEST_READ:
        return None
    try:
        statements = parse(text).statements
    except SyntaxProblem:
        return None
    return statements[0] if len(statements) == 1 else None


def written_tree(text: str) -> bytes:
    """The trees as the parser writes them (JSON), which is enough to see that they hold no node of
    some kind. Raises SyntaxProblem."""
    native, errors = library("native").lib, library("errors")
    result = native.pg_query_parse(encoded(text))
    try:
        errors.check_error(result)
        return bytes(result.parse_tree)
    except errors.PgQueryError as problem:
        raise as_syntax_problem(text, problem) from None
    finally:
        native.pg_query_free_parse_result(result)


def statement_kind(text: str) -> str:
    """The kind of the text's first statement (`CreateStmt` …); empty for an empty text.

    Raises SyntaxProblem.
    """
    statements = parse(text).statements
    return statements[0].kind if statements else ""


def walk(node: Node) -> Iterator[tuple[str, Node]]:
    """Every node below (and not counting) `node`, outermost first, with its kind.

    A child whose kind the grammar fixes (a table of an ALTER TABLE …) comes with its field's name.
    """
    pending: list[Any] = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, Mapping):
            for name, child in current.items():
                if isinstance(child, Mapping):
                    yield name, child
            pending.extend(reversed(list(current.values())))
        elif isinstance(current, list):
            pending.extend(reversed(current))


def library(module: str) -> Any:
    """A module of the parser, loaded when first needed (a tenth of a second)."""
    return importlib.import_module(f"postgast.{module}")


def encoded(text: str) -> bytes:
    """The text as the parser takes it. Raises SyntaxProblem for what no server takes."""
    if "\0" in text:  # the parser would stop there without a word
        raise SyntaxProblem("the text holds a zero byte", text.index("\0"))
    try:
        return text.encode()
    except UnicodeEncodeError as problem:
        raise SyntaxProblem("the text is not valid Unicode", problem.start) from None


def as_syntax_problem(text: str, problem: Any) -> SyntaxProblem:
    """The parser's error (postgast.PgQueryError) in our words."""
    place = problem.cursorpos
    return SyntaxProblem(problem.message, _characters(text, place - 1) if place > 0 else None)


def _statement(text: str, raw: Node) -> ParsedStatement:
    ((kind, node),) = raw["stmt"].items()
    start = _characters(text, raw.get("stmt_location", 0))
    first = next(significant(text, start), None)
    return ParsedStatement(kind, node, start if first is None else first.offset)


def _characters(text: str, location: int) -> int:
    """Bytes as characters."""
    if text.isascii():
        return location
    return len(text.encode()[:location].decode(errors="ignore"))
