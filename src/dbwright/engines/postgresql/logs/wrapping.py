"""Lines of a server's log that something else wrote down: syslog, journald, a container's runtime.

Each of their lines begins with something of their own, and an entry of several lines has it on each
of them (`Nov 23 07:26:23 db1 postgres[7]: [5-2] #011FROM t`). It is taken off, and the lines of one
process are put together again: others' may stand between them. What is left is what the server
wrote, and is read as such.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import NamedTuple

__all__ = ["WRAPPED_PREFIX", "Wrapping", "wrapping_of"]

WRAPPED_PREFIX = "%m [%p] "
"""What is written in front of entries that do not say themselves which process they are of."""


_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_ISO = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)"
_KINDS = (
    # syslog, journald (without the server's own numbers) and what Heroku makes of it
    re.compile(
        rb"(?:<\d+>)?(?P<time>(?:"
        + b"|".join(_MONTHS)
        + rb") [ \d]\d \d\d:\d\d:\d\d|"
        + _ISO
        + rb")"
        rb" (?:[^\s\[\]]+ )?"
        rb"(?P<who>[^\s\[\]:]+\[[^\s\[\]]*\]): (?:\[[A-Z_]+\] )?(?:\[\d+-(?P<part>\d+)\] )?"
    ),
    # containerd, as below /var/log/pods: P is a line's part, which the next one completes
    re.compile(rb"(?P<time>" + _ISO + rb") std(?:out|err) (?P<cut>[FP]) "),
    # Docker's json-file
    re.compile(rb'(?P<json>\{"log":")'),
    # docker compose
    re.compile(rb"(?P<who>[\w.-]{1,60}) +\| "),
)
_PROCESS = re.compile(rb"\[(\d+)\]$")
_NOT_THE_SERVER_S = (b"systemd[", b"kernel[", b"sshd[", b"CRON[")
ENOUGH = 0.9
"""Of the lines that begin so. (A longer entry of the server may follow without.)"""
_PATIENCE = 300
"""Lines after which an entry gets no more of its own."""
_LONGEST_PART = 900
"""Bytes that the server gives to syslog at a time."""
_TAB = b"#011"
"""What rsyslog writes for a tab."""


def wrapping_of(sample: bytes, written: datetime) -> Wrapping | None:
    """How the lines of a file that begins with `sample` are wrapped, if they are; `written`: when
    the file was written last, for syslog leaves the year out."""
    lines = [line for line in sample.split(b"\n")[:2000] if line.strip()]
    for kind in _KINDS:
        matches = [match for match in map(kind.match, lines) if match is not None]
        if len(matches) >= ENOUGH * len(lines) and len(matches) > 1:
            processes = {match["who"] for match in matches} if "part" in kind.groupindex else set()
            numbered = all(_PROCESS.search(each) for each in processes)
            # One for all lines is a service's, not a session's.
            return Wrapping(kind, written, names_processes=numbered and len(processes) > 1)
    return None


class _Line(NamedTuple):
    """One line, taken apart."""

    who: bytes
    time: bytes
    continues: bool
    is_cut: bool
    """Does the next one go on where it ends?"""
    text: bytes


class Wrapping:
    """Takes wrapped lines in pieces of any size, and gives the server's."""

    def __init__(
        self,
        kind: re.Pattern[bytes],
        written: datetime,
        *,
        names_processes: bool,
        heads: bool = False,
    ) -> None:
        self.names_processes = names_processes
        """Do the lines say which of the server's processes they are of?"""
        self._kind, self._written, self._heads = kind, written, heads
        self._rest = b""
        self._count = 0
        self._open: dict[bytes, tuple[int, list[bytes]]] = {}
        """By process: where the last line of its entry was, and the entry so far."""
        self._is_cut = False

    def anew(self, *, heads: bool) -> Wrapping:
        """Another one for the beginning of the file. `heads`: write the time and the process in
        front of each entry, for the server did not."""
        return Wrapping(
            self._kind, self._written, names_processes=self.names_processes, heads=heads
        )

    def taken(self, chunk: bytes) -> bytes:
        """Entries that are whole as far as can be told."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        found: list[bytes] = []
        for line in lines:
            self._count += 1
            self._take(line, found)
        for who, (at, parts) in list(self._open.items()):
            if self._count - at > _PATIENCE:
                found.append(b"".join(parts))
                del self._open[who]
        return b"".join(entry + b"\n" for entry in found)

    def rest(self) -> bytes:
        """What is left at the end of the file."""
        found = self.taken(b"\n" if self._rest else b"")
        entries = [b"".join(parts) + b"\n" for _, parts in self._open.values()]
        self._open.clear()
        return found + b"".join(entries)

    def _take(self, raw: bytes, found: list[bytes]) -> None:
        line = self._apart(raw)
        if line is None:
            return
        known = self._open.get(line.who)
        # A DETAIL has a head of its own.
        is_headed = self._heads and line.time and not line.text.startswith(b"\t")
        head = self._head(line) if is_headed else b""
        if known is not None and (line.continues or self._is_cut):
            parts = known[1]
            whole = self._is_cut or _is_one_line(parts[-1], line.text)
            parts.append(line.text if whole else b"\n" + head + line.text)
            self._open[line.who] = self._count, parts
        else:
            if known is not None:
                found.append(b"".join(known[1]))
                del self._open[line.who]  # the new one stands behind all others
            self._open[line.who] = self._count, [head + line.text]
        self._is_cut = line.is_cut

    def _apart(self, raw: bytes) -> _Line | None:
        match = self._kind.match(raw)
        if match is None:
            # A line end that was written down as it is: the line goes on.
            return _Line(next(reversed(self._open), b""), b"", True, False, raw)
        found = match.groupdict()
        if "json" in found:
            return _of_json(raw)
        who = found.get("who") or b""
        if who.startswith(_NOT_THE_SERVER_S):
            return None
        text = raw[match.end() :].replace(_TAB, b"\t")
        continues = text.startswith(b"\t") or found.get("part") not in (None, b"1")
        return _Line(who, found.get("time") or b"", continues, found.get("cut") == b"P", text)

    def _head(self, line: _Line) -> bytes:
        process = _PROCESS.search(line.who)
        return b"%s [%s] " % (self._time(line.time), process[1] if process else b"0")

    def _time(self, time: bytes) -> bytes:
        """As the server writes it."""
        if b"T" in time[:11]:
            zone = b"+00" if time.endswith(b"Z") else time[-6:]
            return b"%s %s.%s %s" % (time[:10], time[11:19], _milliseconds(time), zone)
        month = _MONTHS.index(time[:3]) + 1
        day, clock = int(time[4:6]), time[7:]
        later = (month, day) > (self._written.month, self._written.day)
        return b"%04d-%02d-%02d %s.000 UTC" % (self._written.year - later, month, day, clock)


def _of_json(raw: bytes) -> _Line | None:
    """`{"log":"a line\\n","stream":"stderr","time":"…"}`; a part of a line has no line end."""
    try:
        text = str(json.loads(raw)["log"]).encode(errors="replace")
    except (ValueError, KeyError):
        return None  # cut off
    whole = text.removesuffix(b"\n").removesuffix(b"\r")
    return _Line(b"", b"", text.startswith(b"\t"), not text.endswith(b"\n"), whole)


def _is_one_line(text: bytes, following: bytes) -> bool:
    """Did the server cut a long line for syslog, rather than begin another one? It cuts before the
    last space that fits."""
    at_space = len(text) > _LONGEST_PART // 2 and following.startswith(b" ")
    return at_space or len(text) > _LONGEST_PART - 4


def _milliseconds(time: bytes) -> bytes:
    digits = re.match(rb"\d+", time[20:]) if time[19:20] in (b".", b",") else None
    return (digits[0] if digits else b"")[:3].ljust(3, b"0")
