"""stderr (and what platforms make of it): lines that begin with log_line_prefix.

An entry is a primary line (`LOG:  …`), and lines that belong to it (`DETAIL:  …`); each goes on in
lines that begin with a tab. Statements with their durations are cut out of their lines; what is
left over goes through an expression that reads all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from dbwright.engines.postgresql.logs.events import (
    BEGINNINGS,
    KIND,
    Cut,
    Entry,
    Event,
    Origin,
    Row,
    Statement,
    Who,
)
from dbwright.engines.postgresql.logs.plans import NESTED, is_nested
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
_MARK = b"LOG:  duration: "
_DETAIL = b"DETAIL:  "
_LINE_END = b"\0"
"""Stands for a line end and its tab, in the log's own quoting. It is in no block otherwise."""
_MOST_HEADS = 50_000
_Head: TypeAlias = tuple[bytes, Hashable, bytes]
"""time, who, virtual transaction."""


class StderrFormat:
    name = "stderr"
    ends_field: Callable[[bytes], bool] | None = None

    def __init__(self, prefix: Prefix) -> None:
        self.prefix = prefix
        self.has_transactions = prefix.has_transactions
        self._entry = re.compile(prefix.pattern + _TAIL)
        self._primary = re.compile(rb"\n" + prefix.pattern + rb"(?:" + PRIMARY + rb"):  ")
        roles = prefix.roles
        self._time = roles.index("time") if "time" in roles else None
        self._transaction = roles.index("transaction") if "transaction" in roles else None
        self._who = tuple(i for i, role in enumerate(roles) if role == "who")
        self._head = re.compile(prefix.pattern)
        self._is_quick = prefix.differs_by_time_alone
        self._known: dict[bytes, Hashable] = {}
        """What stands between the time and the tag, and whose it is."""
        self._time_ends = 0
        self.unread = 0

    def last_start(self, block: bytes) -> int:
        position = len(block)
        while (position := block.rfind(b"\n", 0, position)) >= 0:
            if self._primary.match(block, position):
                return position + 1
        return 0

    def read(self, block: bytes) -> Iterator[Event]:
        is_quick, known, ends = self._is_quick, self._known, self._time_ends
        row: Row | None = None
        odd: list[bytes] = []
        for line in block.replace(b"\n\t", _LINE_END).split(b"\n"):
            head, _, rest = line.partition(_MARK)
            duration, _, said = rest.partition(b" ")
            who = known.get(head[ends:]) if is_quick else None
            time, transaction = head[:ends], b""
            if who is None or said[:6] not in BEGINNINGS:
                read = self._read(head) if said[:6] in BEGINNINGS else None
                if read is None:
                    if row is not None and not odd and not row[5] and self._is_detail(line):
                        row = (*row[:5], line.partition(_DETAIL)[2])
                    else:
                        odd.append(line)
                    continue
                time, who, transaction = read
                ends = self._time_ends
            if row is not None:
                yield row
            if odd:
                yield from self._slowly(odd)
                odd.clear()
            row = time, who, transaction, duration, said, b""
        if row is not None:
            yield row
        yield from self._slowly(odd)

    def _is_detail(self, line: bytes) -> bool:
        head, mark, _ = line.partition(_DETAIL)
        if not mark:
            return False
        return head[self._time_ends :] in self._known or self._read(head) is not None

    def _read(self, head: bytes) -> _Head | None:
        """What a line begins with, where it is all of what stands before the tag."""
        match = self._head.fullmatch(head)
        if match is None:
            return None
        groups = match.groups(b"")
        who = self._named(groups)
        time = b"" if self._time is None else groups[self._time]
        if self._is_quick:
            self._time_ends = len(time)
            if len(self._known) > _MOST_HEADS:
                self._known.clear()
            self._known[head[len(time) :]] = who
        return time, who, b"" if self._transaction is None else groups[self._transaction]

    def _named(self, groups: Sequence[bytes]) -> Hashable:
        places = self._who
        return groups[places[0]] if len(places) == 1 else tuple([groups[i] for i in places])

    def cut(self, said: bytes) -> Cut | None:
        kind = KIND.match(said)
        if kind is None:
            return None
        return Cut(kind[1], kind.end(), said[kind.end() :], len(said), len(said))

    def parted(self, what: bytes) -> tuple[bytes, bytes]:
        text, _, parameters = what.partition(b"\n")
        return self.plain(text), self.plain(parameters)

    def plain(self, raw: bytes) -> bytes:
        return raw.replace(_LINE_END, b"\n")

    def _slowly(self, lines: list[bytes]) -> Iterator[Event]:
        """What is no statement with its duration."""
        block = b"\n".join(lines).replace(_LINE_END, b"\n\t") + b"\n"
        time_at, transaction_at = self._time, self._transaction
        # Continued lines are part of a text, which may say anything.
        begun = sum(_MARK in line.partition(_LINE_END)[0] for line in lines)
        held: Statement | None = None
        entry: _Open | None = None
        for found in self._entry.findall(block):
            tag, state, duration, kind, text = found[-5:]
            if b"\n\t" in text:
                text = text.replace(b"\n\t", _LINE_END)
            if tag == b"LOG" and (duration or kind):
                begun -= bool(duration)
                if held is not None:
                    yield held
                elif entry is not None:
                    yield entry.closed()
                    entry = None
                if kind == b"plan":
                    text = text.removeprefix(b"\t")
                held = Statement(
                    time=b"" if time_at is None else found[time_at],
                    who=self._named(found),
                    transaction=b"" if transaction_at is None else found[transaction_at],
                    duration=duration,
                    kind=kind,
                    what=text,
                    text=text,
                    tail=b"",
                )
            elif tag in _SECONDARY_TAGS:
                if entry is not None:
                    entry.add(tag, text)
                elif held is not None and tag == b"DETAIL":
                    held = replace(held, what=held.text + b"\n" + text)
                elif held is not None and _tells_nested(held, tag, text):
                    held = replace(held, kind=NESTED)
            else:
                if held is not None:
                    yield held
                    held = None
                elif entry is not None:
                    yield entry.closed()
                who = self._named(found)
                entry = _Open(b"" if time_at is None else found[time_at], who, tag, state, text)
        self.unread += max(0, begun)
        if held is not None:
            yield held
        elif entry is not None:
            yield entry.closed()

    def identity(self, who: Hashable) -> Who:
        pieces = who if isinstance(who, tuple) else (who,)
        return self.prefix.identity(pieces)

    def origin(self, tail: bytes) -> Origin:
        return Origin()


_SECONDARY_TAGS = frozenset(SECONDARY.split(b"|"))


def _tells_nested(held: Statement, tag: bytes, text: bytes) -> bool:
    """Does a line say that the plan before it is of a statement inside of a function?"""
    is_plan = tag == b"CONTEXT" and held.kind == b"plan"
    return is_plan and is_nested(_text(text))


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
            message=_text(self._text),
            sqlstate=self._state.decode(),
            detail=_text(self._lines.get(b"DETAIL", b"")),
            statement=self._lines.get(b"STATEMENT", b"").replace(_LINE_END, b"\n"),
        )


def _text(raw: bytes) -> str:
    return raw.replace(_LINE_END, b"\n").decode(errors="replace")
