"""SQL expressions with other columns in the place of theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbwright.sql.parse import Node, SyntaxProblem, parse, walk
from dbwright.sql.scope.canonical import canonical_expression, deparse

__all__ = ["names_column", "renamed", "renamed_in_statement", "value_is"]


def value_is(expression: str, column: str) -> str | None:
    """A domain's check of VALUE, as a check of a column. None where it can't be written."""
    return renamed(expression, {"value": column})


def renamed(expression: str, columns: Mapping[str, str]) -> str | None:
    """The expression with columns of other names; None where it can't be read or written."""
    try:
        node = _expression(expression)
    except SyntaxProblem:
        return None
    return canonical_expression(node, lambda reference: _other(reference, columns))


def renamed_in_statement(text: str, columns: Mapping[str, str]) -> str | None:
    """CREATE INDEX, or a constraint over an index, with columns of other names."""
    try:
        (statement,) = parse(text).statements
    except (SyntaxProblem, ValueError):
        return None
    return deparse(statement.kind, _in_index(statement.node, columns))


def names_column(expression: str | None, column: str) -> bool:
    """Does it speak of the column? What can't be read might."""
    if expression is None:
        return False
    try:
        node = _expression(expression)
    except SyntaxProblem:
        return True
    return any(kind == "ColumnRef" and _name(found) == column for kind, found in walk({"it": node}))


def _expression(text: str) -> Node:
    (statement,) = parse(f"SELECT {text}").statements
    value: Node = statement.node["targetList"][0]["ResTarget"]["val"]
    return value


def _name(reference: Mapping[str, Any]) -> str | None:
    last = reference["fields"][-1]
    return str(last["String"]["sval"]) if "String" in last else None


def _other(reference: Node, columns: Mapping[str, str]) -> Node | None:
    name = _name(reference)
    if name is None or name not in columns:
        return None
    fields = [*reference["fields"][:-1], {"String": {"sval": columns[name]}}]
    return {"ColumnRef": {**reference, "fields": fields}}


def _in_index(node: Any, columns: Mapping[str, str]) -> Any:
    if isinstance(node, list):
        return [_in_index(child, columns) for child in node]
    if not isinstance(node, Mapping):
        return node
    if "ColumnRef" in node:
        other = _other(node["ColumnRef"], columns)
        return node if other is None else other
    found = {name: _in_index(child, columns) for name, child in node.items()}
    if "IndexElem" in found and found["IndexElem"].get("name") in columns:
        found["IndexElem"] = {
            **found["IndexElem"],
            "name": columns[found["IndexElem"]["name"]],
        }
    return found
