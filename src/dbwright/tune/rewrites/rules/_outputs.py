"""The columns that a SELECT gives, by their places."""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.sql.parse import Node
from dbwright.tune.rewrites.source import Item, Level
from dbwright.tune.rewrites.trees import integer
from dbwright.tune.rewrites.writing import without_locations

__all__ = ["by_position"]

Output = tuple[Item, str] | Node
"""A column of a relation, or an expression."""


def by_position(level: Level, key: Node) -> Node | None:
    """A key of ORDER BY with the number of the output column that it is, as a union takes it; None
    where it is none."""
    node, outputs = key["node"], list(_outputs(level))
    if "A_Const" in node:
        return key
    names = node.get("ColumnRef", {}).get("fields", ())
    if len(names) == 1 and _is_given_name(level, names[0]):
        return key
    wanted = _output(level, node)
    for place, output in enumerate(outputs, start=1):
        if output is None:
            return None  # a star of nobody knows how many columns
        if _same(output, wanted):
            return {**key, "node": integer(place)}
    return None


def _is_given_name(level: Level, name: Node) -> bool:
    """Is it the name that a target was given? That goes before the tables' own."""
    given = [target["ResTarget"].get("name") for target in level.fields["targetList"]]
    return "String" in name and given.count(name["String"]["sval"]) == 1


def _outputs(level: Level) -> Iterator[Output | None]:
    for target in level.fields["targetList"]:
        value = target["ResTarget"]["val"]
        parts = value.get("ColumnRef", {}).get("fields", ())
        if not parts or "A_Star" not in parts[-1]:
            yield _output(level, value)
            continue
        names = [part["String"]["sval"] for part in parts[:-1]]
        for item in level.items:
            if not names or item.alias == names[-1]:
                if item.columns is None:
                    yield None
                yield from ((item, name) for name in item.columns or ())


def _output(level: Level, node: Node) -> Output:
    named = level.named(node["ColumnRef"]) if "ColumnRef" in node else None
    return node if named is None else (named.item, named.column.name)


def _same(one: Output, other: Output) -> bool:
    if isinstance(one, tuple) or isinstance(other, tuple):
        return one == other
    return bool(without_locations(one) == without_locations(other))
