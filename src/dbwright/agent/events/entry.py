"""A line as it stands in the log, whoever wrote it; and lines that hold no event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

__all__ = ["Entry", "Fault", "Line", "parse"]

DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it was read. `document` is all of it; the properties are what can be told of
    it, empty where the one who wrote it left that out or wrote something else there."""

    number: int
    """Of its line, from 1."""
    document: Mapping[str, Any]

    @property
    def event_id(self) -> str:
        return self._text("event_id")

    @property
    def ticket_id(self) -> str:
        return self._text("ticket_id")

    @property
    def type(self) -> str:
        return self._text("type")

    @property
    def agent(self) -> str:
        return self._text("agent")

    @property
    def timestamp(self) -> datetime | None:
        """Aware, in UTC. A time without a zone is taken as UTC."""
        try:
            moment = datetime.fromisoformat(self._text("timestamp"))
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    @property
    def payload(self) -> Mapping[str, Any]:
        payload = self.document.get("payload")
        return payload if isinstance(payload, dict) else {}

    def _text(self, name: str) -> str:
        value = self.document.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)  # a ticket's number is a number elsewhere
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that holds no event, or not only events."""

    number: int
    reason: str
    is_tail: bool = False
    """Is it the last line, and without its end? Somebody may be writing it."""

    def __str__(self) -> str:
        return f"line {self.number}: {self.reason}"


Line = Entry | Fault


def parse(number: int, line: bytes, *, is_tail: bool = False) -> list[Line]:
    """The events of a line: one; none in an empty one. Where a crash cut a line and somebody who
    did not look wrote on behind it, the whole events in it, after a Fault."""
    if number == 1:
        line = line.removeprefix(b"\xef\xbb\xbf")
    if not line.strip():
        return []
    try:
        document = json.loads(line.decode("utf-8"))
    except RecursionError:
        return [Fault(number, "nested too deeply", is_tail)]
    except ValueError:
        return _broken(number, line, is_tail)
    if not isinstance(document, dict):
        return [Fault(number, f"a {_kind(document)}, where an event is an object", is_tail)]
    return [Entry(number, document)]


def _broken(number: int, line: bytes, is_tail: bool) -> list[Line]:
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = line.decode("utf-8", "surrogateescape")
    if is_tail:
        return [Fault(number, "without its end: being written, or cut off", True)]
    start = -1
    for _ in range(64):  # places where an event might begin
        start = text.find("{", start + 1)
        if start < 0:
            break
        found = _objects(text, start)
        if found and all({"type", "ticket_id"} <= each.keys() for each in found):
            cut = f"no JSON up to column {start + 1}" if text[:start].strip() else ""
            why = cut or f"{len(found)} events, where a line is one"
            return [Fault(number, why), *(Entry(number, each) for each in found)]
    return [Fault(number, "no JSON")]


def _objects(text: str, start: int) -> list[dict[str, Any]]:
    """The objects from there to the end of the text; nothing where that is not all there is."""
    found: list[dict[str, Any]] = []
    while start < len(text):
        try:
            document, start = DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            return []
        if not isinstance(document, dict):
            return []
        found.append(document)
        while start < len(text) and text[start].isspace():
            start += 1
    return found


def _kind(value: object) -> str:
    kinds = {list: "list", str: "text", bool: "truth value", type(None): "null"}
    return kinds.get(type(value), "number")
