"""EXPLAIN (FORMAT YAML) as the document that FORMAT JSON would have written.

It is a small part of YAML: names of mappings stand bare, texts in double quotes as in JSON, figures
and truth values bare, lists of lists in brackets; the column says what belongs to what. A
reader of all YAML would refuse what people paste: lines wrapped in the middle of a text, and words
before and after the plan.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dbwright.engines.postgresql.plan_values import scalar
from dbwright.errors import NotAPlan

__all__ = ["documents_from_yaml", "is_yaml"]

ITEM = "- "
PLAN = ("- Plan:", "Plan:")
QUERY = ("- Query Text: ", "Query Text: ")
NODE = ("Node Type: ", "- Node Type: ")
MOST_WRAPPED = 500
"""Lines of one text: what is longer has no end."""
NEXT_STEP = "paste it whole, with its leading spaces, or use EXPLAIN (FORMAT JSON)"


def is_yaml(lines: list[str]) -> bool:
    """Do the pasted lines hold a plan in YAML?"""
    bare = [line.strip() for line in lines]
    return any(line in PLAN for line in bare) and any(line.startswith(NODE) for line in bare)


def documents_from_yaml(lines: list[str]) -> list[dict[str, Any]]:
    """One document for each statement. Raises NotAPlan."""
    found: list[dict[str, Any]] = []
    place = 0
    while place < len(lines):
        if not lines[place].lstrip().startswith((*PLAN, *QUERY)):
            place += 1
            continue
        reader = _Reader(list(_logical_lines(lines[place:])))
        found += [one for one in reader.documents() if "Plan" in one]
        place += max(1, reader.read)
    return found


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    column: int
    count: int
    """Lines of the paste that it was wrapped to."""


def _logical_lines(lines: list[str]) -> Iterator[_Line]:
    """Each with what was wrapped from it: a text ends where its quotes do."""
    place = 0
    while place < len(lines):
        text, count = lines[place].strip(), 1
        while count < MOST_WRAPPED and place + count < len(lines) and _is_open(text):
            text += f" {lines[place + count].strip()}"
            count += 1
        yield _Line(text, len(lines[place]) - len(lines[place].lstrip()), count)
        place += count


def _is_open(text: str) -> bool:
    value = _value_of(text.removeprefix(ITEM))
    if not value.startswith(('"', "[")):
        return False
    try:
        json.loads(value, strict=False)
    except json.JSONDecodeError:
        return True
    return False


def _value_of(text: str) -> str:
    """What stands after the name, or the whole of an item without one."""
    if text.startswith(('"', "[")):
        return text
    return text.partition(":")[2].strip()


class _Reader:
    """Builds mappings and lists from lines by their columns."""

    def __init__(self, lines: list[_Line]) -> None:
        self.lines = lines
        self.read = 0
        """Lines of the paste that were taken."""
        self.open: list[tuple[int, Any]] = []
        """Mappings and lists that may go on, each with its column; outermost first."""
        self.waiting: tuple[dict[str, Any], str] | None = None
        """Where the mapping or list goes that comes next."""

    def documents(self) -> list[dict[str, Any]]:
        """The statements: items of a list, or one mapping (as auto_explain writes it)."""
        first = self.lines[0]
        top: Any = [] if first.text.startswith(ITEM) else {}
        self.open = [(first.column, top)]
        for line in self.lines:
            if not self._take(line, first.column):
                break
            self.read += line.count
        return top if isinstance(top, list) else [top]

    def _take(self, line: _Line, margin: int) -> bool:
        """False where the plan is at its end."""
        text, column = line.text, line.column
        is_item = text.startswith(ITEM)
        named = not is_item and _name(text) is not None
        if column < margin or not (is_item or named):
            return False
        while len(self.open) > 1 and self.open[-1][0] > column:
            self.open.pop()
        if self.waiting is not None:
            self._begin([] if is_item else {}, column)
        at, inner = self.open[-1]
        if at != column or isinstance(inner, list) != is_item:
            if self.read and column <= margin:
                return False  # words around the plan
            raise NotAPlan(f"the YAML can't be read at {text[:60]!r}", NEXT_STEP)
        if is_item:
            self._item(inner, text.removeprefix(ITEM), column + len(ITEM))
        else:
            self._property(inner, text)
        return True

    def _begin(self, new: Any, column: int) -> None:
        """What the name before announced; nothing where no line stands below it."""
        assert self.waiting is not None
        mapping, name = self.waiting
        self.waiting = None
        above = self.open[-1][0]
        if column > above:
            mapping[name] = new
            self.open.append((column, new))

    def _item(self, items: list[Any], text: str, column: int) -> None:
        if _name(text) is None:
            items.append(_scalar(text))
            return
        mapping: dict[str, Any] = {}
        items.append(mapping)
        self.open.append((column, mapping))
        self._property(mapping, text)

    def _property(self, mapping: dict[str, Any], text: str) -> None:
        name = _name(text)
        assert name is not None
        value = _value_of(text)
        if value:
            mapping[name] = _scalar(value)
        else:
            mapping[name] = None
            self.waiting = (mapping, name)


def _name(text: str) -> str | None:
    """Of `Name: value` or `Name:`; None for any other text."""
    if text.startswith(('"', "[")):
        return None
    name, mark, value = text.partition(":")
    return name if mark and name and (not value or value.startswith(" ")) else None


def _scalar(text: str) -> Any:
    if not text.startswith(('"', "[")):
        return scalar(text)
    try:
        return json.loads(text, strict=False)
    except json.JSONDecodeError:
        raise NotAPlan(f"the YAML can't be read at {text[:60]!r}", NEXT_STEP) from None
