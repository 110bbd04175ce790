"""stderr (and what platforms make of it): lines that begin with log_line_prefix.

An entry is a primary line (`LOG:  …`), and lines that belong to it (`DETAIL:  …`); each goes on in
lines that begin with a tab.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator

from dbwright.engines.postgresql.logs.events import Entry, Event, Origin, Statement, Who
from dbwright.engines.postgresql.logs.prefix import Prefix

__all__ = ["PRIMARY", "SECONDARY", "StderrFormat"]

PRIMARY = b"DEBUG[1-5]?|INFO|NOTICE|WARNING|LOG|ERROR|FATAL|PANIC"
SECONDARY = b"DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT|BACKTRACE"
_TAIL = (
    rb"(" + PRIMARY + rb"|" + SECONDARY + rb"):  "
    rb"(?:([0-9A-Z]{5}): )?"  # the SQLSTATE, with log_error_verbosity = verbose
    rb"(?:(?=duration: [0-9]|(?:statement|execute |parse |bind )[^:\n]*: )"
    rb"(?:duration: ([0-9]+\.[0-9]+) ms(?:  )?)?"
    rb"(?:((?:statement|execute |parse |bind |plan)[^:\n]*):[ \n])?)?"
    rb"([^\n]*(?:\n\t[^\n]*)*)\n"
)


class StderrFormat:
    name = "stderr"

    def __init__(self, prefix: Prefix) -> None:
        self.prefix = prefix
        self.has_transactions = prefix.has_transactions
        self._entry = re.compile(prefix.pattern + _TAIL)
        self._primary = re.compile(rb"\n" + prefix.pattern + rb"(?:" + PRIMARY + rb"):  ")
        roles = prefix.roles
        self._time = roles.index("time") if "time" in roles else None
        self._transaction = roles.index("transaction") if "transaction" in roles else None
        self._who = tuple(i for i, role in enumerate(roles) if role == "who")

    def last_start(self, block: bytes) -> int:
        position = len(block)
        while (position := block.rfind(b"\n", 0, position)) >= 0:
            if self._primary.match(block, position):
                return position + 1
        return 0

    def events(self, block: bytes) -> Iterator[Event]:
        time_at, transaction_at, who_at = self._time, self._transaction, self._who
        single = who_at[0] if len(who_at) == 1 else None
        held: Statement | None = None
        entry: _Open | None = None
        for found in self._entry.findall(block):
            tag, state, duration, kind, text = found[-5:]
            if b"\n\t" in text:
                text = text.replace(b"\n\t", b"\n")
            if tag == b"LOG" and (duration or kind):
                if held is not None:
                    yield held
                elif entry is not None:
                    yield entry.closed()
                    entry = None
                if kind == b"plan":
                    text = text.removeprefix(b"\t")
                held = (
                    b"" if time_at is None else found[time_at],
                    found[single] if single is not None else tuple(found[i] for i in who_at),
                    b"" if transaction_at is None else found[transaction_at],
                    duration,
                    kind,
                    text,
                    b"",
                    b"",
                )
            elif tag in _SECONDARY_TAGS:
                if entry is not None:
                    entry.add(tag, text)
                elif held is not None and tag == b"DETAIL":
                    held = (*held[:6], text, b"")
            else:
                if held is not None:
                    yield held
                    held = None
                elif entry is not None:
                    yield entry.closed()
                who = found[single] if single is not None else tuple(found[i] for i in who_at)
                entry = _Open(b"" if time_at is None else found[time_at], who, tag, state, text)
        if held is not None:
            yield held
        elif entry is not None:
            yield entry.closed()

    def identity(self, who: Hashable) -> Who:
        pieces = who if isinstance(who, tuple) else (who,)
        return self.prefix.identity(pieces)

    def origin(self, origin: bytes) -> Origin:
        return Origin()


_SECONDARY_TAGS = frozenset(SECONDARY.split(b"|"))


class _Open:
    """An entry whose lines are still coming."""

    __slots__ = ("_lines", "_severity", "_state", "_text", "_time", "_who")

    def __init__(
        self, time: bytes, who: Hashable, severity: bytes, state: bytes, text: bytes
    ) -> None:
        self._time, self._who, self._severity, self._text = time, who, severity, text
        self._state = state
        self._lines: dict[bytes, bytes] = {}

    def add(self, tag: bytes, text: bytes) -> None:
        self._lines[tag] = text

    def closed(self) -> Entry:
        return Entry(
            time=self._time,
            who=self._who,
            severity=self._severity.decode(),
            message=self._text.decode(errors="replace"),
            sqlstate=self._state.decode(),
            detail=self._lines.get(b"DETAIL", b"").decode(errors="replace"),
            statement=self._lines.get(b"STATEMENT", b""),
        )
