"""Trees as SQL text again.

The parser's own writer is used: it knows where parentheses must stand, and writes constants as they
were meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from dbwright.sql.lexer import Token, tokens
from dbwright.sql.parse import Node, library

__all__ = ["as_bytes", "canonical_expression", "constant_text", "deparse", "replace_columns"]

_PREFIX = "SELECT "
DEEPEST = 90
"""Levels of a tree: the parser reads a hundred."""


def deparse(kind: str, node: Node) -> str | None:
    """A statement's tree as SQL (`kind` is its name, such as SelectStmt).

    None where it is nested too deeply to be written.
    """
    writer, errors = library("deparse"), library("errors")
    tree = library("pg_query_pb2").ParseResult()
    try:
        _fill(tree, {"stmts": [{"stmt": {kind: node}}]}, 0)
        return str(writer.deparse(tree))
    except (errors.PgQueryError, RecursionError):
        return None


def _fill(message: Any, fields: Node, depth: int) -> None:
    """Put a tree's fields into the parser's message of the same form.

    (Its own reader of such trees builds a table of all fields for each node again.)
    """
    if depth > DEEPEST:
        raise RecursionError
    known = _fields(message.DESCRIPTOR)
    for name, value in fields.items():
        field, repeated = known[name]
        if field.message_type is None:
            if field.enum_type is not None:
                value = field.enum_type.values_by_name[value].number
            setattr(message, field.name, value)
        elif repeated:
            children = getattr(message, field.name)
            for child in value:
                _fill(children.add(), child, depth + 1)
        else:
            inner = getattr(message, field.name)
            inner.SetInParent()
            _fill(inner, value, depth + 1)


@cache
def _fields(descriptor: Any) -> dict[str, tuple[Any, bool]]:
    """The fields of a message by their names in a tree, and whether each is a list."""
    return {field.json_name: (field, _is_list(field)) for field in descriptor.fields}


def _is_list(field: Any) -> bool:
    if hasattr(field, "is_repeated"):  # since version 6.31 of protobuf, which warns of `label`
        return bool(field.is_repeated)
    return bool(field.label == field.LABEL_REPEATED)


def canonical_expression(
    node: Node, column_of: Callable[[Node], Node | None] | None = None
) -> str | None:
    """An expression's tree as SQL. `column_of` gives what replaces a ColumnRef (its fields), None
    to leave it. None where it is nested too deeply to be written."""
    try:
        replaced = node if column_of is None else replace_columns(node, column_of)
    except RecursionError:
        return None
    text = deparse(
        "SelectStmt",
        {
            "targetList": [{"ResTarget": {"val": replaced}}],
            "limitOption": "LIMIT_OPTION_DEFAULT",
            "op": "SETOP_NONE",
        },
    )
    return None if text is None else text.removeprefix(_PREFIX)


def as_bytes(text: str) -> str:
    """The text with each byte of its UTF-8 as one character."""
    return text if text.isascii() else text.encode().decode("latin-1")


def constant_text(latin: str, node: Node) -> str | None:
    """A constant (A_Const) exactly as it is written.

    `latin` is the text with each byte as one character, so that locations count in it. None where
    it is written in several parts, or its place is not known.
    """
    location = node.get("location", 0)
    if location < 0:
        return None
    if "ival" in node:
        number = str(node["ival"].get("ival", 0))
        end = location + len(number)
        if latin.startswith(number, location) and not _goes_on_as_word(latin[end : end + 1]):
            return number  # lists of thousands of numbers are usual
    written = ""
    found = tokens(latin, location)
    for token in found:
        if token.kind in ("number", "word"):
            return written + token.text
        if token.kind == "string":
            return None if _goes_on(token.text, found) else _characters(token.text)
        if token.kind == "operator" and token.text in ("-", "+"):
            written += token.text
        elif token.kind != "space":
            return None
    return None


def _goes_on_as_word(character: str) -> bool:
    return character.isalnum() or character in ("_", ".")


def _goes_on(string: str, following: Iterator[Token]) -> bool:
    """Is the constant more than this token: UESCAPE, or a further part on the next line?"""
    if string[0] in "uU":
        return True
    space = next(following, None)
    if space is None or space.kind not in ("space", "comment"):
        return False
    behind = next((t for t in following if t.kind not in ("space", "comment")), None)
    return behind is not None and behind.kind == "string"


def _characters(latin: str) -> str:
    return latin if latin.isascii() else latin.encode("latin-1").decode()


def replace_columns(node: Any, column_of: Callable[[Node], Node | None]) -> Any:
    """A copy of a tree in which `column_of` (of a ColumnRef's fields) says what stands for each
    column; None leaves it."""
    if isinstance(node, list):
        return [replace_columns(child, column_of) for child in node]
    if not isinstance(node, Mapping):
        return node
    if "ColumnRef" in node:
        other = column_of(node["ColumnRef"])
        return node if other is None else other
    return {name: replace_columns(child, column_of) for name, child in node.items()}
