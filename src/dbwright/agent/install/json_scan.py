"""JSON text with comments and trailing commas, scanned for where things stand."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

__all__ = ["TOKEN", "BadJson", "Node", "scanned"]

TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+|//[^\n]*|/\*.*?\*/)
      |(?P<mark>[{}\[\],:])
      |(?P<value>"(?:[^"\\\x00-\x1f]|\\.)*"|[^\s{}\[\],:"/]+)""",
    re.VERBOSE | re.DOTALL,
)
DEEPEST = 100


class BadJson(ValueError):
    """The text is no JSON; it says where."""


@dataclass(slots=True)
class Node:
    start: int
    end: int = 0
    value: Any = None
    members: list[tuple[str, int, Node]] = field(default_factory=list)
    """Of an object: each key, where it begins, and its value."""


def scanned(text: str) -> Node:
    """The value of the whole text, and where it stands. Raises BadJson."""
    return _Scanner(text).document()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 1 if text.startswith("\ufeff") else 0

    def document(self) -> Node:
        node = self._node(0)
        self._skip()
        if self._position != len(self._text):
            raise self._bad("something follows the end")
        return node

    def _skip(self) -> None:
        while (found := TOKEN.match(self._text, self._position)) and found.lastgroup == "space":
            self._position = found.end()

    def _next(self) -> str:
        self._skip()
        found = TOKEN.match(self._text, self._position)
        if found is None:
            at_end = self._position >= len(self._text)
            raise self._bad("it ends too early" if at_end else "an unexpected character")
        self._position = found.end()
        return found.group()

    def _peek(self) -> str:
        before = self._position
        word = self._next()
        self._position = before
        return word

    def _node(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise self._bad("it is nested too deeply")
        self._skip()
        node = Node(self._position)
        word = self._next()
        if word == "{":
            self._object(node, depth)
        elif word == "[":
            self._array(node, depth)
        else:
            node.value = self._scalar(word)
        node.end = self._position
        return node

    def _object(self, node: Node, depth: int) -> None:
        node.value = {}
        while self._peek() != "}":
            self._skip()
            start = self._position
            key = self._scalar(self._next())
            if not isinstance(key, str):
                raise self._bad("a key must be a text")
            if key in node.value:
                raise self._bad(f"{key[:20]!r} stands there twice")
            if self._next() != ":":
                raise self._bad("a colon is missing")
            below = self._node(depth + 1)
            node.members.append((key, start, below))
            node.value[key] = below.value
            if self._peek() != "}" and self._next() != ",":
                raise self._bad("a comma is missing")
        self._next()

    def _array(self, node: Node, depth: int) -> None:
        node.value = []
        while self._peek() != "]":
            node.value.append(self._node(depth + 1).value)
            if self._peek() != "]" and self._next() != ",":
                raise self._bad("a comma is missing")
        self._next()

    def _scalar(self, word: str) -> Any:
        try:
            return json.loads(word)
        except ValueError:
            raise self._bad(f"{word[:20]} is no value") from None

    def _bad(self, what: str) -> BadJson:
        line = self._text.count("\n", 0, self._position) + 1
        return BadJson(f"line {line}: {what}")
