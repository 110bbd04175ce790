"""auto_explain's plans, in each of its formats, from the servers that bring it with them."""

from __future__ import annotations

import json

import psycopg
import pytest

from dbwright.engines.postgresql.logs import LogReading, read_log
from dbwright.engines.postgresql.logs.plans import is_nested, statement_and_plan
from servers.logs import logging_server, wait_for_log

FUNCTION = """CREATE FUNCTION pg_temp.inner(x oid) RETURNS bigint LANGUAGE plpgsql AS
$$ BEGIN PERFORM count(*) FROM pg_class WHERE relam = x; RETURN 1; END $$"""
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
            connection.execute("SET auto_explain.log_nested_statements = on")
            connection.execute(FUNCTION)
            for number in range(4):
                outer = f"SELECT amname, pg_temp.inner(oid) FROM pg_am LIMIT {number}"
                connection.execute(outer.encode())
        folder = wait_for_log(server)
        readings = {e: read_log(folder / f"server.{e}") for e in ("log", "csv", "json")}
    for reading in readings.values():
        _check(reading, form)
        _check_nested(reading)


def _check(reading: LogReading, form: str) -> None:
    by_text = {query.text: query for query in reading.workload.queries}
    planned = by_text[STATEMENT.replace("%s", "$1").replace("'x'", "$2")]
    assert planned.calls == 3  # they are in no other entries
    assert planned.plan_text is not None and "pg_class" in planned.plan_text
    assert planned.total_seconds is not None and planned.total_seconds > 0
    assert planned.parameters in {("0",), ("1",), ("2",)}  # of the slowest
    assert planned.example == STATEMENT.replace("%s", "$1")
    both = by_text["SELECT count(*) FROM pg_am WHERE amname = $1"]
    assert both.calls == 2  # each has two entries
    assert both.plan_text is not None and "pg_am" in both.plan_text
    if form == "json":
        assert json.loads(both.plan_text)["Plan"]["Node Type"] == "Aggregate"
    if form == "text":
        assert both.plan_text.startswith("Aggregate  (cost=")


def _check_nested(reading: LogReading) -> None:
    """What runs inside of a function is told, and its time is the outer statement's."""
    by_text = {query.text: query for query in reading.workload.queries}
    nested = by_text["SELECT count(*) FROM pg_class WHERE relam = x"]
    assert nested.calls == 1 + 2 + 3
    assert nested.total_seconds is None
    assert nested.mean_seconds is not None and nested.mean_seconds > 0
    assert nested.plan_text is not None and "pg_class" in nested.plan_text
    outer = by_text["SELECT amname, pg_temp.inner(oid) FROM pg_am LIMIT $1"]
    assert (outer.calls, outer.total_seconds is not None) == (4, True)


def test_what_tells_that_a_plan_is_nested() -> None:
    assert is_nested('SQL statement "SELECT 1"\nPL/pgSQL function f() line 1 at PERFORM')
    assert is_nested('PL/Python function "f"') and is_nested('SQL function "f" statement 1')
    assert not is_nested("unnamed portal with parameters: $1 = '5'")
    assert not is_nested("")


def test_a_plan_that_was_cut() -> None:
    assert statement_and_plan(b'{\n  "Query Text": "SELECT 1') == (
        b"",
        b'{\n  "Query Text": "SELECT 1',
    )
    assert statement_and_plan(b"nothing") == (b"", b"nothing")
    assert statement_and_plan(b"Query Text: SELECT 1") == (b"SELECT 1", b"")
