"""jsonlog: one JSON object a line (manual, Using JSON-Format Log Output), version 15 and later.

The server writes the keys in one order. Statements with their durations are cut out of their lines
by that; what looks otherwise is read as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator
from typing import Any

from dbwright.engines.postgresql.logs.events import (
    BEGINNINGS,
    KIND,
    Cut,
    Entry,
    Event,
    Origin,
    Statement,
    Who,
)
from dbwright.engines.postgresql.logs.plans import NESTED, is_nested

__all__ = ["JsonFormat"]

_MESSAGE = re.compile(
    r"(?=duration: [0-9]|(?:statement|execute |parse |bind )[^:\n]*: )"
    r"(?:duration: ([0-9]+\.[0-9]+) ms(?:  )?)?"
    r"(?:((?:statement|execute |parse |bind |plan)[^:\n]*):[ \n])?"
)
_MARK = b',"message":"duration: '
"""Within a value a quote has a backslash before it: this can only stand between values."""
_TIME = b'{"timestamp":"'
_NAMES_END = b',"line_num":'
_TRANSACTION = b',"vxid":"'
_DETAIL = b'","detail":"'
_QUOTED = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_MOST_HEADS = 50_000


class JsonFormat:
    name = "jsonlog"
    has_transactions = True
    unread = 0

    def __init__(self) -> None:
        self._known: dict[bytes, Hashable] = {}
        """What stands between the time and line_num, and whose it is."""
        self._time_ends = 0

    def last_start(self, block: bytes) -> int:
        return block.rfind(b"\n") + 1

    def read(self, block: bytes) -> Iterator[Event]:
        known, ends, begin = self._known, self._time_ends, len(_TIME)
        odd: list[bytes] = []
        for line in block.split(b"\n"):
            head, _, rest = line.partition(_MARK)
            duration, _, said = rest.partition(b" ")
            names, _, more = head.partition(_NAMES_END)
            who = known.get(names[ends:])
            if who is None or said[:6] not in BEGINNINGS:
                who = self._whose(names, said)
                if who is None:
                    odd.append(line)
                    continue
                ends = self._time_ends
            if odd:
                yield from _slowly(odd)
                odd.clear()
            transaction = more.partition(_TRANSACTION)[2].partition(b'"')[0]
            yield names[begin:ends], who, transaction, duration, said, b""
        yield from _slowly(odd)

    def _whose(self, names: bytes, said: bytes) -> Hashable | None:
        """Whose entry it is, of which nothing was seen before; None where it is not as expected."""
        found = _object(names.decode(errors="replace") + "}")
        if said[:6] not in BEGINNINGS or not isinstance(found, dict):
            return None
        time = _TIME + _raw(found, "timestamp")
        if not names.startswith(time + b'",'):
            return None
        if len(self._known) > _MOST_HEADS:
            self._known.clear()
        self._time_ends = len(time)
        who = self._known[names[len(time) :]] = _who(found)
        return who

    @staticmethod
    def ends_field(strings: bytes) -> bool:
        if b'"' not in strings and b"\\" not in strings:
            return False
        bare = strings.replace(b"\\\\", b"").replace(b'\\"', b"")
        # Nor may a quote of the statement be written as its number.
        return b'"' in bare or b"\\'" in bare or b"\\u0027" in bare

    def cut(self, said: bytes) -> Cut | None:
        kind = KIND.match(said)
        if kind is None:
            return None
        text = _QUOTED.match(said, kind.end())
        assert text is not None  # it matches an empty one
        end = text.end()
        if said.startswith(_DETAIL, end):
            detail = _QUOTED.match(said, end + len(_DETAIL))
            assert detail is not None
            end = detail.end()
        return Cut(kind[1], kind.end(), text[0], end, end)

    def parted(self, what: bytes) -> tuple[bytes, bytes]:
        text = _QUOTED.match(what)
        assert text is not None  # it matches an empty one
        return self.plain(text[0]), self.plain(what[text.end() + len(_DETAIL) :])

    def plain(self, raw: bytes) -> bytes:
        if b"\\" not in raw:
            return raw
        found = _object(f'"{raw.decode(errors="replace")}"')
        return raw if found is None else str(found).encode(errors="replace")

    def identity(self, who: Hashable) -> Who:
        assert isinstance(who, tuple)
        return Who(who[0] or "", *who[1:])

    def origin(self, tail: bytes) -> Origin:
        found = _object('{"message":"' + tail.decode(errors="replace"))
        if not isinstance(found, dict):
            return Origin()
        application, number = found.get("application_name"), found.get("query_id")
        return Origin(
            application if isinstance(application, str) and application else None,
            number if isinstance(number, int) and number else None,
        )


def _slowly(raw_lines: list[bytes]) -> list[Event]:
    """What is no statement with its duration, or not written as expected."""
    events: list[Event] = []
    # Not splitlines: statements may hold what Unicode calls the end of a line.
    lines = [line.decode(errors="replace") for line in raw_lines if line]
    for found in _objects(lines):
        if not isinstance(found, dict):
            continue
        message, stamp = found.get("message"), found.get("timestamp")
        if not isinstance(message, str) or not isinstance(stamp, str):
            continue  # an entry without a message, or a line that is no entry
        time = stamp.encode(errors="replace")
        match = _MESSAGE.match(message)
        events.append(
            _other(found, time, message) if match is None else _statement(found, time, match)
        )
    return events


def _statement(found: dict[str, Any], time: bytes, begun: re.Match[str]) -> Statement:
    duration, kind = begun.groups("")
    if kind == "plan" and is_nested(str(found.get("context", ""))):
        kind = NESTED.decode()
    text = what = _quoted(begun.string[begun.end() :])
    if found.get("detail"):
        what += _DETAIL + _raw(found, "detail")
    names = {key: found[key] for key in ("application_name", "query_id") if key in found}
    tail = f'",{json.dumps(names)[1:]}' if names else '"}'
    return Statement(
        time=time,
        who=_who(found),
        transaction=_raw(found, "vxid"),
        duration=duration.encode(),
        kind=kind.encode(errors="replace"),
        what=what,
        text=text,
        tail=tail.encode(errors="replace"),
    )


def _who(found: dict[str, Any]) -> Hashable:
    get = found.get
    return get("session_id"), get("user"), get("dbname")


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
