"""The text that a server writes of its trees (outfuncs.c), as nodes that know their fields:
`{QUERY :commandType 1 :rtable (…)}`.

The text comes of somebody's query, and names in it are written almost as they are (`:resname
:resjunk` is a column that is called `:resjunk`). So what directly follows a field's name is always
its value, a field that comes twice is refused, and so is a line that may have been broken inside of
a name: the server breaks lines after 78 bytes, at a space where there is one. Trees may nest deeper
than this language's stack: nothing here calls itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["NodeTree", "TreeUnreadable", "Value", "constant_bytes", "node_trees", "walk_nodes"]

LINE = 78
"""Bytes after which the server breaks a line (LINELEN of print.c)."""

# A line is broken at a space, an escaped one too.
TOKEN = re.compile(r"[(){}]|(?:\\[\s\S]|[^\s(){}\\])+")


class TreeUnreadable(ValueError):
    """The text is not a tree that can be relied upon."""


@dataclass(eq=False, slots=True)
class NodeTree:
    """A node: its kind, such as QUERY, and the tokens, nodes and lists of each field."""

    kind: str = ""
    fields: dict[str, list[Value]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A plain value; empty where it is missing or null."""
        values = self.fields.get(name)
        if not values or not isinstance(values[0], str) or values[0] == "<>":
            return ""
        return values[0]

    def number(self, name: str) -> int:
        """A plain number; 0 where it is missing or null."""
        found = self.text(name)
        return int(found) if found.removeprefix("-").isdigit() else 0

    def is_true(self, name: str) -> bool:
        return self.text(name) == "true"

    def node(self, name: str) -> NodeTree | None:
        values = self.fields.get(name)
        return values[0] if values and isinstance(values[0], NodeTree) else None

    def nodes(self, name: str) -> list[NodeTree]:
        """The nodes of a list."""
        return [one for one in self._list(name) if isinstance(one, NodeTree)]

    def numbers(self, name: str) -> list[int]:
        """The numbers of a list of oids or integers, or the one number that stands alone."""
        alone = self.text(name)
        tokens = [alone] if alone else [one for one in self._list(name) if isinstance(one, str)]
        return [int(one) for one in tokens if one.isdigit()]

    def _list(self, name: str) -> list[Value]:
        values = self.fields.get(name)
        return values[0] if values and isinstance(values[0], list) else []


Value = str | NodeTree | list["Value"]


@dataclass(slots=True)
class _Open:
    """A bracket that was not closed yet: a list's, or a node's with the field that is read."""

    values: list[Value]
    node: NodeTree | None = None


def node_trees(text: str) -> list[NodeTree]:
    """The trees in a text, in their order. Raises TreeUnreadable."""
    _require_whole_names(text)
    top: list[Value] = []
    stack = [_Open(top)]
    names_kind = awaits_value = False
    for token in TOKEN.findall(text):
        place = stack[-1]
        if names_kind and place.node is not None:
            place.node.kind = token
            names_kind = False
            continue
        if token in ("{", "("):
            node = NodeTree() if token == "{" else None
            inner: list[Value] = []
            place.values.append(inner if node is None else node)
            stack.append(_Open(inner, node))
            names_kind = node is not None
        elif token in ("}", ")"):
            if len(stack) == 1 or (place.node is None) != (token == ")"):
                raise TreeUnreadable("the brackets of the server's tree don't match")
            stack.pop()
        elif token.startswith(":") and place.node is not None and not awaits_value:
            _open_field(place, token[1:])
            awaits_value = True
            continue
        else:
            place.values.append(token)
        awaits_value = False
    if len(stack) != 1:
        raise TreeUnreadable("the server's tree of the query has no end")
    return [found for found in _plain(top) if isinstance(found, NodeTree)]


def walk_nodes(start: Value) -> Iterator[NodeTree]:
    """A node, or those of a list, and all below, in the order of the text."""
    pending: list[Value] = [start]
    while pending:
        one = pending.pop()
        if isinstance(one, NodeTree):
            yield one
            pending.extend(reversed(list(one.fields.values())))
        elif isinstance(one, list):
            pending.extend(reversed(one))


def constant_bytes(constant: NodeTree) -> bytes | None:
    """What a CONST of a type of variable length (text, say) holds; None where it is null."""
    tokens = constant.fields.get("constvalue", [])
    if "[" not in tokens:
        return None
    numbers = tokens[tokens.index("[") + 1 :]
    data = bytes(int(one) % 256 for one in numbers if isinstance(one, str) and one != "]")
    if not data:
        return None
    return data[1:] if data[0] & 1 else data[4:]


def _open_field(place: _Open, name: str) -> None:
    assert place.node is not None
    if name in place.node.fields:
        raise TreeUnreadable(f"a node of the server's tree has the field {name} twice")
    place.values = place.node.fields[name] = []


def _plain(values: list[Value]) -> Iterator[Value]:
    """Without the lists that are around it, however many: a body of SQL has two."""
    pending = list(reversed(values))
    while pending:
        one = pending.pop()
        if isinstance(one, list):
            pending.extend(reversed(one))
        else:
            yield one


def _require_whole_names(text: str) -> None:
    # A line feed after a backslash is one in a name, or a space of a name where the line ended.
    for run in (text, text.replace("\\\n", "\\n")):
        for line in run.split("\n"):
            if " " not in line[1:] and len(line.encode()) >= LINE:
                raise TreeUnreadable("a name in it is too long, with all its special characters")
