"""The JSON Schema of each kind of handoff, made of its payload's class."""

from __future__ import annotations

import json
from typing import Any

from dbwright.agent.handoff.handoff import payload_of

__all__ = ["schema"]


def schema(kind: str) -> str:
    """The text of the JSON Schema (draft 2020-12) of a handoff of that kind."""
    payload = payload_of(kind).model_json_schema(by_alias=True)
    definitions = payload.pop("$defs", {})
    document: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:dbwright:handoff:{kind}:1",
        "title": kind,
        "description": " ".join(payload.pop("description").split()),
        "type": "object",
        "required": ["handoff", "payload"],
        "properties": {
            "handoff": {"const": kind},
            "from": {"description": "The agent that hands over.", "type": "string"},
            "to": {"description": "The agent that is asked.", "type": "string"},
            "ticket_id": {"description": "What the work is about.", "type": ["string", "integer"]},
            "payload": payload,
        },
        "$defs": definitions,
    }
    return json.dumps(_tidy(document), indent=2) + "\n"


def _tidy(value: Any) -> Any:
    """Without titles that only repeat a field's name."""
    if isinstance(value, list):
        return [_tidy(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, each in value.items():
        if name in ("properties", "$defs"):
            kept[name] = {key: _tidy(_untitled(one)) for key, one in each.items()}
        else:
            kept[name] = _tidy(each)
    return kept


def _untitled(value: Any) -> Any:
    return {key: each for key, each in value.items() if key != "title"}
