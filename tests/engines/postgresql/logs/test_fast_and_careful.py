"""What is told by outlines is what is read statement by statement, whatever stands in a log."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dbwright.engines.postgresql.logs import csv_format, files, json_format, stderr_format
from dbwright.engines.postgresql.logs.collector import Collector
from dbwright.engines.postgresql.logs.csv_format import CsvFormat
from dbwright.engines.postgresql.logs.events import Format
from dbwright.engines.postgresql.logs.files import LogFile, blocks
from dbwright.engines.postgresql.logs.json_format import JsonFormat
from dbwright.engines.postgresql.logs.prefix import compiled
from dbwright.engines.postgresql.logs.queries import conversation, workload
from dbwright.engines.postgresql.logs.stderr_format import StderrFormat
from dbwright.progress import silent

NEVER = re.compile(rb"()()()()()(.*)\n")
"""Finds no rows, but lines of something else."""
QUICK: dict[str, tuple[Any, str, Any]] = {
    "csv": (csv_format, "_ROW", NEVER),
    "json": (json_format, "_MARK", b"in no log"),
    "log": (stderr_format, "_MARK", b"in no log"),
}
"""What reads statements quickly, and what in its place reads none."""


class Said(NamedTuple):
    """One entry of a log."""

    session: int
    text: str
    parameters: tuple[str | None, ...]
    kind: str
    zone: str


TEXTS = st.sampled_from(
    [
        "BEGIN",
        "COMMIT",
        "SELECT a FROM t{n} WHERE b = {n} AND c = '{s}'",
        'SELECT "t{n}"."a",\n\t"b" FROM t WHERE c IN ({n}, {n}) -- {n}',
        "SELECT '{s}', '{s}' FROM t",
        "SELECT a FROM t WHERE b = $1 AND c{n} = $2",
        "UPDATE t SET a = '{s}' WHERE b = E'it\\'s {n}' AND c = {n}",
        "SELECT $${s}$$, {n}",
        "SELECT 1 -- it's {n}",
        "SELECT 1 /* '{s}' */ FROM t{n}",
        "/* web:{n} */ SELECT a FROM t WHERE b = {n}",
        "SELECT {n}; COMMENT ON TABLE t IS '{s}'",
        "SET x = {n}",
        'SELECT "it\'s {n}", a::float({n}), U&"d!0061" UESCAPE \'!\'',
    ]
)
STRINGS = st.sampled_from(
    ["", "x", "it''s", '"', '","', '"",,,,,,,,"', "a, b", "\\", '\\"', "\n", "LOG:  duration: 1.000 ms",
     ',LOG,00000,"duration: 2', "é", "7", '","detail":"parameters: $1 = ', "*/", "--"]
)  # fmt: skip
SAID = st.builds(
    lambda session, text, n, s, parameters, kind, zone: Said(
        session, text.replace("{n}", str(n)).replace("{s}", s), tuple(parameters), kind, zone
    ),
    st.integers(1, 3),
    TEXTS,
    st.integers(0, 12),
    STRINGS,
    st.lists(st.none() | STRINGS, max_size=2),
    st.sampled_from(["statement", "statement", "execute s1", "bind s1", "error", "begun", "lone"]),
    st.sampled_from(["UTC"] * 9 + ["CEST"]),
)


def _written(said: Said, number: int, form: str) -> str:
    time = f"2026-11-23 07:00:{number % 60:02d}.000 {said.zone}"
    message = {
        "error": f'syntax error at or near "{said.text}"',
        "begun": f"statement: {said.text}",
        "lone": f"duration: {number}.250 ms",
    }.get(said.kind, f"duration: {number}.250 ms  {said.kind}: {said.text}")
    values = (
        f"${n} = " + ("NULL" if v is None else f"'{v}'") for n, v in enumerate(said.parameters, 1)
    )
    detail = f"parameters: {', '.join(values)}" if said.parameters else ""
    severity = "ERROR" if said.kind == "error" else "LOG"
    statement = said.text if said.kind == "error" else ""
    if form == "csv":
        quoted = [
            '"' + p.replace('"', '""') + '"' if p else "" for p in (message, detail, statement)
        ]
        return (
            f'{time},"app","shop",{said.session},"[local]",6a.{said.session},{number},"SELECT",'
            f"2026-11-23 07:00:00 UTC,{said.session}/7,0,{severity},00000,{quoted[0]},{quoted[1]},"
            f',,,,{quoted[2]},,,"it\'s {said.session}","client backend",,{number % 3}\n'
        )
    if form == "json":
        found = {
            "timestamp": time, "user": "app", "dbname": "shop", "pid": said.session,
            "session_id": f"6a.{said.session}", "line_num": number, "ps": "SELECT",
            "session_start": "x", "vxid": f"{said.session}/7", "txid": 0,
            "error_severity": severity, "state_code": "00000", "message": message,
            "detail": detail, "statement": statement, "application_name": "it's",
            "backend_type": "client backend", "query_id": number % 3,
        }  # fmt: skip
        kept = {key: value for key, value in found.items() if value != ""}
        return json.dumps(kept, separators=(",", ":"), ensure_ascii=False) + "\n"
    head = f"{time} [{said.session}] app@shop "
    lines = [f"{severity}:  {message}"]
    lines += [f"DETAIL:  {detail}"] if detail else []
    lines += [f"STATEMENT:  {statement}"] if statement else []
    return "".join(head + line.replace("\n", "\n\t") + "\n" for line in lines)


def _reading(path: Path, form: str) -> object:
    source: Format = {
        "csv": CsvFormat,
        "json": JsonFormat,
        "log": lambda: StderrFormat(compiled("%m [%p] %q%u@%d ")),
    }[form]()
    collector = Collector()
    size = path.stat().st_size
    file = LogFile(path, size, "", datetime.now(UTC))
    for block in blocks(file, source.last_start, silent, lambda what: None):
        collector.take(source.read(block), source)
    collector.finish()
    counts = collector.counting.counts(collector.entries, collector.statements)
    return workload(collector, ""), conversation(collector, "", True), counts


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(SAID, min_size=1, max_size=14),
    st.sampled_from(["csv", "json", "log"]),
    st.sampled_from(["utf-8", "latin-1"]),
    st.integers(60, 4000),
    st.floats(0.5, 1),
)
@example(
    [Said(1, "SELECT 1 -- it's", ("it''s", "x"), "execute s1", "UTC")] * 2
    + [Said(1, "SELECT 1 -- it','s", ("x",), "execute s1", "UTC")],
    "csv",
    "utf-8",
    4000,
    1.0,
)
def test_fast_is_careful(
    tmp_path: Path, said: list[Said], form: str, encoding: str, block: int, share: float
) -> None:
    entries = "".join(_written(each, number, form) for number, each in enumerate(said * 3))
    raw = entries.encode(encoding)
    path = tmp_path / f"server.{form}"
    path.write_bytes(raw[: round(share * len(raw))] if share < 0.9 else raw)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "BLOCK", block)
        fast = _reading(path, form)
        patch.setattr(*QUICK[form])
        assert _reading(path, form) == fast
