"""Which changes of a column's type keep every value."""

from __future__ import annotations

import re

from dbwright.model.catalog import Column

__all__ = ["castable", "narrows", "spelled_alike"]

WIDER = {
    "smallint": {"integer", "bigint", "numeric"},
    "integer": {"bigint", "numeric", "double precision"},
    "bigint": {"numeric"},
    "real": {"double precision"},
    "character varying": {"text"},
    "character": set(),
    "date": {"timestamp without time zone"},
    "timestamp without time zone": {"timestamp with time zone"},
    "cidr": {"inet"},
    "json": {"text"},
    "boolean": {"text", "character varying"},
}
"""Every value of the first is one of each of the others, and comes back the same."""
TEXTS = frozenset({"text", "character varying"})
_MODIFIER = re.compile(r"\(([\d,-]+)\)")


def narrows(old: Column, new: Column) -> str:
    """What may be lost, in a few words; empty where every value is kept."""
    told = f"values of {old.type} that {new.type} can't hold"
    if old.is_array != new.is_array:
        return told
    before, after = _plain(old.type), _plain(new.type)
    if before == after:
        return "" if _wider(_modifier(old.type), _modifier(new.type), before) else told
    unlimited = not _modifier(new.type)
    if after in TEXTS and unlimited and before != "character":
        return ""
    if unlimited and after in WIDER.get(before, ()):
        return ""
    if before in TEXTS and after in TEXTS:
        return "" if unlimited or _wider(_modifier(old.type), _modifier(new.type), after) else told
    if old.domain is not None and after == _plain(old.base_type):
        return ""
    return told


FAMILIES = (
    frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"}),
    frozenset({"money", "numeric"}),
    frozenset({"date", "timestamp without time zone", "timestamp with time zone"}),
    frozenset({"json", "jsonb"}),
    frozenset({"inet", "cidr"}),
    frozenset({"bit", "bit varying"}),
)
"""Types with casts between any two of them."""


def spelled_alike(old: Column, new: Column) -> bool:
    """Is the cast of an assignment enough? It refuses a value that doesn't fit, where the explicit
    one would cut it. (Bits of a fixed length are filled up with zeros, and cut again on the way
    back.)"""
    before, after = _plain(old.type), _plain(new.type)
    texts = {*TEXTS, "character"}
    if before == "bit" and _modifier(old.type) != _modifier(new.type):
        return False  # of another length it takes none: the explicit one fills up, or cuts
    return old.is_array == new.is_array and (before == after or {before, after} <= texts)


def castable(old: Column, new: Column) -> bool:
    """Is there surely a cast? Else values go through their text."""
    before, after = _plain(old.base_type), _plain(new.base_type)
    if old.is_array != new.is_array:
        return False
    if before == after or any(before in family and after in family for family in FAMILIES):
        return True
    return bool({before, after} & {*TEXTS, "character"})


def _plain(type_: str) -> str:
    return " ".join(_MODIFIER.sub("", type_).replace("[]", "").split())


def _modifier(type_: str) -> tuple[int, ...]:
    found = _MODIFIER.search(type_)
    return tuple(map(int, found[1].split(","))) if found else ()


def _wider(old: tuple[int, ...], new: tuple[int, ...], type_: str) -> bool:
    """Does the new modifier let in whatever the old one did?"""
    if not new:
        return True
    if not old:
        return False
    if type_ == "numeric":
        before, after = (*old, 0)[:2], (*new, 0)[:2]
        return after[1] >= before[1] and after[0] - after[1] >= before[0] - before[1]
    return new >= old
