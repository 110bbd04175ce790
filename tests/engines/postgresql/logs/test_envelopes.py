"""Logs as operators, clouds and collectors give them: what is read is what the server's own log says.

The forms are those of CloudNativePG's, Google's, Azure's and Amazon's public documentation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from dbwright.engines.postgresql.logs import LogReading, read_log
from dbwright.engines.postgresql.logs.envelopes import Envelopes

FIRST = "SELECT id FROM orders\n\tWHERE note = 'it''s {\"a\": [1]}' AND customer = {n}"
SECOND = "UPDATE orders SET state = $1 WHERE id = $2"
ENTRIES = [
    *(("LOG", f"duration: {n}.250 ms  statement: {FIRST.replace('{n}', str(n))}", "") for n in range(9)),
    *(
        ("LOG", f"duration: 1.500 ms  execute S_1: {SECOND}", f"Parameters: $1 = 'pa''id', $2 = '{n}'")
        for n in range(5)
    ),
    ("ERROR", 'relation "nope" does not exist', ""),
]  # fmt: skip


def _time(number: int, separator: str = " ") -> str:
    return f"2025-12-09{separator}00:32:{number:02d}.822"


def _server_s(head: str) -> list[list[str]]:
    """The lines of each entry; `head` is the prefix with `{time}` and `{line}`."""
    found = []
    for number, (tag, message, detail) in enumerate(ENTRIES):
        prefix = head.replace("{time}", _time(number)).replace("{line}", str(number))
        lines = [f"{prefix}{tag}:  {message}"]
        lines += [f"{prefix}DETAIL:  {detail}"] if detail else []
        lines += [f"{prefix}STATEMENT:  SELECT * FROM nope"] if tag == "ERROR" else []
        found.append(lines)
    return found


LONG = "{time} UTC [4003]: [{line}-1] db=shop,user=ann "
SHORT = "[4003]: [{line}-1] db=shop,user=ann "
AMAZON = "{time} UTC:10.0.0.7(4711):ann@shop:[4003]:"


def _cloudnativepg() -> Iterable[dict[str, Any]]:
    yield {"level": "info", "ts": "2025-12-09T00:32:00Z", "msg": "starting", "logger": "setup"}
    for number, (tag, message, detail) in enumerate(ENTRIES):
        record = {
            "log_time": f"{_time(number)} UTC", "user_name": "ann", "database_name": "shop",
            "process_id": "4003", "connection_from": "[local]", "session_id": "69376dbf.fa3",
            "session_line_num": str(number), "command_tag": "SELECT",
            "session_start_time": "2025-12-09 00:30:55 UTC", "virtual_transaction_id": "2/81",
            "transaction_id": "0", "error_severity": tag, "sql_state_code": "00000",
            "message": message.replace("\n\t", "\n"), "detail": detail, "hint": "", "context": "",
            "query": "SELECT * FROM nope" if tag == "ERROR" else "", "application_name": "app",
            "backend_type": "client backend", "query_id": "-42",
        }  # fmt: skip
        yield {
            "level": "info",
            "ts": "2025-12-09T00:32:20.8Z",
            "logger": "postgres",
            "msg": "record",
            "logging_pod": "cluster-1",
            "record": record,
        }


def _google(head: str) -> Iterable[dict[str, Any]]:
    for number, lines in enumerate(_server_s(head)):
        for line in lines:
            yield {
                "insertId": f"s={number}",
                "logName": "projects/a/logs/cloudsql.googleapis.com%2Fpostgres.log",
                "textPayload": line.replace("\n\t", "\n"),
                "timestamp": f"{_time(number, 'T')}622Z",
            }


def _azure() -> Iterable[dict[str, Any]]:
    for (_, _, detail), (first, *more) in zip(ENTRIES, _server_s(LONG), strict=True):
        properties = {
            "timestamp": "2025-12-09 00:32:20.450 UTC",
            "processId": 4003,
            "errorLevel": "LOG",
            "message": first.replace("\n\t", "\n"),
        }
        properties |= {"detail": detail} if detail else {}
        properties |= {"statement": "SELECT * FROM nope"} if more and not detail else {}
        yield {
            "properties": properties,
            "time": "2025-12-09T00:32:20Z",
            "category": "PostgreSQLLogs",
        }


def _lines(objects: Iterable[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(each, separators=(',', ':'))}\n" for each in objects)


def _told(lines: list[list[str]], key: str) -> Iterable[dict[str, Any]]:
    """A collector's, which knows of lines alone."""
    for each in lines:
        for line in "\n".join(each).split("\n"):
            yield {"kubernetes": {"pod": "db-1"}, key: line, "stream": "stderr"}


def _plain(lines: list[list[str]], head: str = "") -> str:
    return "".join(f"{head}{line}\n" for each in lines for line in each)


FORMS: dict[str, Callable[[], str]] = {
    "cloudnativepg": lambda: _lines(_cloudnativepg()),
    "cloudnativepg below containerd": lambda: "".join(
        f"2025-12-09T00:32:20.8Z stdout F {line}\n"
        for line in _lines(_cloudnativepg()).splitlines()
    ),
    "cloudnativepg, by kubectl": lambda: "".join(
        f"[pod/cluster-1/postgres] 2025-12-09T00:32:20.8Z {line}\n"
        for line in _lines(_cloudnativepg()).splitlines()
    ),
    "cloudnativepg below docker": lambda: "".join(
        json.dumps({"log": f"{line}\n", "stream": "stdout"}, separators=(",", ":")) + "\n"
        for line in _lines(_cloudnativepg()).splitlines()
    ),
    "cloudnativepg, collected by Google": lambda: _lines(
        {"jsonPayload": each, "timestamp": "2025-12-09T00:32:20Z"} for each in _cloudnativepg()
    ),
    "google": lambda: _lines(_google(LONG)),
    "google without times": lambda: _lines(_google(SHORT)),
    "google, printed": lambda: json.dumps(list(_google(LONG)), indent=2) + "\n",
    "google, one array": lambda: json.dumps(list(_google(LONG))),
    "azure": lambda: _lines(_azure()),
    "azure, printed": lambda: "".join(f"{json.dumps(each, indent=3)}\n" for each in _azure()),
    "azure, in records": lambda: _lines([{"records": list(_azure())}]),
    "amazon": lambda: _plain(_server_s(AMAZON.replace("{time}", "2025-12-09 00:32:20"))),
    "amazon, exported": lambda: _plain(
        _server_s(AMAZON.replace("{time}", "2025-12-09 00:32:20")), "2025-12-09T00:32:20.000Z "
    ),
    "amazon, printed": lambda: (
        json.dumps(
            {
                "events": [
                    {"timestamp": 1765240340000, "message": line}
                    for lines in _server_s(AMAZON.replace("{time}", "2025-12-09 00:32:20"))
                    for line in lines
                ]
            },
            indent=4,
        )
        + "\n"
    ),
    "a collector": lambda: _lines(_told(_server_s(LONG), "message")),
    "a collector with times": lambda: _lines(_told(_server_s(LONG), "log")),
}


def _known(reading: LogReading) -> list[tuple[Any, ...]]:
    return sorted(
        (
            q.text,
            q.calls,
            round(q.total_seconds or 0, 6),
            q.example,
            q.parameters,
            q.users,
            q.database,
        )
        for q in reading.workload.queries
    )


@pytest.mark.parametrize("form", FORMS)
def test_it_is_the_server_s_log(form: str, tmp_path: Path) -> None:
    own, wrapped = tmp_path / "own.log", tmp_path / "wrapped"
    own.write_text(_plain(_server_s(LONG)), encoding="utf-8")
    wrapped.write_text(FORMS[form](), encoding="utf-8")
    expected, found = read_log(own), read_log(wrapped)
    assert len(expected.workload.queries) == 2
    assert _known(found) == _known(expected)
    assert (sum(found.counts.errors.values()), found.skipped) == (1, expected.skipped)


def test_pieces_of_any_size() -> None:
    for form in ("cloudnativepg", "google, printed"):
        content = FORMS[form]().encode()
        whole = Envelopes()
        expected = whole.taken(content) + whole.rest()
        for size in (1, 7, 1000):
            pieces = Envelopes()
            found = b"".join(
                pieces.taken(content[at : at + size]) for at in range(0, len(content), size)
            )
            assert found + pieces.rest() == expected


def test_what_is_no_log_is_left_out(tmp_path: Path) -> None:
    broken = ["[[[[", '{"log": ["x"]}', '{"records": [5]}', "nothing", '{"a": ', "{"]
    path = tmp_path / "broken.log"
    path.write_text("\n".join(broken) + "\n" + FORMS["cloudnativepg"](), encoding="utf-8")
    assert sum(query.calls for query in read_log(path).workload.queries) == 14
    assert Envelopes.around(b'{"timestamp":"x","error_severity":"LOG","message":"y"}\n') is None
    assert Envelopes.around(b"2025-12-09 LOG:  x\n") is None
