"""The fields of csvlog's records, with commas and quotes where they hurt."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest

from dbwright.engines.postgresql.logs import csv_format
from dbwright.engines.postgresql.logs.csv_format import CsvFormat
from dbwright.engines.postgresql.logs.events import Statement
from dbwright.engines.postgresql.logs.plans import NESTED

TEXTS = (
    'SELECT "a" FROM t',
    'SELECT "a","b" FROM t WHERE x = ANY($1)',
    'SELECT "a"',
    """SELECT '","', '",,,,,,,,', '"'""",
)
DETAILS = (
    "",
    """parameters: $1 = '{"a b","c"}'""",
    """Parameters: $1 = 'x","y', $2 = '"'""",
    "prepare: PREPARE s AS SELECT 1",
)
LOCATIONS = ("", "exec_simple_query, postgres.c:1230", 'we"ird, x')


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if text else ""


def test_text_and_parameters() -> None:
    source = CsvFormat()
    for text, detail, location in product(TEXTS, DETAILS, LOCATIONS):
        line = (
            '2026-11-23 07:00:00.000 UTC,"app","shop",7,"[local]",6a.7,3,"SELECT",'
            "2026-11-23 07:00:00 UTC,3/4,0,LOG,00000,"
            f"{_quoted(f'duration: 1.500 ms  statement: {text}')},{_quoted(detail)},,,,,,,"
            f'{_quoted(location)},"a,b","client backend",,42'
        )
        (event,) = source.read(line.encode())
        assert isinstance(event, tuple)
        cut = source.cut(event[4])
        assert cut is not None and source.plain(cut.text).decode() == text
        what = event[4][cut.start : cut.end]
        assert source.parted(what) == (text.encode(), detail.encode())
        origin = source.origin(event[4][cut.tail :])
        assert (origin.application, origin.query_id) == ("a,b", 42)


def test_a_plan_inside_of_a_function() -> None:
    context = _quoted('SQL statement "SELECT 1"\nPL/pgSQL function f() line 1 at PERFORM')
    kinds = []
    for where in (context, ""):
        line = (
            '2026-11-23 07:00:00.000 UTC,"app","shop",7,"[local]",6a.7,3,"SELECT",'
            "2026-11-23 07:00:00 UTC,3/4,0,LOG,00000,"
            '"duration: 1.500 ms  plan:\nQuery Text: SELECT 1\nResult  (cost=0.00..0.01)"'
            f',,,,,{where},,,,"a,b","client backend",,42\n'
        )
        (event,) = CsvFormat().read(line.encode())
        assert isinstance(event, Statement) and event.text.startswith(b"Query Text: SELECT 1\n")
        kinds.append(event.kind)
    assert kinds == [NESTED, b"plan"]


def _told(source: CsvFormat, block: bytes) -> list[Any]:
    """What quick and careful reading must agree on."""
    return [
        event[:4]
        if isinstance(event, tuple)
        else (event.time, event.who, event.transaction, event.duration)
        if isinstance(event, Statement)
        else event
        for event in source.read(block)
        if not isinstance(event, tuple) or source.cut(event[4])  # else it counts for nothing
    ]


def test_a_record_that_is_cut_anywhere_spoils_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    record = (
        '2026-11-23 07:00:0{}.000 UTC,"a,p","shop",7,"[local]",6a.7,3,"SELECT",'
        '2026-11-23 07:00:00 UTC,3/{},0,LOG,00000,"duration: 1.500 ms  statement: SELECT ""a"",\n'
        '2026-01-01, 7 FROM t WHERE b = \'x\'",,,,,,,,,"a","client backend",,42\n'
    )
    first, second = (record.format(n, n).encode() for n in (1, 2))
    blocks = [first[:place] + b"\n" + second for place in range(len(first))]
    quick = [_told(CsvFormat(), block) for block in blocks]
    monkeypatch.setattr(csv_format, "_ROW", re.compile(rb"()()()()()(.*)\n"))
    assert quick == [_told(CsvFormat(), block) for block in blocks]
    assert all(told[-1][0] == b"2026-11-23 07:00:02.000 UTC" for told in quick)
