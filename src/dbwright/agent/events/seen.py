"""Is the event in the log already?

An event is another's duplicate where both have the same ticket and the same id; a completion also
where ticket and agent are the same, unless it says which one it supersedes: work is completed once.
What was read of the log is remembered, so that a writer of many events reads each line of the
others once.
"""

from __future__ import annotations

import os
from array import array
from dataclasses import dataclass, field

from dbwright.agent.events.entry import Entry, parse
from dbwright.agent.events.event import Completed, Event, EventType
from dbwright.agent.events.lines import Chunk, chunks, forms

__all__ = ["Seen"]

FEW = 32
"""So many tickets are each looked for in the whole log; for more, the tickets are remembered."""

MOST = 256
"""Tickets whose events are remembered at the same time."""


@dataclass(slots=True)
class _Known:
    """What is known of a ticket's events up to a place in the log."""

    ticket: str
    at: int = 0
    number: int = 1
    """Of the line that begins there."""
    ids: set[str] = field(default_factory=set)
    completed: dict[str, Entry] = field(default_factory=dict)
    """The last completion, by agent."""

    def read_on(self, handle: int) -> None:
        """To the end of the last line that has its end. Raises OSError."""
        words = forms(self.ticket)
        for chunk in chunks(handle, self.at, self.number):
            if not chunk.has_end:
                break
            for number, line in chunk.lines_with(words):
                self.take(number, line)
            self.at, self.number = chunk.end, chunk.number + chunk.count

    def take(self, number: int, line: bytes) -> None:
        for entry in parse(number, line):
            if isinstance(entry, Entry) and entry.ticket_id == self.ticket:
                self.ids.add(entry.event_id)
                if entry.type == EventType.COMPLETED:
                    self.completed[entry.agent] = entry


@dataclass(slots=True)
class _Tickets:
    """All tickets up to a place in the log, and the parts of it that hold their events."""

    at: int = 0
    number: int = 1
    parts: list[tuple[int, int, int]] = field(default_factory=list)
    """What was read at a time: where it begins and ends, and the number of its first line."""
    places: dict[int, array[int]] = field(default_factory=dict)
    """Parts, by their number, by the ticket's hash."""

    def read_on(self, handle: int) -> None:
        for chunk in chunks(handle, self.at, self.number):
            if not chunk.has_end:
                break
            part = len(self.parts)
            self.parts.append((self.at, chunk.end, self.number))
            for number, line in chunk.lines():
                for entry in parse(number, line):
                    if isinstance(entry, Entry):
                        known = self.places.setdefault(hash(entry.ticket_id), array("L"))
                        if not known or known[-1] != part:
                            known.append(part)
            self.at, self.number = chunk.end, chunk.number + chunk.count

    def known(self, handle: int, ticket: str) -> _Known:
        """What these parts of the log say of a ticket."""
        found = _Known(ticket, self.at, self.number)
        words = forms(ticket)
        for part in self.places.get(hash(ticket), ()):
            start, end, first = self.parts[part]
            chunk = Chunk(first, end, os.pread(handle, end - start, start))
            for number, line in chunk.lines_with(words):
                found.take(number, line)
        return found


class Seen:
    """What one writer knows of the log."""

    def __init__(self) -> None:
        self._start((0, 0))

    def _start(self, file: tuple[int, int]) -> None:
        """Nothing is known yet of a file, which is told by its device and inode."""
        self._file = file
        self._known: dict[str, _Known] = {}
        self._begun = 0
        self._tickets = _Tickets()

    def first(self, handle: int, event: Event) -> Entry | None:
        """The entry that the event would be a duplicate of; lines without their end don't count.

        Raises OSError.
        """
        known = self._of(handle, event.ticket_id)
        again = isinstance(event.payload, Completed) and event.payload.supersedes
        if event.type is EventType.COMPLETED and not again and event.agent in known.completed:
            return known.completed[event.agent]
        return _with_id(handle, event) if event.event_id in known.ids else None

    def next_number(self, event: Event) -> int:
        """The number of the line that comes next, after `first` was asked."""
        return self._known[event.ticket_id].number

    def _of(self, handle: int, ticket: str) -> _Known:
        status = os.fstat(handle)
        known = self._known.get(ticket)
        read = max(known.at if known else 0, self._tickets.at)
        file = status.st_dev, status.st_ino
        if self._file != file or status.st_size < read:
            self._start(file)
            known = None
        if known is None:
            known = self._begin(handle, ticket)
        known.read_on(handle)
        return known

    def _begin(self, handle: int, ticket: str) -> _Known:
        if len(self._known) >= MOST:
            self._known.pop(next(iter(self._known)))
        self._begun += 1
        found = _Known(ticket)
        if self._begun > FEW:
            self._tickets.read_on(handle)
            found = self._tickets.known(handle, ticket)
        self._known[ticket] = found
        return found


def _with_id(handle: int, event: Event) -> Entry | None:
    words = forms(event.event_id)
    for chunk in chunks(handle):
        for number, line in chunk.lines_with(words):
            for entry in parse(number, line):
                if isinstance(entry, Entry) and _is_same(entry, event):
                    return entry
    return None


def _is_same(entry: Entry, event: Event) -> bool:
    return (entry.event_id, entry.ticket_id) == (event.event_id, event.ticket_id)
