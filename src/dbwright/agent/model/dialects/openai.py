"""Chat completions, as OpenAI's endpoint and most local servers speak it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from dbwright.agent.model.turns import Asked, Dialect, Replied, ToolCall, Turn
from dbwright.agent.tool.schema import input_schema
from dbwright.agent.tool.tool import Tool

__all__ = ["DIALECT"]


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def _request(
    model: str, instructions: str, turns: Sequence[Turn], tools: Sequence[Tool], most: int
) -> dict[str, Any]:
    messages = [{"role": "system", "content": instructions}]
    messages += [message for turn in turns for message in _messages(turn)]
    offered = [
        {
            "type": "function",
            "function": {
                "name": one.name,
                "description": one.description,
                "parameters": input_schema(one),
            },
        }
        for one in tools
    ]
    request = {"model": model, "messages": messages, "max_tokens": most}
    return {**request, "tools": offered} if offered else request


def _messages(turn: Turn) -> Iterator[dict[str, Any]]:
    if isinstance(turn, Asked):
        yield {"role": "user", "content": turn.text}
    elif isinstance(turn, Replied):
        yield turn.raw
    else:
        for one in turn.results:
            yield {"role": "tool", "tool_call_id": one.id, "content": one.text}


def _reply(body: Any) -> Replied:
    choice = body["choices"][0]
    message = choice["message"]
    calls = tuple(
        ToolCall(one["id"], one["function"]["name"], _arguments(one["function"]["arguments"]))
        for one in message.get("tool_calls") or ()
    )
    return Replied(
        message.get("content") or "", calls, message, choice.get("finish_reason") == "length"
    )


def _arguments(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


DIALECT = Dialect("openai", "/chat/completions", _headers, _request, _reply)
