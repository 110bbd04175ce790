"""What is compared: one object, or one part of an object, of a catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from dbwright.model.finding import ObjectRef

__all__ = ["Item", "Property", "names_taken", "shown"]

LONGEST = 200
"""Characters of a value that stand in a line; a longer one is only said to differ."""


def shown(value: Any) -> str | None:
    """The value in one line; None where it is too long for that."""
    if value is None or value == () or value == "" or value == frozenset():
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (tuple, frozenset)):
        parts = [shown(part) for part in (sorted(value) if isinstance(value, frozenset) else value)]
        if None in parts:
            return None
        text = ", ".join(part for part in parts if part is not None)
    else:
        text = str(value)
    if "\n" in text.strip() or len(text) > LONGEST:
        return None
    return text.strip()


class Item(NamedTuple):
    """An object, or a part of one that has statements of its own."""

    ref: ObjectRef
    kind: str
    """The key of its `Kind`; see `kinds`."""
    noun: Any
    parent: ObjectRef | None = None
    """The object that it is a part of, and goes with."""
    whole: Any = None
    """That object's noun."""


@dataclass(frozen=True, slots=True)
class Property:
    """One thing that is compared of a kind of objects."""

    name: str
    """As a person would call it."""
    get: Callable[[Item], Any]
    """A value that can be compared and hashed."""
    show: Callable[[Any], str | None] = shown
    """The value in one line; None where it is too long for that."""


def names_taken(item: Item) -> Iterator[tuple[str, ...]]:
    """The names that an item takes, each within its name space."""
    noun = item.noun
    if item.kind in ("table", "view", "materialized view", "sequence", "index"):
        yield "relation", noun.schema, noun.name
    if item.kind in ("table", "view", "materialized view", "type"):
        yield "type", noun.schema, noun.name
    if item.kind in ("key", "exclusion") and noun.index is not None:
        yield "relation", noun.index.schema, noun.index.name
    if item.kind == "function":
        yield "function", noun.schema, noun.name
