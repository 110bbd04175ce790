"""How identifiers are written in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from dbwright.model.keywords import NEEDS_QUOTES

__all__ = ["enclosing", "is_plain", "literal", "multirange_name", "qualify", "quote"]

FIRST = frozenset("abcdefghijklmnopqrstuvwxyz_")
REST = FIRST | frozenset("0123456789$")


def is_plain(name: str) -> bool:
    """Can the name be written without quotes, as far as its letters go?"""
    return bool(name) and name[0] in FIRST and REST.issuperset(name)


@lru_cache(maxsize=65536)
def quote(name: str) -> str:
    """The identifier as SQL: in double quotes only where it must be (as quote_ident does)."""
    if is_plain(name) and "$" not in name and name not in NEEDS_QUOTES:
        return name
    return '"' + name.replace('"', '""') + '"'


@lru_cache(maxsize=65536)
def qualify(*parts: str) -> str:
    """The parts, each quoted where it must be, joined by dots."""
    return ".".join(quote(part) for part in parts)


def enclosing(name: str) -> Iterator[str]:
    """What a qualified name is in: `shop.orders.total` gives `shop.orders`, then `shop`."""
    quoted = False
    for position in range(len(name) - 1, 0, -1):
        if name[position] == '"':
            quoted = not quoted
        elif name[position] == "." and not quoted:
            yield name[:position]


def multirange_name(name: str) -> str:
    """What the server calls the multirange of a range, where nobody says it (short names: longer
    ones are cut)."""
    if "range" in name:
        return name.replace("range", "multirange", 1)
    return f"{name}_multirange"


def literal(text: str) -> str:
    """The text as an SQL string constant."""
    if "\\" in text:
        return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
    return "'" + text.replace("'", "''") + "'"
