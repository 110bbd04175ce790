"""The JSON Schemas of a tool's arguments and of its answers."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from dbwright.agent.tool.tool import Tool

__all__ = ["input_schema", "output_schema"]

ENVELOPE: dict[str, Any] = {
    "summary": {"type": "string"},
    "notes": {"type": "array"},
    "details": {"type": "object"},
    "total": {"type": "integer"},
    "next_offset": {"type": "integer"},
}
"""The same for every tool, so it is not explained each time: a model reads all of them at once.
Others (`offset`, `failed`, `data_notice`) come along."""


@cache
def input_schema(tool: Tool) -> dict[str, Any]:
    """Of the arguments; others are refused."""
    schema: dict[str, Any] = _short(tool.arguments.model_json_schema())
    for one in schema["properties"].values():
        _without_null(one)
    for name in ("offset", "max_tokens"):
        # Of every tool: who goes beyond the limits is told them.
        schema["properties"][name].pop("minimum")
        schema["properties"][name].pop("maximum", None)
    return schema


@cache
def output_schema(tool: Tool) -> dict[str, Any]:
    """Of the structured answer. Of an item only its kind is told: what is empty is left out, and
    long texts may be cut."""
    item = _short(TypeAdapter(tool.item).json_schema(mode="serialization"))
    definitions = item.pop("$defs", {})
    for one in (item, *definitions.values()):
        one.pop("required", None)
        one.pop("additionalProperties", None)
        for below in one.get("properties", {}).values():
            _loosen(below)
            below.pop("default", None)
    return {
        "type": "object",
        "properties": {
            **ENVELOPE,
            "items": {"type": "array", "items": item},
        },
        "required": ["summary", "items", "total"],
        **({"$defs": definitions} if definitions else {}),
    }


def _without_null(schema: dict[str, Any]) -> None:
    """An argument that may be left out need not be said to be null, false or empty as well."""
    if not schema.get("default", True):
        del schema["default"]
    kinds = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    if len(kinds) == 1 and len(schema["anyOf"]) == 2:
        del schema["anyOf"]
        schema.update(kinds[0])


def _loosen(schema: dict[str, Any]) -> None:
    """A list that was cut ends with a word about the rest of it."""
    kinds = [one.get("type") for one in schema.get("anyOf", ()) if set(one) == {"type"}]
    if kinds and len(kinds) == len(schema["anyOf"]):
        del schema["anyOf"]
        schema["type"] = kinds
    if schema.get("type") == "array":
        schema.pop("items", None)


def _short(schema: Any) -> Any:
    """Without the titles that are the names again, and without the class's docstrings."""
    if isinstance(schema, list):
        return [_short(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    named = {"properties", "$defs"}
    return {
        key: {name: _short(one) for name, one in value.items()} if key in named else _short(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
        and not (key == "description" and ("properties" in schema or "enum" in schema))
    }
