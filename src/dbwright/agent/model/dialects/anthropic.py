"""Messages, as Anthropic's endpoint speaks it. Instructions and tools are the same at each step, so
they are marked to be cached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dbwright.agent.model.turns import Asked, Dialect, Replied, ToolCall, Turn
from dbwright.agent.tool.schema import input_schema
from dbwright.agent.tool.tool import Tool

__all__ = ["DIALECT"]

VERSION = "2023-06-01"
CACHED = {"cache_control": {"type": "ephemeral"}}


def _headers(key: str) -> dict[str, str]:
    return {"x-api-key": key, "anthropic-version": VERSION}


def _request(
    model: str, instructions: str, turns: Sequence[Turn], tools: Sequence[Tool], most: int
) -> dict[str, Any]:
    offered: list[dict[str, Any]] = [
        {"name": one.name, "description": one.description, "input_schema": input_schema(one)}
        for one in tools
    ]
    return {
        "model": model,
        "system": [{"type": "text", "text": instructions, **CACHED}],
        "messages": [_message(turn) for turn in turns],
        "max_tokens": most,
        **({"tools": offered} if tools else {}),
    }


def _message(turn: Turn) -> dict[str, Any]:
    if isinstance(turn, Asked):
        return {"role": "user", "content": turn.text}
    if isinstance(turn, Replied):
        return {"role": "assistant", "content": turn.raw}
    return {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": one.id,
                "content": one.text,
                "is_error": one.failed,
            }
            for one in turn.results
        ],
    }


def _reply(body: Any) -> Replied:
    content = body["content"]
    text = "".join(one["text"] for one in content if one["type"] == "text")
    calls = tuple(
        ToolCall(one["id"], one["name"], one["input"] if isinstance(one["input"], dict) else None)
        for one in content
        if one["type"] == "tool_use"
    )
    return Replied(text, calls, content, body.get("stop_reason") == "max_tokens")


DIALECT = Dialect("anthropic", "/messages", _headers, _request, _reply)
