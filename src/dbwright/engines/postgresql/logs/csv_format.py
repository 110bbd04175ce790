"""csvlog: one CSV record an entry (manual, Using CSV-Format Log Output), versions 12 to 18.

Of the fields before the message only names may hold a comma or a quote.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator

from dbwright.engines.postgresql.logs.events import (
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

__all__ = ["START", "CsvFormat"]

_TIME = rb"\d\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d\d\d [^,\n]{1,40},"
START = re.compile(rb"(?:\n|\A)(?=" + _TIME + rb")")

_NAME = rb'"[^"\n]*(?:""[^"\n]*)*"|[^,\n]*'
_ENTRY = re.compile(
    rb"([^,\n]*),"  # log_time
    rb"((?:" + _NAME + rb"),(?:" + _NAME + rb"),[^,\n]*,[^,\n]*,[^,\n]*),"
    # user_name … session_id: the same for a whole session
    rb"[^,\n]*,[^,\n]*,[^,\n]*,"  # session_line_num, command_tag, session_start_time
    rb"([^,\n]*),[^,\n]*,"  # virtual_transaction_id, transaction_id
    rb"([^\n]*(?:\n(?!" + _TIME + rb")[^\n]*)*)\n"
)
_ROW = re.compile(
    rb'(\d.{22}[^,\n]*+),("[^"]*+","[^"]*+",[^,]*+,[^,]*+,[^,]*+),'  # as in an entry
    rb"[^,]*+,[^,]*+,[^,]*+,([^,]*+),[^,]*+,"
    rb'LOG,00000,"duration: ([^ \n]*+) (ms  [sepb][txai].*+)\n|(.*)\n'
)
"""A statement with its duration, as a `Row`; in its last group a line that is something else.

One expression cuts up a block, for each step in Python would cost as much as this. No row goes on
beyond its line: after a line's end the fields before LOG would be more than there are.
"""
_BEGUN = re.compile(rb'LOG,00000,"(?:duration: ([0-9]+\.[0-9]+) (?=ms)|(?=statement: |execute ))')
"""A statement or a duration, or both."""
_LONE = re.compile(rb'ms"|(statement|execute [^\n]*?): ')
"""A duration of its own (log_duration), or a statement without one (log_statement)."""
_QUOTED = re.compile(rb'[^"]*(?:""[^"]*)*')
_FIELD = re.compile(rb'(?:"([^"]*(?:""[^"]*)*)"?|([^,\n]*))(?:,|\n|\Z)')
_CONTEXT, _APPLICATION, _QUERY_ID = 4, 8, 11
"""Fields from the one before hint on."""


class CsvFormat:
    name = "csvlog"
    has_transactions = True
    unread = 0

    def last_start(self, block: bytes) -> int:
        position = len(block)
        while (position := block.rfind(b"\n", 0, position)) >= 0:
            if START.match(block, position):
                return position + 1
        return 0

    def read(self, block: bytes) -> Iterator[Event]:
        row: Row | None = None
        odd: list[bytes] = []
        found: Row
        for found in _ROW.findall(block if block.endswith(b"\n") else block + b"\n"):
            if not found[4]:
                odd.append(found[5])
                continue
            if row is not None:
                yield row if not odd else _continued(row, odd)
            if odd:
                yield from _slowly(odd)
                odd.clear()
            row = found
        if row is not None:
            yield row if not odd else _continued(row, odd)
        yield from _slowly(odd)

    @staticmethod
    def ends_field(strings: bytes) -> bool:
        return b'"' in strings and b'"' in strings.replace(b'""', b"")

    def cut(self, said: bytes) -> Cut | None:
        kind = KIND.match(said)
        return None if kind is None else _cut(said, kind[1], kind.end())

    def parted(self, what: bytes) -> tuple[bytes, bytes]:
        text = _QUOTED.match(what)
        assert text is not None  # it matches an empty one
        return self.plain(text[0]), self.plain(what[text.end() + 3 :])

    def plain(self, raw: bytes) -> bytes:
        return raw.replace(b'""', b'"')

    def identity(self, who: Hashable) -> Who:
        assert isinstance(who, bytes)
        fields = [_text(field) for field in (*_fields(who), *[b""] * 5)]
        return Who(fields[4], fields[0] or None, fields[1] or None)

    def origin(self, tail: bytes) -> Origin:
        fields = [_text(field) for field in _fields(tail)]
        query_id = fields[_QUERY_ID] if len(fields) > _QUERY_ID else ""
        number = int(query_id) if query_id.lstrip("-").isdigit() else 0
        application = fields[_APPLICATION] if len(fields) > _APPLICATION else ""
        return Origin(application or None, number or None)


def _continued(row: Row, odd: list[bytes]) -> Row:
    """With the other lines of its text, which are taken from those that come next."""
    last = next((i for i, line in enumerate(odd) if START.match(line)), len(odd))
    if not last:
        return row
    said = b"\n".join([row[4], *odd[:last]])
    del odd[:last]
    return (*row[:4], said, b"")


def _cut(said: bytes, kind: bytes, start: int) -> Cut:
    """`start`: of the text, in the message."""
    text = _QUOTED.match(said, start)
    assert text is not None  # it matches an empty one
    end = text.end()
    # An empty detail is two commas.
    tail = end + 2
    if said[end : end + 3] == b'","':
        detail = _QUOTED.match(said, end + 3)
        assert detail is not None
        end = detail.end()
        tail = end + 1
    return Cut(kind, start, text[0], end, tail)


def _slowly(lines: list[bytes]) -> list[Event]:
    """What is no statement with its duration."""
    found: list[Event] = []
    for time, who, transaction, rest in _ENTRY.findall(b"\n".join(lines) + b"\n"):
        begun = _BEGUN.match(rest)
        if begun is None:
            found += _others(time, who, rest)
            continue
        duration, said = begun[1] or b"", rest[begun.end() :]
        match = KIND.match(said) or _LONE.match(said)
        if match is None:
            found += _others(time, who, rest)
            continue
        cut = _cut(said, match[1] or b"", match.end())
        what, tail, kind = said[cut.start : cut.end], said[cut.tail :], cut.kind
        if kind == b"plan" and is_nested(_text(b"".join(_fields(tail)[_CONTEXT : _CONTEXT + 1]))):
            kind = NESTED
        found.append(Statement(time, who, transaction, duration, kind, what, cut.text, tail))
    return found


def _others(time: bytes, who: bytes, rest: bytes) -> Iterator[Event]:
    """Entries that are no statements; `rest` begins at the severity."""
    fields = _fields(rest)
    if len(fields) < 10:
        return  # a record that was cut, or of another kind
    severity, sqlstate, message, detail = (_text(field) for field in fields[:4])
    yield Entry(time, who, severity, message, sqlstate, detail, fields[8])


def _fields(record: bytes) -> list[bytes]:
    return [
        (match[2] if match[1] is None else match[1]).replace(b'""', b'"')
        for match in _FIELD.finditer(record)
    ]


def _text(field: bytes) -> str:
    return field.decode(errors="replace")
