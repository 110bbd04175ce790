"""The text that a server writes of its trees (outfuncs.c): `{QUERY :commandType 1 :rtable (…)}`.

Trees may nest deeper than this language's stack: they are read as a stream of fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Field", "fields"]

# A line is broken at a space, an escaped one too.
TOKEN = re.compile(r"[(){}]|(?:\\[\s\S]|[^\s(){}\\])+")


@dataclass(frozen=True, slots=True)
class Field:
    """One value of one node. Several of a node have the same `number`."""

    node: str
    """Its kind: `FUNCEXPR`."""
    number: int
    """Of the node, in the order in which the text names them."""
    name: str
    value: str


def fields(text: str) -> Iterator[Field]:
    """The plain values of all nodes, in the order of the text; lists and nodes are gone into."""
    open_nodes: list[tuple[str, int, str]] = []
    count = 0
    opening = False
    for token in TOKEN.findall(text):
        if token == "{":
            opening = True
        elif token == "}":
            open_nodes.pop()
        elif opening:
            open_nodes.append((token, count, ""))
            count += 1
            opening = False
        elif token.startswith(":") and open_nodes:
            kind, number, _ = open_nodes[-1]
            open_nodes[-1] = (kind, number, token[1:])
        elif token not in "()" and open_nodes and open_nodes[-1][2]:
            kind, number, name = open_nodes[-1]
            yield Field(kind, number, name, token)
