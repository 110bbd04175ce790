"""jsonlog: one JSON object a line (manual, Using JSON-Format Log Output), version 15 and later.

The server writes the keys in one order. Statements with their durations are cut out of their lines
by that; what looks otherwise is read as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator
from typing import Any

from dbwright.engines.postgresql.logs.events import NAMED, Entry, Event, Origin, Who
from dbwright.engines.postgresql.logs.plans import NESTED, is_nested

__all__ = ["JsonFormat"]

_MESSAGE = re.compile(
    r"(?=duration: [0-9]|(?:statement|execute |parse |bind )[^:\n]*: )"
    r"(?:duration: ([0-9]+\.[0-9]+) ms(?:  )?)?"
    r"(?:((?:statement|execute |parse |bind |plan)[^:\n]*):[ \n])?"
)


_MARK = b',"message":"duration: '
"""Within a value a quote has a backslash before it: this can only stand between values."""
_NAMES_END = b',"line_num":'
_TRANSACTION = b',"vxid":"'
_APPLICATION = b"application_name"
_DETAIL = b'detail":"'
_QUERY = b',"query_id":'
_TIME = b'{"timestamp":"'
_MOST_HEADS = 50_000


class JsonFormat:
    name = "jsonlog"
    has_transactions = True
    unread = 0

    def __init__(self) -> None:
        self._known: dict[bytes, Hashable] = {}
        """The bytes that are the same for a whole session, and whose they are."""
        self._time_ends = 0

    def last_start(self, block: bytes) -> int:
        return block.rfind(b"\n") + 1

    def events(self, block: bytes) -> list[Event]:
        found: list[Event] = []
        add = found.append
        odd: list[bytes] = []
        known, time_ends, before_time = self._known, self._time_ends, len(_TIME)
        for line in block.split(b"\n"):
            head, _, rest = line.partition(_MARK)
            text, _, tail = rest.partition(b'","')
            parameters = b""
            if tail.startswith(_DETAIL):
                parameters, _, tail = tail[len(_DETAIL) :].partition(b'","')
            application, quoted, query = tail.rpartition(_QUERY)
            # After a backslash the quote is one of the text.
            if not quoted or text[-1:] == b"\\" or parameters[-1:] == b"\\":
                odd.append(line)
                continue
            try:
                duration, _, _, kind, text = text.split(b" ", 4)
            except ValueError:
                odd.append(line)
                continue
            names, _, more = head.partition(_NAMES_END)
            who = known.get(names[time_ends:] + application)
            if who is None:
                who = self._read(line, names, application)
                if who is None:
                    odd.append(line)
                    continue
                time_ends = self._time_ends
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
            transaction = more.partition(_TRANSACTION)[2].partition(b'"')[0]
            time = names[before_time:time_ends]
            add((time, who, transaction, duration, kind, text, parameters, query[:-1]))
        found += _slowly(odd)
        return found

    def _read(self, line: bytes, names: bytes, application: bytes) -> Hashable | None:
        """Whose a line is whose like was not seen before; None where it is not as expected."""
        found = _object(line.decode(errors="replace"))
        if not isinstance(found, dict) or not application.startswith(_APPLICATION):
            return None
        time = _TIME + _raw(found, "timestamp")
        self._time_ends = self._time_ends or len(time)
        if len(time) != self._time_ends or not names.startswith(time + b'",'):
            return None
        if len(self._known) > _MOST_HEADS:
            self._known.clear()
        who = self._known[names[len(time) :] + application] = _who(found)
        return who

    def plain(self, raw: bytes) -> bytes:
        if b"\\" not in raw:
            return raw
        found = _object(f'"{raw.decode(errors="replace")}"')
        return raw if found is None else str(found).encode(errors="replace")

    def identity(self, who: Hashable) -> Who:
        assert isinstance(who, tuple)
        return Who(who[0] or "", *who[1:])

    def origin(self, origin: bytes) -> Origin:
        number = int(origin) if origin.lstrip(b"-").isdigit() else 0
        return Origin(None, number or None)


def _slowly(lines: list[bytes]) -> Iterator[Event]:
    """What is no statement with its duration, or not written as expected."""
    # Not splitlines: statements may hold what Unicode calls the end of a line.
    for found in _objects([line.decode(errors="replace") for line in lines if line]):
        if not isinstance(found, dict):
            continue
        message, stamp = found.get("message"), found.get("timestamp")
        if not isinstance(message, str) or not isinstance(stamp, str):
            continue  # an entry without a message, or a line that is no entry
        time = stamp.encode(errors="replace")
        match = _MESSAGE.match(message)
        if match is None:
            yield _other(found, time, message)
            continue
        duration, kind = match.groups("")
        if kind == "plan" and is_nested(str(found.get("context", ""))):
            kind = NESTED.decode()
        yield (
            time,
            _who(found),
            _raw(found, "vxid"),
            duration.encode(),
            kind.encode(errors="replace"),
            _quoted(message[match.end() :]),
            _raw(found, "detail"),
            b"%d" % found.get("query_id", 0),
        )


def _who(found: dict[str, Any]) -> Hashable:
    get = found.get
    return get("session_id"), get("user"), get("dbname"), get("application_name")


def _raw(found: dict[str, Any], key: str) -> bytes:
    """A value in the log's own quoting; empty where there is none."""
    return _quoted(found.get(key, ""))


def _quoted(text: str) -> bytes:
    return json.dumps(text, ensure_ascii=False)[1:-1].encode(errors="replace")


def _objects(lines: list[str]) -> list[Any]:
    """All lines at once, which is quicker; one by one where a line is broken."""
    try:
        found: list[Any] = json.loads(f"[{','.join(lines)}]", strict=False)
        return found
    except (ValueError, RecursionError):
        return [entry for line in lines if (entry := _object(line)) is not None]


def _object(line: str) -> Any:
    try:
        return json.loads(line, strict=False)
    except (ValueError, RecursionError):
        return None  # cut off: an entry less, as at the end of any log


def _other(found: dict[str, Any], time: bytes, message: str) -> Entry:
    return Entry(
        time=time,
        who=_who(found),
        severity=found.get("error_severity", ""),
        message=message,
        sqlstate=found.get("state_code", ""),
        detail=found.get("detail", ""),
        statement=found.get("statement", "").encode(),
    )
