"""A server's log that syslog, journald or a container's runtime wrote down is read as its own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from dbwright.engines.postgresql.logs import LogReading, files, read_log
from dbwright.engines.postgresql.logs.wrapping import wrapping_of
from servers.logs import Traffic

ENTRY = re.compile(r"^\S+ \S+ \S+ \[(\d+)\] .*?(?:LOG|ERROR|FATAL):  ")
LIMIT = 900


def _parts(message: str) -> Iterator[str]:
    """As the server cuts a message for syslog (write_syslog)."""
    for line in message.split("\n"):
        rest = line
        while len(rest) > LIMIT:
            at = rest.rfind(" ", 1, LIMIT)
            at = at if at > 0 else LIMIT
            yield rest[:at]
            rest = rest[at:]
        yield rest


def _messages(text: str) -> Iterator[tuple[str, str]]:
    """Each message of a stderr log, with its process."""
    open_lines: list[str] = []
    process = ""
    for line in text.rstrip("\n").split("\n"):
        match = ENTRY.match(line)
        if match is not None and open_lines:
            yield process, "\n".join(open_lines)
            open_lines = []
        process = match[1] if match is not None else process
        open_lines.append(line)
    yield process, "\n".join(open_lines)


def _syslog(text: str, head: str, *, bare: bool = False) -> str:
    """Two messages at a time, with their lines in turn."""
    numbers = count(1)
    wrapped = []
    for process, message in _messages(text):
        number = next(numbers)
        shown = re.sub(r"(?m)^[^\t]*?(?=[A-Z]+:  )", "", message) if bare else message
        wrapped.append(
            [
                f"{head}postgres[{process}]: [{number}-{part}] " + line.replace("\t", "#011")
                for part, line in enumerate(_parts(shown), 1)
            ]
        )
    lines: list[str] = []
    while wrapped:
        one = wrapped.pop(0)
        other = wrapped.pop(0) if wrapped and _pid(wrapped[0][0]) != _pid(one[0]) else []
        for place in range(max(len(one), len(other))):
            lines += one[place : place + 1] + other[place : place + 1]
    return "\n".join(lines) + "\n"


def _pid(line: str) -> str:
    return line.partition("postgres[")[2].partition("]")[0]


def _each_line(head: str) -> Callable[[str], str]:
    return lambda text: "".join(f"{head}{line}\n" for line in text.rstrip("\n").split("\n"))


def _cut(text: str) -> str:
    """As containerd does with long lines."""
    stamp = "2026-11-23T07:26:23.123456789Z stderr"
    lines = []
    for line in text.rstrip("\n").split("\n"):
        pieces = [line[at : at + 60] for at in range(0, len(line), 60)] or [""]
        lines += [f"{stamp} P {piece}" for piece in pieces[:-1]] + [f"{stamp} F {pieces[-1]}"]
    return "\n".join(lines) + "\n"


def _docker(text: str) -> str:
    lines = text.rstrip("\n").split("\n")
    pieces = [piece for line in lines for piece in (line[:50], line[50:] + "\n")]
    return "".join(
        json.dumps({"log": piece, "stream": "stderr", "time": "x"}, separators=(",", ":")) + "\n"
        for piece in pieces
    )


WRAPPED: dict[str, Callable[[str], str]] = {
    "syslog": lambda text: _syslog(text, "Nov  3 07:26:23 db1 "),
    "syslog with its own time": lambda text: _syslog(text, "2026-11-23T07:26:23.5+01:00 db1 "),
    "journald": _each_line("Nov 23 07:26:23 db1 postgres[812]: "),
    "docker compose": _each_line("shop-db-1  | "),
    "heroku": _each_line("2026-11-23T07:26:23.12+00:00 app[postgres.77]: [DATABASE] "),
    "containerd": _cut,
    "docker": _docker,
}


def _figures(reading: LogReading) -> list[tuple[object, ...]]:
    return sorted(
        (q.fingerprint, q.text, q.calls, q.total_seconds, q.user, q.database)
        for q in reading.workload.queries
    )


@pytest.mark.parametrize("logged", [18], indirect=True)
@pytest.mark.parametrize("kind", WRAPPED)
def test_it_is_read_as_the_server_s_own(kind: str, logged: Traffic, tmp_path: Path) -> None:
    own = read_log(logged.log("log"))
    path = tmp_path / "messages"
    path.write_text(WRAPPED[kind](logged.log("log").read_text()), encoding="utf-8")
    found = read_log(path)
    assert _figures(found) == _figures(own)
    assert found.counts == own.counts
    assert found.conversation.sessions == own.conversation.sessions


def test_syslog_tells_the_process_where_the_server_does_not(
    logged: Traffic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BLOCK", 512)
    own = read_log(logged.log("log"))
    path = tmp_path / "syslog"
    text = _syslog(logged.log("log").read_text(), "Nov 23 07:26:23 db1 ", bare=True)
    path.write_text(text, encoding="utf-8")
    found = read_log(path)
    assert [figures[:4] for figures in _figures(found)] == [row[:4] for row in _figures(own)]
    assert found.conversation.sessions == own.conversation.sessions
    assert not [each for each in found.skipped if each.part == "log.sessions"]


def test_a_long_line_is_put_together_again_and_lines_stay_lines() -> None:
    long = "SELECT " + ", ".join(f"column_{n}" for n in range(300)) + " FROM t"
    message = f"LOG:  duration: 1.000 ms  statement: {long}\n\tWHERE a = 1\nDETAIL:  x"
    lines = [
        f"Nov 23 07:26:23 h postgres[7]: [1-{n}] {part}"
        for n, part in enumerate(_parts(message), 1)
    ]
    wrapping = wrapping_of("\n".join(lines).encode(), datetime(2027, 1, 2, tzinfo=UTC))
    assert wrapping is not None
    whole = wrapping.taken("\n".join(lines).encode()) + wrapping.rest()
    assert whole.decode() == message + "\n"
    with_heads = wrapping.anew(heads=True)
    found = with_heads.taken(("\n".join(lines) + "\n").encode()) + with_heads.rest()
    head = "2026-11-23 07:26:23.000 UTC [7] "
    assert found.decode() == head + message.replace("DETAIL", f"{head}DETAIL") + "\n"


def test_the_server_s_own_lines_are_in_no_wrapping(logged: Traffic) -> None:
    for ending in logged.endings:
        assert wrapping_of(logged.log(ending).read_bytes(), datetime.now(UTC)) is None
