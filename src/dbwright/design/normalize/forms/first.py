"""The first normal form: one value in each cell, and no column that is there several times.

Looks at values and names; what may be a list and may be a text is told with examples, and nothing
is made of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dbwright.design.normalize.relation import Column, Kind, Relation

__all__ = ["ListInCells", "NestedCells", "RepeatingGroup", "first_form"]

DELIMITERS = (";", "|", ",", "\n", "/")
LEAST_SHARE = 0.1
"""Of the values: how many must hold more than one part."""
LONGEST_PART = 24
"""Characters on average; longer ones are sentences."""
NUMBERED = re.compile(r"(.*?[^0-9_])_?([0-9]{1,3})")
PROSE_WORDS = 3.0
"""Words of a part on average, from which it is prose."""
LINES_OF_ADDRESS = frozenset({"address", "addr", "street", "line", "address_line"})


@dataclass(frozen=True, slots=True)
class RepeatingGroup:
    """Columns that are one column several times: tel1, tel2, tel3."""

    stem: str
    columns: tuple[str, ...]
    filled: tuple[int, ...]
    """Rows with a value, of each."""


@dataclass(frozen=True, slots=True)
class ListInCells:
    """Cells that hold several values with something between them."""

    column: str
    delimiter: str
    values: int
    """Different ones with more than one part."""
    parts: int
    """Different parts."""
    most: int
    """Parts of one cell, at most."""
    example: str


@dataclass(frozen=True, slots=True)
class NestedCells:
    """Cells that hold objects or lists."""

    column: str
    values: int
    example: str


def first_form(
    relation: Relation,
) -> tuple[RepeatingGroup | ListInCells | NestedCells, ...]:
    """What breaks it."""
    found: list[RepeatingGroup | ListInCells | NestedCells] = [*_groups(relation)]
    for column in relation.columns:
        nested = _nested(column)
        if nested is not None:
            found.append(nested)
        elif column.kind is Kind.TEXT:
            listed = _listed(column)
            if listed is not None:
                found.append(listed)
    return tuple(found)


def _groups(relation: Relation) -> list[RepeatingGroup]:
    groups: dict[str, list[tuple[int, Column]]] = {}
    for column in relation.columns:
        match = NUMBERED.fullmatch(column.name)
        if match and match[1].strip("_").lower() not in LINES_OF_ADDRESS:
            groups.setdefault(match[1], []).append((int(match[2]), column))
    found = []
    for stem, members in groups.items():
        numbers = sorted(number for number, _ in members)
        in_turn = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        # One after the other from the first on: `q3` alone, or `utf8` and `utf16`, is a name.
        kinds = {column.kind for _, column in members} - {Kind.EMPTY}
        if len(members) < 2 or not in_turn or numbers[0] > 1 or len(kinds) > 1:
            continue
        columns = [column for _, column in sorted(members, key=lambda member: member[0])]
        filled = tuple(relation.rows - column.nulls for column in columns)
        found.append(
            RepeatingGroup(stem.strip("_"), tuple(column.name for column in columns), filled)
        )
    return found


def _nested(column: Column) -> NestedCells | None:
    if column.type.endswith("[]") or column.type in ("json", "jsonb") or column.nested:
        texts = [
            value
            for value in column.values
            if value is not None and value[:1] in ("{", "[") and value not in ("{}", "[]")
        ]
        if texts:
            return NestedCells(column.name, len(texts), texts[0][:80])
    return None


def _listed(column: Column) -> ListInCells | None:
    texts = [value for value in column.values if value is not None]
    for delimiter in DELIMITERS:
        lists = [value.split(delimiter) for value in texts if delimiter in value]
        if len(lists) < 2 or len(lists) < LEAST_SHARE * len(texts):
            continue
        if _is_list(lists, texts, delimiter):
            parts = {part.strip() for cells in lists for part in cells}
            most = max(map(len, lists))
            example = next(cells for cells in lists if len(cells) == most)
            return ListInCells(
                column.name,
                delimiter,
                len(lists),
                len(parts),
                most,
                delimiter.join(example)[:80],
            )
    return None


def _is_list(lists: Sequence[list[str]], texts: Sequence[str], delimiter: str) -> bool:
    """Short parts, of which the same come again in other cells and places. `Doe, Jane` and dates
    have as many parts each time, and mean another thing at each place."""
    parts = [part.strip() for cells in lists for part in cells]
    if not all(parts) and delimiter != ";":
        return False
    if sum(map(len, parts)) > LONGEST_PART * len(parts):
        return False
    if sum(len(part.split()) for part in parts) > PROSE_WORDS * len(parts):
        return False
    alone = {text.strip() for text in texts if delimiter not in text}
    used = Counter(parts)
    again = sum(1 for part in parts if used[part] > 1 or part in alone) / len(parts)
    if again < 0.5:
        return False
    widths = {len(cells) for cells in lists}
    if len(widths) > 1 or alone & set(parts):
        return True
    first = {cells[0].strip() for cells in lists}
    others = {part.strip() for cells in lists for part in cells[1:]}
    return bool(first & others)
