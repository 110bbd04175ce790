"""What is cut out of a log quickly is what is read slowly, and sorted as if it came one by one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbwright.engines.postgresql.logs import csv_format, json_format, read_log, stderr_format
from dbwright.engines.postgresql.logs.calls import Call, Speaker
from dbwright.engines.postgresql.logs.csv_format import CsvFormat
from dbwright.engines.postgresql.logs.groups import Groups
from dbwright.engines.postgresql.logs.json_format import JsonFormat
from dbwright.engines.postgresql.logs.lookup import Lookup
from dbwright.engines.postgresql.logs.moments import Clock
from dbwright.engines.postgresql.logs.prefix import compiled
from dbwright.engines.postgresql.logs.stderr_format import StderrFormat
from dbwright.engines.postgresql.logs.talks import Talk, Talks
from servers.logs import Traffic

NEVER = re.compile(rb"()()()()()(.*)\n")
"""Finds no rows, but lines of something else."""
QUICK: dict[str, tuple[Any, str, Any]] = {
    "log": (stderr_format, "_MARK", b"in no log"),
    "csv": (csv_format, "_ROW", NEVER),
    "json": (json_format, "_MARK", b"in no log"),
}
"""What reads statements quickly, and what in its place reads none."""


@pytest.mark.parametrize("ending", QUICK)
def test_quick_and_slow_reading_are_one(
    logged: Traffic, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if ending not in logged.endings:
        return
    quick = read_log(logged.log(ending))
    monkeypatch.setattr(*QUICK[ending])
    assert read_log(logged.log(ending)) == quick


@pytest.mark.parametrize("prefix", ["%m [%p] %q%u@%d ", "%t [%p]: [%l-1] user=%u,db=%d ", "%m %v "])
def test_lines_of_any_prefix(prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heads = {
        "%m [%p] %q%u@%d ": "2026-11-23 07:00:00.{:03d} UTC [7] app@shop ",
        "%t [%p]: [%l-1] user=%u,db=%d ": "2026-11-23 07:00:00 UTC [7]: [{}-1] user=app,db=shop ",
        "%m %v ": "2026-11-23 07:00:00.{:03d} CET 3/{} ",
    }
    lines = []
    for number in range(90):
        head = heads[prefix].format(number, number)
        lines += [
            f"{head}LOG:  duration: {number}.250 ms  statement: SELECT a\n\tFROM t WHERE b = {number}",
            f"{head}LOG:  duration: 0.100 ms  bind s1: SELECT a FROM t WHERE c = $1",
            f"{head}DETAIL:  parameters: $1 = 'it''s {number}'",
            f"{head}LOG:  duration: 0.{number:03d} ms  execute s1: SELECT a FROM t WHERE c = $1",
            f"{head}DETAIL:  parameters: $1 = 'it''s {number}'",
            f'{head}ERROR:  relation "x" does not exist at character 15',
            f"{head}DETAIL:  Nothing.",
            f"{head}STATEMENT:  SELECT * FROM x",
            "a line of something else",
        ]
    path = tmp_path / "server.log"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    quick = read_log(path, prefix=prefix)
    assert quick.counts.statements == 180
    assert quick.counts.errors == {'relation "x" does not exist': 90}
    by_text = {query.text: query for query in quick.workload.queries}
    assert by_text["SELECT a\nFROM t WHERE b = $1"].calls == 90
    assert by_text["SELECT a FROM t WHERE c = $1"].parameters[0].startswith("it's ")
    monkeypatch.setattr(stderr_format, "_MARK", b"in no log")
    assert read_log(path, prefix=prefix) == quick


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8")))
def test_the_quoting_is_taken_off(text: str) -> None:
    raw = text.encode()
    assert CsvFormat().plain(raw.replace(b'"', b'""')) == raw
    assert JsonFormat().plain(json_format._quoted(text)) == raw
    assert StderrFormat(compiled("%m ")).plain(raw.replace(b"\n", b"\0")) == raw


TEXTS = (
    b"BEGIN",
    b"COMMIT",
    b"SELECT 1",
    b"SET x = 1",
    *(b"SELECT a FROM t%c" % c for c in b"abc"),
)
CALLS = st.lists(
    st.tuples(
        st.sampled_from([*TEXTS, *TEXTS[4:] * 3]),
        st.sampled_from([b"", b"", b"7"]),
        st.sampled_from([b"1/5"] * 9 + [b"1/6", b"1/0"]),
        st.sampled_from([0, 0, 0, 1, 300]),
        st.integers(1, 9),
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=300)
@given(CALLS, st.integers(1, 60))
def test_talks_come_to_the_same_in_pieces_of_any_size(
    calls: list[tuple[bytes, bytes, bytes, int, int]], size: int
) -> None:
    source = CsvFormat()
    lookup = Lookup(Groups(), source, None)
    speaker = Speaker("app", None, source)
    milliseconds, all_calls = 0, []
    for text, parameters, transaction, later, times in calls:
        for _ in range(times if text[:8] == b"SELECT a" else 1):
            milliseconds += later
            time = b"2026-11-23 07:00:%02d.%03d UTC" % divmod(milliseconds, 1000)
            what = text + b'","' + parameters if parameters else text
            call: Call = (lookup.find(text), 0.001, time, transaction, what, speaker)
            all_calls.append(call)
    assert _heard(all_calls, size) == _heard(all_calls, 1) == _heard(all_calls, 10_000)


def _heard(calls: list[Call], size: int) -> object:
    talks, talk = Talks(Clock()), Talk()
    for start in range(0, len(calls), size):
        for call in calls[start : start + size]:
            talks.take(talk, call)
        talks.listen(talk)
    talks.close(talk)
    found = {
        key: [
            pytest.approx(value) if isinstance(value, float) else value
            for value in (getattr(each, name) for name in each.__slots__)
        ]
        for key, each in talks.repeated.items()
    }
    return found, talks.transactions, talks.single_statement_transactions
