"""jsonlog: one JSON object a line (manual, Using JSON-Format Log Output), version 15 and later."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator
from typing import Any

from dbwright.engines.postgresql.logs.events import Entry, Event, Origin, Who

__all__ = ["JsonFormat"]

_MESSAGE = re.compile(
    r"(?=duration: [0-9]|(?:statement|execute |parse |bind )[^:\n]*: )"
    r"(?:duration: ([0-9]+\.[0-9]+) ms(?:  )?)?"
    r"(?:((?:statement|execute |parse |bind |plan)[^:\n]*):[ \n])?"
)


class JsonFormat:
    name = "jsonlog"
    has_transactions = True

    def last_start(self, block: bytes) -> int:
        return block.rfind(b"\n") + 1

    def events(self, block: bytes) -> Iterator[Event]:
        # Not splitlines: statements may hold what Unicode calls the end of a line.
        lines = [line for line in block.decode(errors="replace").split("\n") if line]
        for found in _objects(lines):
            if not isinstance(found, dict):
                continue
            get = found.get
            message, stamp = get("message"), get("timestamp")
            if not isinstance(message, str) or not isinstance(stamp, str):
                continue  # an entry without a message, or a line that is no entry
            time = stamp.encode()
            who = (get("session_id"), get("user"), get("dbname"), get("application_name"))
            match = _MESSAGE.match(message)
            if match is None:
                yield _other(found, time, who, message)
                continue
            duration, kind = match.groups("")
            yield (
                time,
                who,
                get("vxid", "").encode(),
                duration.encode(),
                kind.encode(),
                message[match.end() :].encode(),
                get("detail", "").encode(),
                b"%d" % get("query_id", 0),
            )

    def identity(self, who: Hashable) -> Who:
        assert isinstance(who, tuple)
        return Who(who[0] or "", *who[1:])

    def origin(self, origin: bytes) -> Origin:
        return Origin(None, int(origin) or None)


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


def _other(found: dict[str, Any], time: bytes, who: Hashable, message: str) -> Entry:
    return Entry(
        time=time,
        who=who,
        severity=found.get("error_severity", ""),
        message=message,
        sqlstate=found.get("state_code", ""),
        detail=found.get("detail", ""),
        statement=found.get("statement", "").encode(),
    )
