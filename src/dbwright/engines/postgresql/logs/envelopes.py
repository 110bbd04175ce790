"""Entries of a server's log in the JSON objects of who runs it: an operator, a cloud, a collector.

- CloudNativePG: `{"logger":"postgres","record":{"log_time":…}}`, with csvlog's columns by name
- Google Cloud: `{"textPayload":"[7]: [1-1] db=a,user=b LOG:  …","timestamp":…}`
- Azure: `{"properties":{"message":"…LOG:  …","detail":…}}`, also `{"records":[…]}`
- collectors of logs: `{"log":…}`, `{"message":…}`, and Amazon's `{"events":[…]}`

One object a line, or printed over several lines, or in an array. What comes out is what the server
would have written: jsonlog for CloudNativePG, else lines with log_line_prefix.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["Envelopes"]

NAMES = {
    "log_time": "timestamp", "user_name": "user", "database_name": "dbname", "process_id": "pid",
    "connection_from": "remote_host", "session_id": "session_id", "session_line_num": "line_num",
    "command_tag": "ps", "session_start_time": "session_start",
    "virtual_transaction_id": "vxid", "transaction_id": "txid",
    "error_severity": "error_severity", "sql_state_code": "state_code", "message": "message",
    "detail": "detail", "hint": "hint", "internal_query": "internal_query", "context": "context",
    "query": "statement", "application_name": "application_name",
    "backend_type": "backend_type", "query_id": "query_id",
}  # fmt: skip
"""Columns of csvlog, and what jsonlog calls them, in its order."""
COLUMNS = tuple(NAMES.items())
ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
DECODE = json.JSONDecoder(strict=False).decode
NUMBERS = ("pid", "line_num", "txid", "query_id")
TAGS = {"detail": "DETAIL", "hint": "HINT", "context": "CONTEXT", "statement": "STATEMENT"}
"""Of what belongs to an entry, where an object has it apart."""
LISTS = ("records", "events", "entries")
TEXTS = ("textPayload", "log", "message", "msg")
LOOKED_AT = 2_000
"""Lines of the beginning."""
LONGEST = 100_000
"""Lines of one object; what is longer is no log."""
_TAG = re.compile(r"(?:LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG\d?):  ")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,3})\d*)?")
HEAD = re.compile(rb'[^{\n]{1,200}(?=\{"level":")')
"""What `kubectl logs --prefix --timestamps` and stern write in front of CloudNativePG's objects."""
EDGES = b"[], \t\r"
"""Of the objects in an array that is printed over several lines."""


class Envelopes:
    """Takes objects in pieces of any size, and gives the server's entries."""

    def __init__(self) -> None:
        self._rest = b""
        self._open: list[bytes] = []
        """Lines of an object that goes on."""
        self._indent = 0

    @classmethod
    def around(cls, sample: bytes) -> Envelopes | None:
        """For a file that begins so; None where its lines are no such objects."""
        begins = sample.lstrip(b"\xef\xbb\xbf \t\r\n")
        if begins[:1] not in (b"{", b"[") and HEAD.match(begins) is None:
            return None
        lines = b"\n".join(sample.split(b"\n")[:LOOKED_AT])
        return cls() if cls().taken(lines + b"\n") else None

    def taken(self, chunk: bytes) -> bytes:
        """The entries of the objects that are whole."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        found = [entry for line in lines for each in self._objects(line) for entry in _said(each)]
        return "".join(f"{entry}\n" for entry in found).encode(errors="replace")

    def rest(self) -> bytes:
        """What is left at the end of the file."""
        return self.taken(b"\n") if self._rest else b""

    def _objects(self, line: bytes) -> Iterator[Any]:
        """The objects that end in a line."""
        head = HEAD.match(line)
        line = line[head.end() :] if head is not None else line
        if line[:1] == b"{":
            self._open = []  # whatever was open was cut off
        bare = line.strip(EDGES)
        if self._open:
            self._open.append(line)
            if bare == b"}" and len(line) - len(line.lstrip()) <= self._indent:
                yield from _parsed(b"\n".join((*self._open[:-1], b"}")))
                self._open = []
            elif len(self._open) > LONGEST:
                self._open = []
        elif bare == b"{":
            self._open = [bare]
            self._indent = line.index(b"{") if line.lstrip()[:1] == b"{" else 0
        elif bare.startswith(b"{"):
            yield from _parsed(bare)


def _parsed(text: bytes) -> list[Any]:
    """One object, or those of an array that stands on one line."""
    try:
        found: list[Any] = DECODE(f"[{text.decode(errors='replace')}]")
    except (ValueError, RecursionError):
        return []  # cut off: an entry less
    return found


def _said(found: Any) -> Iterator[str]:
    """The server's entries in one object."""
    if not isinstance(found, Mapping) or "error_severity" in found:  # the server's own jsonlog
        return
    for name in LISTS:
        if isinstance(found.get(name), list):
            for each in found[name]:
                yield from _said(each)
            return
    inner = found.get("jsonPayload")
    if isinstance(inner, Mapping):
        yield from _said(inner)
        return
    record, properties = found.get("record"), found.get("properties")
    if isinstance(record, Mapping) and "log_time" in record:
        yield _jsonlog(record)
    elif isinstance(properties, Mapping) and isinstance(properties.get("message"), str):
        yield from _azure(properties)
    else:
        text = next((found[name] for name in TEXTS if isinstance(found.get(name), str)), "")
        if text.strip():
            yield _timed(text.rstrip("\n"), found)


def _jsonlog(record: Mapping[str, Any]) -> str:
    """As the server itself would have written it. Empty columns are left out there."""
    get = record.get
    line = {name: value for column, name in COLUMNS if (value := get(column))}
    for name in NUMBERS:
        value = line.get(name)
        if type(value) is str and value.lstrip("-").isdigit():
            line[name] = int(value)
    return ENCODE(line)


def _azure(properties: Mapping[str, Any]) -> Iterator[str]:
    """A message with its prefix in front of it, or apart; its details are always apart."""
    message = str(properties["message"])
    tag = _TAG.search(message)
    if tag is None or "prefix" in properties:
        level = properties.get("errorLevel", "LOG")
        prefix = str(properties.get("prefix", ""))
        message = f"{prefix}{level}:  {message}"
    else:
        prefix = message[: tag.start()]
    yield _indented(message)
    for name, word in TAGS.items():
        value = properties.get(name)
        if isinstance(value, str) and value:
            yield _indented(f"{prefix}{word}:  {value}")


def _timed(text: str, found: Mapping[str, Any]) -> str:
    """With the object's time, where the server's prefix has none."""
    match = None if text.startswith("\t") else _TIME.match(str(found.get("timestamp", "")))
    if match is None or "textPayload" not in found or _TIME.match(text):
        return _indented(text)
    day, clock, part = match[1], match[2], (match[3] or "").ljust(3, "0")
    return _indented(f"{day} {clock}.{part} UTC {text}")


def _indented(text: str) -> str:
    """Further lines of an entry begin with a tab."""
    return re.sub(r"\r?\n(?!\t)", "\n\t", text) if "\n" in text else text
