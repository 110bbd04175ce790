"""What a query sorts its rows by, so that rows in the same place can be told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dbwright.sql.parse import Node
from dbwright.sql.scope.canonical import deparse
from dbwright.tune.rewrites.source import Source
from dbwright.tune.rewrites.writing import without_locations

__all__ = ["SortPlace", "Sorting", "sort_places"]

KEY = "dbwright_sort_key_"


@dataclass(frozen=True, slots=True)
class SortPlace:
    """Where the value of one sort key stands in a row."""

    number: int | None = None
    """Of an output column, from 0."""
    name: str | None = None
    """Of an output column; where there is none of that name, `added` counts."""
    added: int | None = None
    """Of the columns that were added, from 0."""

    def position(self, names: Sequence[str], count: int) -> int | None:
        """In a row with `count` columns of these names and the added ones behind."""
        if self.number is not None:
            return self.number if self.number < count else None
        if self.name is not None:
            found = [place for place, name in enumerate(names) if name == self.name]
            if len(found) == 1:
                return found[0]
        return None if self.added is None else count + self.added


@dataclass(frozen=True, slots=True)
class Sorting:
    """How the outermost SELECT sorts."""

    sorted: bool
    places: tuple[SortPlace, ...] | None = None
    """None where the keys can't be told."""
    text: str | None = None
    """The query with its keys as further columns; None where its own columns are enough."""


def sort_places(source: Source) -> Sorting:
    """The sort keys of the query, and where to read their values."""
    fields = source.tree["SelectStmt"]
    keys: list[Node] = [key["SortBy"]["node"] for key in fields.get("sortClause", ())]
    if not keys:
        return Sorting(False)
    fixed = source.levels[0].set_operation or fields.get("distinctClause")
    places: list[SortPlace] = []
    added: list[Node] = []
    for key in keys:
        place = _place(key, fields, bool(fixed), len(added))
        if place is None:
            return Sorting(True)
        if place.added is not None:
            target = {"name": f"{KEY}{len(added)}", "val": key}
            added.append({"ResTarget": target})
        places.append(place)
    if not added:
        return Sorting(True, tuple(places))
    wide = {**fields, "targetList": [*fields.get("targetList", ()), *added]}
    text = deparse("SelectStmt", wide)
    return Sorting(True, tuple(places), text) if text is not None else Sorting(True)


def _place(key: Node, fields: Node, fixed: bool, added: int) -> SortPlace | None:
    if "A_Const" in key and "ival" in key["A_Const"]:
        return SortPlace(number=key["A_Const"]["ival"].get("ival", 0) - 1)
    if "ColumnRef" in key and len(key["ColumnRef"]["fields"]) == 1:
        name = key["ColumnRef"]["fields"][0]["String"]["sval"]
        if _is_output(fields, name):
            return SortPlace(name=name)
        return None if fixed else SortPlace(added=added)
    if not fixed:
        return SortPlace(added=added)
    for number, target in enumerate(fields.get("targetList", ())):
        if "ColumnRef" in target["ResTarget"].get("val", {}) and _star(target):
            # What a star gives, and what follows it, is found by its name alone.
            last = _last_name(key)
            return None if last is None else SortPlace(name=last)
        if _bare(target["ResTarget"].get("val")) == _bare(key):
            return SortPlace(number=number)
    return None


def _is_output(fields: Node, name: str) -> bool:
    """Is it the name of an output column? In ORDER BY these go before the tables' own."""
    if fields.get("larg"):
        return True  # of a set operation only output columns can be named
    for target in fields.get("targetList", ()):
        own = target["ResTarget"]
        if own.get("name") == name or (not own.get("name") and _last_name(own.get("val")) == name):
            return True
    return False


def _last_name(node: Node | None) -> str | None:
    if node is None or "ColumnRef" not in node:
        return None
    last = node["ColumnRef"]["fields"][-1]
    return last["String"]["sval"] if "String" in last else None


def _star(target: Node) -> bool:
    return "A_Star" in target["ResTarget"]["val"]["ColumnRef"]["fields"][-1]


def _bare(node: Any) -> str:
    """The tree without locations, to compare."""
    return json.dumps(without_locations(node), sort_keys=True)
