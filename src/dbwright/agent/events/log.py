"""The log of a team: read, replay, append."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dbwright.agent.events.entry import Entry, Fault, Line, parse
from dbwright.agent.events.event import MOST_BYTES, Event
from dbwright.agent.events.held import WAIT_SECONDS, held, open_to_read, release, sync_folder
from dbwright.agent.events.lines import LONGEST, chunks, forms, looks_like_object
from dbwright.agent.events.seen import Seen
from dbwright.agent.events.torn import torn_tail
from dbwright.agent.paths import Outside, inside
from dbwright.errors import EventLogUnusable, UsageError

__all__ = ["PLACE", "Appended", "EventLog", "History"]

PLACE = Path(".claude/events/log.ndjson")
"""From the root of the repository."""

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class History:
    """What happened to a ticket, oldest first, and what of the log could not be read."""

    ticket_id: str
    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...] = ()

    def last(self, type: str, agent: str = "") -> Entry | None:
        """The last event of that type, of anybody or of one agent."""
        for entry in reversed(self.entries):
            if entry.type == type and agent in ("", entry.agent):
                return entry
        return None


@dataclass(frozen=True, slots=True)
class Appended:
    """What came of appending: the event as it stands in the log."""

    entry: Entry
    is_new: bool
    """False: it was there already, and nothing was written."""
    torn: Path | None = None
    """Where a torn last line was put."""


class EventLog:
    """One file of events. A writer keeps one for all that it appends: it remembers what it read.

    `root` is the folder that the file must be in when all symbolic links are followed; its own
    folder where none is given.
    """

    def __init__(
        self, path: Path, root: Path | None = None, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self.path = path
        self._root = root or path.parent
        self._wait_seconds = wait_seconds
        self._seen = Seen()

    @classmethod
    def of(cls, root: Path) -> EventLog:
        """The team's log in a repository."""
        return cls(root / PLACE, root)

    def read(self, ticket: str | None = None) -> Iterator[Line]:
        """The events (of a ticket, or all) and the lines that are none, oldest first, one at a
        time: a log of any size takes the same memory. No log is an empty one.

        Lines that don't hold the ticket's name are told of where they don't even look like an
        object. Raises EventLogUnusable.
        """
        with open_to_read(self._real()) as handle:
            if handle is not None:
                try:
                    yield from _lines(handle, ticket)
                except OSError as problem:
                    raise _failed(self.path, problem) from None

    def replay(self, ticket: str) -> History:
        """All that happened to a ticket. Raises EventLogUnusable."""
        entries: list[Entry] = []
        faults: list[Fault] = []
        for line in self.read(ticket):
            if isinstance(line, Entry):
                entries.append(line)
            else:
                faults.append(line)
        return History(ticket, tuple(entries), tuple(faults))

    def append(self, event: Event) -> Appended:
        """Add the event, unless it is there; it is on disk when this returns.

        Killed at any point it is there whole, or not at all for whoever appends next. Raises
        EventLogUnusable, and UsageError for an event that is too large.
        """
        line = event.line()
        if len(line) > MOST_BYTES:
            raise UsageError(
                f"the event has {len(line):,} bytes, and {MOST_BYTES:,} are the most",
                "write what is large to an artifact, and name it in the event",
            )
        path = self._real()
        _make_folder(path.parent)
        try:
            with open_to_read(path) as handle:
                if handle is not None:
                    # What takes long in a large log is done before others have to wait for it.
                    self._seen.first(handle, event)
            with held(path, self._wait_seconds) as handle:
                torn = torn_tail(handle, path)
                found = self._seen.first(handle, event)
                if found is None:
                    _write(handle, line)
                release(handle)  # many writers wait for the disk together
                os.fsync(handle)
        except OSError as problem:
            raise _failed(self.path, problem) from None
        number = self._seen.next_number(event)
        return Appended(found or Entry(number, event.document()), found is None, torn)

    def _real(self) -> Path:
        """The file itself. Raises EventLogUnusable."""
        try:
            return inside(self._root, os.path.relpath(self.path, self._root))
        except Outside as problem:
            raise EventLogUnusable(
                f"{self.path} is not used: {problem}", "put the file itself there"
            ) from None


def _lines(handle: int, ticket: str | None) -> Iterator[Line]:
    words = () if ticket is None else forms(ticket)
    for chunk in chunks(handle):
        if chunk.content is None:
            yield Fault(chunk.number, f"longer than {LONGEST:,} bytes", not chunk.has_end)
        else:
            quick = bool(words) and chunk.looks_plain
            for number, line in chunk.lines_with(words) if quick else chunk.lines():
                if words and looks_like_object(line) and not any(word in line for word in words):
                    continue
                for found in parse(number, line, is_tail=not chunk.has_end):
                    if isinstance(found, Fault) or ticket in (None, found.ticket_id):
                        yield found


def _write(handle: int, line: bytes) -> None:
    """One write; if the disk takes only a part of it, that is taken back. Raises OSError."""
    rest = memoryview(line)
    try:
        while rest:
            rest = rest[os.write(handle, rest) :]
    except BaseException:
        # Where the file ends elsewhere, somebody who takes no lock wrote behind it.
        written = len(line) - len(rest)
        end = os.lseek(handle, 0, os.SEEK_CUR)
        if written and os.fstat(handle).st_size == end:
            os.ftruncate(handle, end - written)
        raise


def _make_folder(folder: Path) -> None:
    """The log's own folder, in one that is there. Raises EventLogUnusable."""
    try:
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)
            sync_folder(folder.parent)
    except FileNotFoundError:
        raise EventLogUnusable(
            f"there is no folder {folder.parent}",
            "run this in the root of a repository whose team has one, or make it",
        ) from None
    except OSError as problem:
        raise EventLogUnusable(
            f"can't make {folder}: {problem.strerror}", "see who may write there"
        ) from None


def _failed(path: Path, problem: OSError) -> EventLogUnusable:
    if problem.errno in FULL:
        return EventLogUnusable(
            f"no room for the event in {path}: {problem.strerror}; the log is as it was",
            "make room on the disk, and run the same again",
        )
    return EventLogUnusable(
        f"can't write {path}: {problem.strerror or problem}",
        "see what is wrong with its disk, and run the same again: what is there is not repeated",
    )
