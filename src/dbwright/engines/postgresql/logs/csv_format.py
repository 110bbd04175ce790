"""csvlog: one CSV record an entry (manual, Using CSV-Format Log Output), versions 12 to 18.

The expression reads the fields before the message; of them only names may hold a comma or a quote.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator

from dbwright.engines.postgresql.logs.events import NAMED, Entry, Event, Origin, Who

__all__ = ["START", "CsvFormat"]

_TIME = rb"\d\d\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d\d\d [^,\n]{1,40},"
START = re.compile(rb"(?:\n|\A)(?=" + _TIME + rb")")

_NAME = rb'"[^"]*(?:""[^"]*)*"|[^,]*'
_ENTRY = re.compile(
    rb"([^,]*),"  # log_time
    rb"((?:" + _NAME + rb"),(?:" + _NAME + rb"),[^,]*,[^,]*,[^,]*),"
    # user_name … session_id: the same for a whole session
    rb"[^,]*,[^,]*,[^,]*,"  # session_line_num, command_tag, session_start_time
    rb"([^,]*),[^,]*,"  # virtual_transaction_id, transaction_id
    rb'(?:LOG,00000,"duration: ([0-9]+\.[0-9]+) ms  ([^:]*):[ \n]|)'
    rb"([^\n]*(?:\n(?!" + _TIME + rb")[^\n]*)*)\n"
)
_MARK = b',LOG,00000,"duration: '
"""Within a field a quote is doubled: this can only stand between fields."""
_END = b'",,,,,,,,'
"""After the message or the detail: all fields up to application_name, which are empty unless the
statement ran inside of a function or log_error_verbosity is verbose."""
_PART = re.compile(
    rb'LOG,00000,"(?:duration: ([0-9]+\.[0-9]+) ms(?:(?=",)|  ([a-z][^:]*):[ \n])'
    rb"|(statement|execute [^:\n]*): )"
)
"""A duration of its own (log_duration), a statement without one (log_statement), and those with a
context or a location."""
_BETWEEN = re.compile(rb'","(?!")')
_FIELD = re.compile(rb'(?:"([^"]*(?:""[^"]*)*)"?|([^,\n]*))(?:,|\n|\Z)')


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

    def events(self, block: bytes) -> list[Event]:
        found: list[Event] = []
        add = found.append
        odd: list[bytes] = []
        for line in block.split(b"\n"):
            head, _, rest = line.partition(_MARK)
            body, closed, tail = rest.rpartition(_END)
            # A quote before the end's makes a pair of it, perhaps.
            if not closed or (body[-1:] == b'"' and _is_open(body)):
                odd.append(line)
                continue
            try:
                duration, _, _, kind, text = body.split(b" ", 4)
                # user_name … session_id are the same for a whole session.
                names, _, _, _, transaction, _ = head.rsplit(b",", 5)
            except ValueError:
                odd.append(line)
                continue
            if kind == b"statement:":
                kind = b"statement"
            elif kind in NAMED:
                name, _, text = text.partition(b": ")
                kind += b" " + name
            else:
                odd.append(line)
                continue
            if odd:
                found += _slowly(odd)
                odd.clear()
            parameters = b""
            if tail[:1] != b",":
                text, parameters, tail = _message_and_more(text, tail)
            time, _, who = names.partition(b",")
            add((time, who, transaction, duration, kind, text, parameters, tail))
        found += _slowly(odd)
        return found

    def plain(self, raw: bytes) -> bytes:
        return raw.replace(b'""', b'"')

    def identity(self, who: Hashable) -> Who:
        assert isinstance(who, bytes)
        fields = [_text(field) for field in (*_fields(who), *[b""] * 5)]
        return Who(fields[4], fields[0] or None, fields[1] or None)

    def origin(self, origin: bytes) -> Origin:
        fields = [_text(field) for field in _fields(origin.removeprefix(b","))]
        query_id = fields[3] if len(fields) > 3 else ""
        number = int(query_id) if query_id.lstrip("-").isdigit() else 0
        return Origin(fields[0] or None, number or None)


def _message_and_more(text: bytes, tail: bytes) -> tuple[bytes, bytes, bytes]:
    """Message, detail and tail where empty fields follow one that may be the detail, or else the
    message itself: then the tail begins with a location (log_error_verbosity)."""
    message, between, detail = text.partition(b'","')
    if detail[:1] != b'"' and between:
        return message, detail, tail
    # Quotes of the message around a comma are doubled, those of two fields are not.
    between_fields = _BETWEEN.search(text)
    if between_fields is not None:
        return text[: between_fields.start()], text[between_fields.end() :], tail
    location = _FIELD.match(tail)
    return text, b"", tail if location is None else tail[location.end() :]


def _is_open(body: bytes) -> bool:
    """Does an odd number of quotes stand at the end?"""
    return (len(body) - len(body.rstrip(b'"'))) & 1 == 1


def _slowly(lines: list[bytes]) -> list[Event]:
    """What is no statement on a line of its own."""
    found: list[Event] = []
    for time, who, transaction, duration, kind, rest in _ENTRY.findall(b"\n".join(lines) + b"\n"):
        parameters = b""
        text, closed, tail = rest.rpartition(_END)
        if not kind:
            part = _PART.match(rest)
            if part is None:
                found += _others(time, who, rest)
                continue
            duration, kind = part[1] or b"", part[2] or part[3] or b""
            text, parameters, tail = _by_quotes(rest[part.end() :])
        elif not closed or _is_open(text):
            text, parameters, tail = _by_quotes(rest)
        elif tail[:1] != b",":
            text, parameters, tail = _message_and_more(text, tail)
        found.append((time, who, transaction, duration, kind, text, parameters, tail))
    return found


def _others(time: bytes, who: bytes, rest: bytes) -> Iterator[Event]:
    """Entries that are no statements; `rest` begins at the severity."""
    fields = _fields(rest)
    if len(fields) < 10:
        return  # a record that was cut, or of another kind
    severity, sqlstate, message, detail = (_text(field) for field in fields[:4])
    yield Entry(time, who, severity, message, sqlstate, detail, fields[8])


def _by_quotes(rest: bytes) -> tuple[bytes, bytes, bytes]:
    """Message, detail and tail of any record; `rest` begins in the message."""
    position, ends = 0, []
    for match in _FIELD.finditer(b'"' + rest):
        ends.append(match.end())
        if len(ends) == 9:
            position = match.end() - 1
            break
    fields = _raw_fields(b'"' + rest)
    if len(fields) < 10:
        return rest, b"", b""
    return fields[0], fields[1], rest[position:]


def _fields(record: bytes) -> list[bytes]:
    return [field.replace(b'""', b'"') for field in _raw_fields(record)]


def _raw_fields(record: bytes) -> list[bytes]:
    return [match[2] if match[1] is None else match[1] for match in _FIELD.finditer(record)]


def _text(field: bytes) -> str:
    return field.decode(errors="replace")
