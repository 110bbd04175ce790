"""The property lines of EXPLAIN's text, as fields of EXPLAIN's document.

Most are `Name: value` and stay so. Some hold several figures (`Buffers: shared hit=3 read=1`),
which the other formats name one by one; the text's names differ there, and units are written out.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from dbwright.engines.postgresql.plan_composites import COMPOSITES
from dbwright.engines.postgresql.plan_values import items, scalar
from dbwright.errors import NotAPlan

__all__ = ["Sections", "property_of"]

LONGEST_NAME = 45
NAME_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -/")
LISTS = frozenset(
    {
        "Output",
        "Sort Key",
        "Presorted Key",
        "Conflict Arbiter Indexes",
        "Params Evaluated",
    }
)
OLD_TIMES = {"Total runtime": "Execution Time"}
TIMES = ("Planning Time", "Execution Time", "Planning time", "Execution time", *OLD_TIMES)
WORKER = "Worker "
JIT_WORKER = "JIT for worker "
TRIGGER = "Trigger "


@lru_cache(maxsize=64)  # a line is asked several times, one shortly after the other
def property_of(text: str) -> tuple[str, str] | None:
    """The name and the value of a property line; None for any other."""
    name, mark, value = text.partition(":")
    if text.startswith(TRIGGER):
        name, mark, value = text.rpartition(": ")
        return (name, value) if mark else None
    if not mark or len(name) > LONGEST_NAME or not NAME_LETTERS.issuperset(name):
        return None
    if (value and not value.startswith(" ")) or not name[:1].isupper():
        return None
    return name, value.strip()


class Sections:
    """Where the next property belongs: a node, one of its workers, or the plan as a whole."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.top: dict[str, Any] = {}
        self.finished = False
        self.node = root
        self.here = root
        self.column: int | None = None
        """Of the line that began a worker's part."""

    def enter(self, node: dict[str, Any]) -> None:
        self.node = self.here = node
        self.column = None

    def target(self, fields: dict[str, Any]) -> None:
        """One of several tables that a ModifyTable changes."""
        named = ("Schema", "Relation Name", "Alias")
        table = {name: fields[name] for name in named if name in fields}
        self.node.setdefault("Target Tables", []).append(table)

    def add(self, text: str, column: int) -> None:
        """Raises NotAPlan where figures can't be read."""
        found = property_of(text)
        if found is None:
            return  # words around the plan
        name, value = found
        if self.column is not None and column <= self.column and column > 0:
            self.here, self.column = self.node, None
        if self._begins_section(name, value, column):
            return
        try:
            put(self.here, name, value)
        except (ValueError, IndexError):
            raise NotAPlan(
                f"a line that can't be read: {text[:60]!r}", "paste the plan whole, as it was"
            ) from None

    def _begins_section(self, name: str, value: str, column: int) -> bool:
        if name in TIMES:
            self.top[OLD_TIMES.get(name, name.title())] = value.removesuffix("ms").strip()
            self.here = self.top
            self.finished = not name.startswith("Planning")
        elif name == "Query Identifier":
            self.top[name] = value
        elif name == "Settings":
            put(self.top, name, value)
        elif name in ("Planning", "JIT") and not value:
            # A worker's JIT stands inside its part.
            inside = self.here is not self.node and self.column is not None and column > 0
            self.here = (self.here if inside else self.top).setdefault(name, {})
        elif name == "Serialization":
            self.here = self.top.setdefault(name, {})
            put(self.here, name, value)
        elif name.startswith(TRIGGER) or name == "Trigger":
            self.top.setdefault("Triggers", []).append(_trigger(name, value))
        elif name.startswith(WORKER) and name.removeprefix(WORKER).isdecimal():
            self._worker(int(name.removeprefix(WORKER)), value, column)
        elif name.startswith(JIT_WORKER):
            self._worker(int(name.removeprefix(JIT_WORKER)), "", column)
            self.here = self.here.setdefault("JIT", {})
        else:
            return False
        return True

    def _worker(self, number: int, value: str, column: int) -> None:
        workers = self.node.setdefault("Workers", [])
        known = [one for one in workers if one["Worker Number"] == number]
        if not known:
            known = [{"Worker Number": number}]
            workers += known
        self.here, self.column = known[0], column
        if value.startswith("actual "):
            self.here |= _worker_figures(value)
        elif value and (found := property_of(value)) is not None:
            put(self.here, *found)


def put(fields: dict[str, Any], name: str, value: str) -> None:
    """Add a property. Raises ValueError, IndexError where its figures can't be read."""
    if name in ("Group Key", "Hash Key"):
        _group_key(fields, name, value)
    elif name == "Sort Key" and fields.get("Node Type") == "Aggregate":
        return  # of one of several grouping sets; their keys are kept
    elif name in LISTS:
        fields[name] = items(value)
    elif name == "Function Call" and "Schema" not in fields:
        # VERBOSE names a function with its schema: without one it is the alias of several.
        fields.pop("Function Name", None)
        fields[name] = value
    elif name in COMPOSITES:
        fields |= COMPOSITES[name](name, value, fields)
    else:
        fields[name] = scalar(value)


def _group_key(fields: dict[str, Any], name: str, value: str) -> None:
    """The second line of its kind, `()` or a hash key means that there are grouping sets."""
    keys = [] if value == "()" else items(value)
    sets = fields.get("Grouping Sets")
    if sets is None and name == "Group Key" and "Group Key" not in fields and keys:
        fields["Group Key"] = keys
        return
    if sets is None:
        sets = fields["Grouping Sets"] = []
        if "Group Key" in fields:
            sets.append({"Group Keys": [fields.pop("Group Key")]})
    sets.append({f"{name}s": [keys]})


def _worker_figures(value: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in value.removeprefix("actual ").split():
        name, _, figure = word.partition("=")
        if name == "time":
            begin, _, end = figure.partition("..")
            found |= {"Actual Startup Time": begin, "Actual Total Time": end}
        elif name in ("rows", "loops"):
            found[f"Actual {name.title()}"] = figure
    return found


def _trigger(name: str, value: str) -> dict[str, Any]:
    """`Trigger [name] [for constraint c] [on t]: time=1.2 calls=3`; no name is quoted."""
    rest = f" {name.removeprefix('Trigger').strip()}"
    rest, _, relation = rest.partition(" on ")
    rest, _, constraint = rest.partition(" for constraint ")
    figures = dict(word.split("=", 1) for word in value.split() if "=" in word)
    return {
        "Trigger Name": rest.strip(),
        "Constraint Name": constraint.strip() or None,
        "Relation": relation.strip(),
        "Time": figures.get("time"),
        "Calls": figures.get("calls"),
    }
