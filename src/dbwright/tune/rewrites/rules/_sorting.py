"""What ORDER BY means: a number is an output column, and a bare name as well where there is one."""

from __future__ import annotations

from typing import Any

from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rules._groups import qualified_names
from dbwright.tune.rewrites.rules._parts import constant_kind, has_star
from dbwright.tune.rewrites.source import Level
from dbwright.tune.rewrites.trees import call_name

__all__ = ["meant", "sorted_by"]


def sorted_by(level: Level) -> list[Node] | None:
    """The SortBy nodes with expressions of the tables' columns, each with its relation; None where
    one is unclear."""
    keys: list[Node] = []
    for key in level.fields.get("sortClause", ()):
        node = meant(level, key["SortBy"]["node"])
        if node is None:
            return None
        keys.append({"SortBy": {**key["SortBy"], "node": node}})
    found: list[Node] | None = qualified_names(level, keys)
    return found


def meant(level: Level, key: Node) -> Node | None:
    """The expression that a key of ORDER BY (or DISTINCT ON) stands for; None where that is not
    clear."""
    targets = [target["ResTarget"] for target in level.fields.get("targetList", ())]
    number = constant_kind(key)
    if number is not None:
        place = int(number[1]) - 1 if number[0] == "ival" else -1
        known = 0 <= place < len(targets) and not has_star([t["val"] for t in targets[: place + 1]])
        return _value(targets[place]) if known else None
    parts = key.get("ColumnRef", {}).get("fields", ())
    if len(parts) != 1 or "String" not in parts[0]:
        return key
    name = parts[0]["String"]["sval"]
    outputs = [_value(target) for target in targets if _name(target) == name]
    if len(outputs) > 1:
        return None
    return outputs[0] if outputs else key


def _value(target: Node) -> Node:
    value: Node = target["val"]
    return value


def _name(target: Node) -> str:
    """What the server calls the output column, as far as a table's column might be called so."""
    return str(target["name"]) if target.get("name") else _figured(target["val"])


def _figured(node: Any) -> str:
    if "ColumnRef" in node:
        last = node["ColumnRef"]["fields"][-1]
        return str(last["String"]["sval"]) if "String" in last else ""
    if "FuncCall" in node:
        return call_name(node["FuncCall"])
    if "TypeCast" in node:
        names = node["TypeCast"]["typeName"]["names"]
        return _figured(node["TypeCast"]["arg"]) or str(names[-1]["String"]["sval"])
    return ""
