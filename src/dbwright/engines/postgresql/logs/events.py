"""What a log's entries are, whatever the format that holds them.

Statements are plain tuples, for there are millions; everything else is an `Entry`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

__all__ = ["NAMED", "Entry", "Event", "Format", "Origin", "Statement", "Who"]

Statement: TypeAlias = tuple[bytes, Hashable, bytes, bytes, bytes, bytes, bytes, bytes]
"""time, who, virtual transaction, milliseconds, kind, text, parameters, origin.

`kind` is the log's own word: `statement`, `execute NAME`, `parse NAME`, `bind NAME`, `plan`.
Milliseconds without a kind are a duration line of its own (log_duration); a kind without
milliseconds is a statement that was logged when it began (log_statement).
Text and parameters are in the log's own quoting: few of them are ever looked at. `Format.plain`
takes it off."""

NAMED = frozenset((b"execute", b"parse", b"bind"))
"""The first words of kinds that name a prepared statement, or `<unnamed>`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that is no statement: an error, a temporary file, a checkpoint …"""

    time: bytes
    who: Hashable
    severity: str
    message: str
    sqlstate: str = ""
    detail: str = ""
    statement: bytes = b""


@dataclass(frozen=True, slots=True)
class Who:
    """Whose entries they are. `session` is unique, or the pid; empty where neither is logged."""

    session: str = ""
    user: str | None = None
    database: str | None = None
    application: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """What else an entry says of its statement."""

    application: str | None = None
    query_id: int | None = None


Event: TypeAlias = Statement | Entry


class Format(Protocol):
    """A way of writing logs. The methods take and give raw bytes in the log's own quoting."""

    name: str
    """As log_destination has it."""
    has_transactions: bool
    """Do the events hold a virtual transaction?"""
    unread: int
    """Statements so far whose lines begin in another way than this."""

    def last_start(self, block: bytes) -> int:
        """Where the last entry begins, which may go on in the next block; 0 for the first."""
        ...

    def events(self, block: bytes) -> Iterable[Event]:
        """The block's entries in order. It starts and ends at the beginning of an entry."""
        ...

    def plain(self, raw: bytes) -> bytes:
        """A statement's text, or its parameters, without the log's quoting."""
        ...

    def identity(self, who: Hashable) -> Who: ...

    def origin(self, origin: bytes) -> Origin: ...
