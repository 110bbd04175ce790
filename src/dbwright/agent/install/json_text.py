"""Adding a member to JSON text and taking it out again, with every other byte left as it is.

Editors' settings are JSON with comments and trailing commas (JSONC); who keeps them has a way to
lay them out. So the text is not written anew: it is scanned for where things stand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from dbwright.agent.install.json_scan import TOKEN, BadJson, Node, scanned

__all__ = ["BadJson", "gap_at", "read", "with_member", "with_value", "without_member"]


def read(text: str) -> Any:
    """The value; comments and trailing commas are fine. Raises BadJson."""
    return scanned(text).value


def with_member(text: str, place: Sequence[str], key: str, value: Any) -> str:
    """The text with the member in the object at that place, after those that are there. The object
    is made where it is missing. Raises BadJson, also where the place is no object."""
    node = scanned(text)
    for depth, name in enumerate(place):
        below = _member(node, name)
        if below is None:
            for missing in reversed(place[depth + 1 :]):
                key, value = missing, {key: value}
            return _inserted(text, node, name, {key: value})
        node = below
    return _inserted(text, node, key, value)


def with_value(text: str, place: Sequence[str], key: str, value: Any) -> str:
    """The text with another value of the member, which is there. Raises BadJson, KeyError."""
    node = scanned(text)
    for name in (*place, key):
        outer, below = node, _member(node, name)
        if below is None:
            raise KeyError(name)
        node = below
    own, step = _indents(text, outer)
    in_lines = "\n" in text[outer.start : outer.end]
    written = json.dumps(value, indent=step if in_lines else None, ensure_ascii=False)
    written = written.replace("\n", f"{_end_of_line(text)}{own}{step}")
    return text[: node.start] + written + text[node.end :]


def without_member(
    text: str, place: Sequence[str], key: str, made: int | None = None, gap: str | None = None
) -> str:
    """The text without the member; objects on the way that have become empty go with it, the
    innermost `made` of them, or all. `gap`: the space that an object which is empty now held."""
    nodes = [scanned(text)]
    for name in place:
        below = _member(nodes[-1], name)
        if below is None:
            return text
        nodes.append(below)
    path = [*place, key]
    keep = 1 if made is None else max(1, len(nodes) - made)
    while len(nodes) > keep and len(nodes[-1].members) == 1:
        nodes.pop()
    depth = len(nodes) - 1
    node = nodes[-1]
    if path[depth] not in node.value:
        return text
    value: Any = node.value
    for name in path[depth:]:
        value = value[name]
    left = _removed(text, node, path[depth])
    for one in (left, *_cuts(text, node, path[depth])):
        found = one if gap is None else _with_gap(one, place[:depth], gap)
        if _gives(text, found, place, key, value):
            return found
    # It was laid out anew since.
    return left if gap is None else _with_gap(left, place[:depth], gap)


def gap_at(text: str, place: Sequence[str]) -> str:
    """The space before the end of the object, where it has no members. Raises BadJson."""
    node: Node | None = scanned(text)
    for name in place:
        node = None if node is None else _member(node, name)
    if node is None or node.members:
        return ""
    inside = text[node.start + 1 : node.end - 1]
    return inside[len(inside.rstrip()) :]


def _gives(text: str, found: str, place: Sequence[str], key: str, value: Any) -> bool:
    """Is `text` what is made of `found` with the member? Then `found` was there before."""
    try:
        return with_member(found, place, key, value) == text
    except BadJson:
        return False


def _cuts(text: str, node: Node, key: str) -> Iterator[str]:
    """The text without a member that stands in a line with others, or before a brace."""
    number = [name for name, _, _ in node.members].index(key)
    start, end = node.members[number][1], node.members[number][2].end
    comma, rest = _comma_after(text, end)
    end = rest if comma else end
    if number:
        found, after = _comma_after(text, node.members[number - 1][2].end)
        if found:
            yield text[:after] + text[end:]
    line = text.rfind("\n", 0, start)
    if line > node.start:
        yield text[: line - 1 if text[line - 1] == "\r" else line] + text[end:]


def _with_gap(text: str, place: Sequence[str], gap: str) -> str:
    node: Node | None = scanned(text)
    for name in place:
        node = None if node is None else _member(node, name)
    if node is None or node.members:
        return text
    inside = text[node.start + 1 : node.end - 1].rstrip()
    found = text[: node.start + 1] + inside + gap + text[node.end - 1 :]
    try:
        # A comment that somebody wrote there since may reach to the end of its line.
        return found if read(found) == read(text) else text
    except BadJson:
        return text


def _member(node: Node, name: str) -> Node | None:
    if not isinstance(node.value, dict):
        raise BadJson("an object was expected")
    return next((value for key, _, value in node.members if key == name), None)


def _inserted(text: str, node: Node, key: str, value: Any) -> str:
    if not isinstance(node.value, dict):
        raise BadJson("an object was expected")
    if node.members and "\n" not in text[node.start : node.end]:
        return _inserted_in_line(text, node, key, value)
    outer, step = _indents(text, node)
    inner = outer + step
    # As the file ends its lines: a change of them could not be taken back.
    end_of_line = _end_of_line(text)
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


def _inserted_in_line(text: str, node: Node, key: str, value: Any) -> str:
    """Into an object that stands in one line."""
    end = node.members[-1][2].end
    comma, rest = _comma_after(text, end)
    member = f" {json.dumps({key: value}, ensure_ascii=False)[1:-1]}"
    return f"{text[:rest]}{member},{text[rest:]}" if comma else f"{text[:end]},{member}{text[end:]}"


def _removed(text: str, node: Node, key: str) -> str:
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


def _indents(text: str, node: Node) -> tuple[str, str]:
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


def _end_of_line(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
