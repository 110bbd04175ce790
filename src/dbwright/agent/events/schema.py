"""The JSON Schema of the events that dbwright writes, made of their nouns.

It says what a reader can count on, and lets more be there: others add fields of their own.
"""

from __future__ import annotations

import inspect
import json
from typing import Any

from pydantic import TypeAdapter

from dbwright.agent.events.event import PAYLOADS, EventType
from dbwright.agent.events.quality import DONE, QualityChecks

__all__ = ["schema"]

TEXT = {"type": "string", "minLength": 1}

ABOUT = {
    "event_id": "Of this event alone. The same id for the same ticket is the same event.",
    "ticket_id": "What the work is about.",
    "type": "What happened.",
    "agent": "Who tells it.",
    "timestamp": "When, in UTC.",
    "payload": "What there is to tell, by type.",
}


def schema() -> str:
    """The text of the JSON Schema (draft 2020-12) that every written event fulfils."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:dbwright:event:1",
        "title": "An event of dbwright",
        "description": (
            "One line of .claude/events/log.ndjson. Parts of a payload that are empty are left out."
        ),
        "type": "object",
        "required": list(ABOUT),
        "properties": {
            **{name: {"description": text, **TEXT} for name, text in ABOUT.items()},
            "type": {"description": ABOUT["type"], "enum": [each.value for each in EventType]},
            "timestamp": {
                "description": ABOUT["timestamp"],
                "type": "string",
                "format": "date-time",
                "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
            },
            "payload": {"description": ABOUT["payload"], "type": "object"},
        },
        "allOf": [_by_type(type_) for type_ in EventType],
        "$defs": {type_.value: _payload(type_) for type_ in EventType}
        | {"quality_checks": _quality_checks()},
    }
    return json.dumps(document, indent=2) + "\n"


def _by_type(type_: EventType) -> dict[str, Any]:
    return {
        "if": {"properties": {"type": {"const": type_.value}}},
        "then": {"properties": {"payload": {"$ref": f"#/$defs/{type_.value}"}}},
    }


def _payload(type_: EventType) -> dict[str, Any]:
    """What the noun says of itself. A default stands for what is left out."""
    noun = PAYLOADS[type_]
    made = TypeAdapter(noun).json_schema()
    made.pop("$defs", None)
    properties = {name: _property(name, about) for name, about in made["properties"].items()}
    return {
        "description": inspect.getdoc(noun),
        "type": "object",
        "required": made.get("required", []),
        "properties": properties,
    }


def _property(name: str, about: dict[str, Any]) -> dict[str, Any]:
    if name == "quality_checks":
        return {"$ref": "#/$defs/quality_checks"}
    choices = [one for one in about.get("anyOf", [about]) if one.get("type") != "null"]
    kept = {key: value for key, value in choices[0].items() if key not in ("title", "default")}
    return {**kept, **({"minimum": 0} if kept.get("type") == "integer" else {})}


def _quality_checks() -> dict[str, Any]:
    """One word for what was run and went well; else `failed: …` or `skipped: …` with the reason."""
    return {
        "description": inspect.getdoc(QualityChecks),
        "type": "object",
        "required": list(DONE),
        "properties": {
            name: {"type": "string", "pattern": rf"^({word}|(failed|skipped): \S.*)$"}
            for name, word in DONE.items()
        },
    }
