"""What a log's entries are, whatever the format that holds them.

There are millions of statements with their durations: they come as a `Row`, a plain tuple, and what
is said of them is cut up only where nothing like it was seen before. All else comes as a
`Statement` or an `Entry`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

__all__ = [
    "BEGINNINGS",
    "KIND",
    "Cut",
    "Entry",
    "Event",
    "Format",
    "Origin",
    "Row",
    "Statement",
    "Who",
]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, or a duration without one."""

    time: bytes
    who: Hashable
    transaction: bytes
    """The virtual one."""
    duration: bytes
    """Milliseconds; empty for a statement that was logged when it began (log_statement)."""
    kind: bytes
    """The log's own word: `statement`, `execute NAME`, `parse NAME`, `bind NAME`, `plan`; empty for
    a duration line of its own (log_duration)."""
    what: bytes
    """Text and parameters, as `Cut` has them."""
    text: bytes
    tail: bytes


Row: TypeAlias = tuple[bytes, Hashable, bytes, bytes, bytes, bytes]
"""A statement with its duration, which is nearly all of a log: time, who, virtual transaction,
milliseconds, all that stands behind them (`ms  statement: SELECT 1` …), and the parameters where a
log has them on a line of their own."""


class Cut(NamedTuple):
    """Where things stand in what is said of a statement.

    All is in the log's own quoting: little of it is ever looked at, and `Format.plain` takes it
    off.
    """

    kind: bytes
    start: int
    """Of the text."""
    text: bytes
    end: int
    """Of the text and, where they stand there too, its parameters."""
    tail: int
    """Where begins what says more of the statement's origin."""


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


Event: TypeAlias = Row | Statement | Entry

BEGINNINGS = frozenset((b"ms  st", b"ms  ex", b"ms  pa", b"ms  bi"))
"""What is said in a row begins so: `statement`, `execute NAME`, `parse NAME`, `bind NAME`."""
KIND = re.compile(rb"ms  (statement|(?:execute|parse|bind) [^\n]*?|[a-z][^:\n]*):[ \n]")
"""What stands between a duration and the text. Some names of prepared statements hold a colon."""


class Format(Protocol):
    """A way of writing logs. The methods take and give raw bytes in the log's own quoting."""

    name: str
    """As log_destination has it."""
    has_transactions: bool
    """Do the entries hold a virtual transaction?"""
    unread: int
    """Statements so far whose lines begin in another way than this."""

    @property
    def ends_field(self) -> Callable[[bytes], bool] | None:
        """Tells whether what stands in a statement's strings holds what ends a field; None where
        nothing does."""
        ...

    def last_start(self, block: bytes) -> int:
        """Where the last entry begins, which may go on in the next block; 0 for the first."""
        ...

    def read(self, block: bytes) -> Iterable[Event]:
        """The block's entries in order. It starts and ends at the beginning of an entry."""
        ...

    def cut(self, said: bytes) -> Cut | None:
        """What is said of a statement, taken apart; None for what is no statement."""
        ...

    def parted(self, what: bytes) -> tuple[bytes, bytes]:
        """Text and parameters that stand beside each other, without the log's quoting."""
        ...

    def plain(self, raw: bytes) -> bytes:
        """A statement's text, or its parameters, without the log's quoting."""
        ...

    def identity(self, who: Hashable) -> Who: ...

    def origin(self, tail: bytes) -> Origin: ...
