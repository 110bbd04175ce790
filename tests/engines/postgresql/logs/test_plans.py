"""auto_explain's plans, in each of its formats, from the servers that bring it with them."""

from __future__ import annotations

import json

import psycopg
import pytest

from dbwright.engines.postgresql.logs import LogReading, read_log
from dbwright.engines.postgresql.logs.plans import statement_and_plan
from servers.logs import logging_server, wait_for_log

STATEMENT = "SELECT relname AS \"a  (cost=1\"\nFROM pg_class\nWHERE oid = %s AND relname <> 'x'"


@pytest.mark.parametrize("form", ["text", "json", "yaml", "xml"])
def test_plans_are_handed_on(form: str) -> None:
    with logging_server(18, session_preload_libraries="auto_explain") as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"SET auto_explain.log_format = '{form}'".encode())
            connection.execute("SET auto_explain.log_analyze = on")
            connection.execute("SET auto_explain.log_min_duration = 0")
            for number in range(3):
                connection.execute(STATEMENT, [number])
            connection.execute("SET log_min_duration_statement = 0")
            for number in range(2):
                connection.execute("SELECT count(*) FROM pg_am WHERE amname = %s", [str(number)])
        folder = wait_for_log(server)
        readings = [read_log(folder / f"server.{ending}") for ending in ("log", "csv", "json")]
    for reading in readings:
        _check(reading, form)


def _check(reading: LogReading, form: str) -> None:
    by_text = {query.text: query for query in reading.workload.queries}
    planned = by_text[STATEMENT.replace("%s", "$1").replace("'x'", "$2")]
    assert planned.calls == 3  # they are in no other entries
    assert planned.plan_text is not None and "pg_class" in planned.plan_text
    assert planned.total_seconds is not None and planned.total_seconds > 0
    both = by_text["SELECT count(*) FROM pg_am WHERE amname = $1"]
    assert both.calls == 2  # each has two entries
    assert both.plan_text is not None and "pg_am" in both.plan_text
    if form == "json":
        assert json.loads(both.plan_text)["Plan"]["Node Type"] == "Aggregate"
    if form == "text":
        assert both.plan_text.startswith("Aggregate  (cost=")


def test_a_plan_that_was_cut() -> None:
    assert statement_and_plan(b'{\n  "Query Text": "SELECT 1') == (
        b"",
        b'{\n  "Query Text": "SELECT 1',
    )
    assert statement_and_plan(b"nothing") == (b"", b"nothing")
    assert statement_and_plan(b"Query Text: SELECT 1") == (b"SELECT 1", b"")
