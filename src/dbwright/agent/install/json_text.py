"""Adding a member to JSON text and taking it out again, with every other byte left as it is.

Editors' settings are JSON with comments and trailing commas (JSONC); who keeps them has a way to
lay them out. So the text is not written anew: it is scanned for where things stand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["BadJson", "read", "with_member", "without_member"]

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
class _Node:
    start: int
    end: int = 0
    value: Any = None
    members: list[tuple[str, int, _Node]] = field(default_factory=list)
    """Of an object: each key, where it begins, and its value."""


def read(text: str) -> Any:
    """The value; comments and trailing commas are fine. Raises BadJson."""
    return _Scanner(text).document().value


def with_member(text: str, place: Sequence[str], key: str, value: Any) -> str:
    """The text with the member in the object at that place, after those that are there. The object
    is made where it is missing. Raises BadJson, also where the place is no object."""
    node = _Scanner(text).document()
    for depth, name in enumerate(place):
        below = _member(node, name)
        if below is None:
            for missing in reversed(place[depth + 1 :]):
                key, value = missing, {key: value}
            return _inserted(text, node, name, {key: value})
        node = below
    return _inserted(text, node, key, value)


def without_member(text: str, place: Sequence[str], key: str) -> str:
    """The text without the member; objects on the way that have become empty go with it."""
    nodes = [_Scanner(text).document()]
    for name in place:
        below = _member(nodes[-1], name)
        if below is None:
            return text
        nodes.append(below)
    path = [*place, key]
    while len(nodes) > 1 and len(nodes[-1].members) == 1:
        nodes.pop()
    return _removed(text, nodes[-1], path[len(nodes) - 1])


def _member(node: _Node, name: str) -> _Node | None:
    if not isinstance(node.value, dict):
        raise BadJson("an object was expected")
    return next((value for key, _, value in node.members if key == name), None)


def _inserted(text: str, node: _Node, key: str, value: Any) -> str:
    if not isinstance(node.value, dict):
        raise BadJson("an object was expected")
    if node.members and "\n" not in text[node.start : node.end]:
        return _inserted_in_line(text, node, key, value)
    outer, step = _indents(text, node)
    inner = outer + step
    # As the file ends its lines: a change of them could not be taken back.
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    written = json.dumps(value, indent=step, ensure_ascii=False)
    written = written.replace("\n", f"{end_of_line}{inner}")
    member = f"{json.dumps(key, ensure_ascii=False)}: {written}"
    if not node.members:
        inside = text[node.start + 1 : node.end - 1].rstrip()
        head, tail = text[: node.start + 1] + inside, text[node.end - 1 :]
        return f"{head}{end_of_line}{inner}{member}{end_of_line}{outer}{tail}"
    end = node.members[-1][2].end
    comma, rest = _comma_after(text, end)
    # After a trailing comma (and the comment of its line) the new one keeps to that custom.
    if comma:
        line_end = _line_end(text, rest, node.end - 1)
        return f"{text[:line_end]}{end_of_line}{inner}{member},{text[line_end:]}"
    line_end = _line_end(text, end, node.end - 1)
    return f"{text[:end]},{text[end:line_end]}{end_of_line}{inner}{member}{text[line_end:]}"


def _inserted_in_line(text: str, node: _Node, key: str, value: Any) -> str:
    """Into an object that stands in one line."""
    end = node.members[-1][2].end
    comma, rest = _comma_after(text, end)
    member = f" {json.dumps({key: value}, ensure_ascii=False)[1:-1]}"
    return f"{text[:rest]}{member},{text[rest:]}" if comma else f"{text[:end]},{member}{text[end:]}"


def _removed(text: str, node: _Node, key: str) -> str:
    names = [name for name, _, _ in node.members]
    if key not in names:
        return text
    number = names.index(key)
    start, end = node.members[number][1], node.members[number][2].end
    comma, rest = _comma_after(text, end)
    if comma:
        end = rest
    elif number:
        # The last one: the comma before it goes, the comments in between stay.
        before = node.members[number - 1][2].end
        found, after = _comma_after(text, before)
        if found:
            between = text[after:start].rstrip(" \t")
            tail = text[end:]
            line = between[:-1] if between.endswith("\n") else between
            return text[:before] + line.rstrip("\r") + tail
    lead = text[:start].rstrip(" \t")
    if lead.endswith("\n") and (tail := text[end:].lstrip(" \t")).startswith(("\n", "\r\n")):
        return lead + tail[2 if tail.startswith("\r\n") else 1 :]
    if len(names) == 1:
        return text[:start].rstrip() + text[end:].lstrip()
    return text[:start] + text[end:].lstrip(" \t")


def _comma_after(text: str, position: int) -> tuple[bool, int]:
    """Does a comma follow, spaces and comments aside? And where it ends."""
    while found := TOKEN.match(text, position):
        if found.lastgroup != "space":
            return found.group() == ",", found.end()
        position = found.end()
    return False, position


def _line_end(text: str, position: int, limit: int) -> int:
    """The end of the line, or the place before what else stands in it; comments are passed."""
    while position < limit and (found := TOKEN.match(text, position)):
        words = found.group()
        if found.lastgroup != "space":
            return position
        if "\n" in words:
            newline = position + words.index("\n")
            return newline - 1 if text[newline - 1] == "\r" else newline
        position = found.end()
    return position


def _indents(text: str, node: _Node) -> tuple[str, str]:
    """How far the object's own line is indented, and by what its members are further."""
    outer = _indent_of(text, node.start)
    if node.members:
        inner = _indent_of(text, node.members[0][1])
        if inner.startswith(outer) and len(inner) > len(outer):
            return outer, inner[len(outer) :]
    found = re.search(r"\n([ \t]+)\S", text)
    return outer, "\t" if found and found.group(1).startswith("\t") else "  "


def _indent_of(text: str, position: int) -> str:
    line = text[text.rfind("\n", 0, position) + 1 : position]
    return line[: len(line) - len(line.lstrip(" \t"))]


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 1 if text.startswith("\ufeff") else 0

    def document(self) -> _Node:
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

    def _node(self, depth: int) -> _Node:
        if depth > DEEPEST:
            raise self._bad("it is nested too deeply")
        self._skip()
        node = _Node(self._position)
        word = self._next()
        if word == "{":
            self._object(node, depth)
        elif word == "[":
            self._array(node, depth)
        else:
            node.value = self._scalar(word)
        node.end = self._position
        return node

    def _object(self, node: _Node, depth: int) -> None:
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

    def _array(self, node: _Node, depth: int) -> None:
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
