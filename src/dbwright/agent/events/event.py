"""What dbwright tells a team: nouns that become one line of its log.

Times are aware, in UTC. A payload is what its class has, without the parts that are empty.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

from dbwright.agent.events.quality import QualityChecks

__all__ = [
    "MOST_BYTES",
    "PAYLOADS",
    "Blocked",
    "Completed",
    "Event",
    "EventType",
    "Failed",
    "Payload",
    "Progress",
    "Started",
    "timestamp_text",
]

MOST_BYTES = 1_048_576
"""Of one event's line. What is longer is an artifact, and the event names it."""


class EventType(StrEnum):
    """What dbwright tells."""

    STARTED = "AGENT_STARTED"
    PROGRESS = "AGENT_PROGRESS"
    BLOCKED = "AGENT_BLOCKED"
    FAILED = "AGENT_FAILED"
    COMPLETED = "AGENT_COMPLETED"


@dataclass(frozen=True, slots=True)
class Started:
    """The agent works on the ticket from now on."""

    task: str = ""
    """What it will do, in one line."""
    workspace: str = ""
    """The workspace's folder, from the root of the repository."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is."""

    step: str
    """What is being done now."""
    done: int | None = None
    """Steps behind it; both counts or neither."""
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Blocked:
    """It can't go on before somebody does something."""

    reason: str
    needs: tuple[str, ...] = ()
    """What would let it go on, one thing each."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It stopped, and the work is not done."""

    reason: str
    next_step: str = ""
    """What to do, such as the command that goes on."""
    artifacts: tuple[str, ...] = ()
    """What was written until then."""


@dataclass(frozen=True, slots=True)
class Completed:
    """The work is done."""

    status: Literal["success", "partial"]
    """`success`: all was run and went well; `partial`: a check failed or was skipped."""
    artifacts: tuple[str, ...]
    """Files that were written, as paths from the root of the repository."""
    quality_checks: QualityChecks
    summary: str = ""
    """What came out, in one line."""
    supersedes: str = ""
    """The event_id of the completion whose place this one takes: the work was asked for again."""

    @classmethod
    def of(
        cls, artifacts: tuple[str, ...], quality_checks: QualityChecks, summary: str = ""
    ) -> Completed:
        """With the status that the checks make."""
        if quality_checks.all_done:
            return cls("success", artifacts, quality_checks, summary)
        return cls("partial", artifacts, quality_checks, summary)


Payload = Started | Progress | Blocked | Failed | Completed

PAYLOADS: Mapping[EventType, type[Payload]] = {
    EventType.STARTED: Started,
    EventType.PROGRESS: Progress,
    EventType.BLOCKED: Blocked,
    EventType.FAILED: Failed,
    EventType.COMPLETED: Completed,
}

TYPES = {payload: type_ for type_, payload in PAYLOADS.items()}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that an agent tells of a ticket."""

    ticket_id: str
    agent: str
    payload: Payload
    event_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        for name in ("ticket_id", "agent", "event_id"):
            if not getattr(self, name).strip():
                raise ValueError(f"an event needs its {name}")
        if self.timestamp.tzinfo is None:
            raise ValueError("an event's timestamp needs its time zone")

    @property
    def type(self) -> EventType:
        return TYPES[type(self.payload)]

    def document(self) -> dict[str, Any]:
        """As plain JSON values, in the order in which they are written."""
        return {
            "event_id": self.event_id,
            "ticket_id": self.ticket_id,
            "type": self.type.value,
            "agent": self.agent,
            "timestamp": timestamp_text(self.timestamp),
            "payload": _document(self.payload),
        }

    def line(self) -> bytes:
        """One line with its end. Everything but ASCII is escaped: some programs take other
        characters for the end of a line."""
        text = json.dumps(self.document(), separators=(",", ":"), allow_nan=False)
        return text.encode("ascii") + b"\n"


def timestamp_text(moment: datetime) -> str:
    """ISO 8601, in UTC, to the millisecond: `2026-05-04T08:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _document(payload: Payload) -> dict[str, Any]:
    """Without what is as it is by default."""
    return {
        part.name: _plain(getattr(payload, part.name))
        for part in fields(payload)
        if part.default is MISSING or getattr(payload, part.name) != part.default
    }


def _plain(value: Any) -> Any:
    if isinstance(value, QualityChecks):
        return value.document()
    return list(value) if isinstance(value, tuple) else value
