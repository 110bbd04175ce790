"""A conversation, as data; dialects write it in an endpoint's words and read its replies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dbwright.agent.tool.tool import Tool

__all__ = ["Asked", "Dialect", "Replied", "Result", "Results", "ToolCall", "Turn"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What the model wants to have called."""

    id: str
    name: str
    arguments: Mapping[str, Any] | None
    """None where what it wrote is no JSON object."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person, or a step of the work, says."""

    text: str


@dataclass(frozen=True, slots=True)
class Replied:
    """What the model said."""

    text: str
    calls: tuple[ToolCall, ...]
    raw: Any
    """The message in the endpoint's own words: it wants it back."""
    cut: bool = False
    """Did it stop since it may say no more?"""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a call."""

    id: str
    text: str
    failed: bool


@dataclass(frozen=True, slots=True)
class Results:
    """Of all calls of one reply, in their order."""

    results: tuple[Result, ...]


Turn = Asked | Replied | Results


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an endpoint is spoken to. `path` follows the URL of the configuration."""

    name: str
    path: str
    headers: Callable[[str], dict[str, str]]
    """From the key."""
    request: Callable[[str, str, Sequence[Turn], Sequence[Tool], int], dict[str, Any]]
    """From the model's name, the instructions, the turns, the tools, the most tokens of a reply."""
    reply: Callable[[Any], Replied]
    """From the JSON that came. Raises KeyError, TypeError, ValueError, IndexError for another."""
