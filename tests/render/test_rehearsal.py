"""What a rehearsal came to: the same figures in all formats, and nothing that breaks out of them."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from dbwright.model.finding import Confidence, Finding, LockMode, ObjectRef, Severity
from dbwright.model.rehearsal import (
    ClientError,
    ClientWait,
    Rehearsal,
    RehearsedMigration,
    RehearsedRun,
    RehearsedStatement,
    RehearsedTable,
)
from dbwright.model.report import Report
from dbwright.render import FORMATS, render
from dbwright.render.json import schema
from dbwright.render.rehearsal import rehearsal_facts, rehearsal_tables

ODD = 'a"b\x1b[31m|<script>\n# x'
UP = RehearsedRun(
    direction="up",
    seconds=1.5,
    wal_bytes=4096,
    statements=(
        RehearsedStatement(
            3, "ALTER TABLE …", 1.25, 4000, ((ODD, LockMode.ACCESS_EXCLUSIVE),), (ODD,)
        ),
    ),
    tables=(RehearsedTable(ODD, 8192, 16384, 8192, None),),
    loaded_seconds=1.75,
    waits=(
        ClientWait(ODD, "read", 1200, 1.6, 0.002, 0.001),
        ClientWait(ODD, "write", 800, 1.7, 0.002, 0.001),
    ),
    errors=(ClientError(ODD, "read", "42703", 'column "x" does not exist', 7),),
)
DOWN = RehearsedRun("down", 0.5, 0)
REHEARSAL = Rehearsal(
    migrations=(
        RehearsedMigration("001", ODD, "m/001_x.sql", "ab", UP, DOWN, passed=False),
        RehearsedMigration("002", "fine", "m/002_fine.sql", "cd", DOWN, None, proof="m/002.json"),
    ),
    source="postgresql://me@host/shop, all rows",
    server_version="18.6",
    generated=False,
    sampled=False,
    rows=12_000,
    tables=3,
)
FAULT = Finding(
    rule="migrate/lost-rows",
    severity=Severity.ERROR,
    confidence=Confidence.HIGH,
    object=ObjectRef("table", ODD),
    message=f"{ODD} lacks 9 rows",
    why="They are gone.",
    key="migrate/lost-rows:001",
)
REPORT = Report(
    command="migrate rehearse",
    target=REHEARSAL.source,
    findings=(FAULT,),
    fail_on=Severity.ERROR,
    rehearsal=REHEARSAL,
)


def test_facts_and_tables() -> None:
    facts = dict(rehearsal_facts(REHEARSAL))
    assert facts["Copy"] == f"12,000 rows in 3 tables, of {REHEARSAL.source}"
    assert facts["Passed"] == "1 of 2 migrations"
    assert facts["Failed"].startswith("001 a")
    one = replace(REHEARSAL.migrations[1], checked=("down: the schema is the one before",))
    facts = dict(rehearsal_facts(replace(REHEARSAL, migrations=(one,))))
    assert facts["Proven"] == "down: the schema is the one before"
    tables = {table.title: table for table in rehearsal_tables(REHEARSAL)}
    assert [row[1:] for row in tables["Runs"].rows] == [
        ("up", "1.5 s", "4 kB", "1.8 s", "1.7 s", "7"),
        ("down", "500 ms", "0 bytes", "", "", ""),
        ("down", "500 ms", "0 bytes", "", "", ""),
    ]
    assert [row[3:] for row in tables["Clients"].rows] == [
        ("readers", "1.6 s", "2 ms", "1 ms", "1,200"),
        ("writers", "1.7 s", "2 ms", "1 ms", "800"),
    ]
    assert tables["Sizes"].rows[0][2:] == ("8 kB", "16 kB", "8 kB", "")


@pytest.mark.parametrize("format", sorted(FORMATS))
def test_names_can_not_break_out(format: str) -> None:
    text = render(REPORT, format)
    assert "\x1b" not in text
    assert "<script>\n#" not in text
    if format == "json":
        document = json.loads(text)
        jsonschema.validate(document, json.loads(schema()))
        up = document["rehearsal"]["migrations"][0]["up"]
        assert up["clients"][1]["longest_seconds"] == 1.7
        assert up["refused"][0]["times"] == 7
    elif format in ("terminal", "markdown", "html"):
        assert "1.7 s" in text
        assert "1 of 2 migrations" in text
    if format == "terminal":
        assert all(len(line) <= 80 for line in text.splitlines())


def test_what_to_do_next() -> None:
    assert "mend table" in render(REPORT, "terminal")
    passed = replace(REPORT, findings=(), written=("m/002.json",))
    assert "dbwright migrate up --require-proof" in render(passed, "terminal")
