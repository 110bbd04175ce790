"""Are two answers the same? The other state reads other tables of the same names here."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

import psycopg
import pytest
from tests.tune.measured.place import copied

from dbwright.sandbox import Server
from dbwright.tune.measured.answers import Same, same_answers
from dbwright.tune.measured.runs import Limits
from dbwright.tune.measured.stage import Stage, State

HERE = State(settings=(("search_path", "a"),))
THERE = State(settings=(("search_path", "b"),))
SAME_ROWS = "SELECT * FROM unsorted"
"""In another order on disk."""

CASES = {
    SAME_ROWS: True,
    "SELECT x FROM unsorted ORDER BY y": True,
    "SELECT x, y FROM unsorted ORDER BY 2, x DESC": True,
    "SELECT sum(f) FROM unsorted": True,
    "SELECT now(), current_timestamp, * FROM unsorted": True,
    "SELECT DISTINCT y FROM unsorted": True,
    "SELECT count(*) FROM fewer": False,
    "SELECT * FROM fewer": False,
    "SELECT x FROM other": False,
    "SELECT n FROM nulls": False,
    "SELECT y FROM swapped ORDER BY x": False,
    "SELECT x FROM unsorted LIMIT 3": None,
    "SELECT x FROM unsorted ORDER BY y LIMIT 3": None,
    "SELECT * FROM (SELECT x FROM unsorted LIMIT 2) i": None,
    "SELECT DISTINCT ON (y) y, x FROM unsorted": None,
    "SELECT array_agg(x) FROM unsorted": None,
    "SELECT random() FROM unsorted": None,
    "SELECT any_old(x) FROM unsorted": None,
    "SELECT x FROM unsorted TABLESAMPLE SYSTEM (50)": None,
    "SELECT 1 / (x - x) FROM unsorted": None,
    "SELECT x FROM fewer LIMIT 10": False,
}


@pytest.fixture(scope="module")
def stage(postgresql: Server) -> Iterator[Stage]:
    postgresql.create_database("answers")
    url = postgresql.url("answers")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION any_old(integer) RETURNS integer LANGUAGE sql AS 'SELECT $1';"
            "CREATE TABLE unsorted (x integer, y integer, f float8);"
            "CREATE TABLE swapped (x integer, y integer)"
        )
    with copied(url, []) as made, made.connect() as connection:
        for schema, order in (("a", "ASC"), ("b", "DESC")):
            connection.execute(
                f"CREATE SCHEMA {schema}; SET search_path = {schema}, public;"
                "CREATE TABLE unsorted AS SELECT i AS x, i % 3 AS y, 1.0::float8 / i AS f "
                f"FROM generate_series(1, 5000) i ORDER BY i {order};"
                f"CREATE TABLE fewer AS SELECT 1 AS x WHERE '{schema}' = 'a';"
                f"CREATE TABLE other AS SELECT CASE '{schema}' WHEN 'a' THEN 'ab' ELSE 'a' END x;"
                f"CREATE TABLE nulls AS SELECT nullif('', substr('b', 1, ('{schema}' = 'b')::int "
                "* 1)) AS n;"
                "CREATE TABLE swapped AS SELECT x, CASE WHEN x < 3 AND "
                f"'{schema}' = 'b' THEN 3 - x ELSE x END AS y FROM generate_series(1, 9) x;"
                "RESET search_path".encode()
            )
        yield Stage(made, connection)


def compared(stage: Stage, statement: str) -> Same:
    limits = Limits(30.0, monotonic() + 600)
    here = State(settings=(("search_path", "a, public"),))
    there = State(settings=(("search_path", "b, public"),))
    return same_answers(stage, statement, stage.copy.snapshot.catalog, here, there, limits)


@pytest.mark.parametrize("statement", CASES)
def test_cases(stage: Stage, statement: str) -> None:
    found = compared(stage, statement)
    assert found.equal is CASES[statement], found
    assert (found.note == "") is (found.equal is True)


def test_no_rows_are_the_same_rows(stage: Stage) -> None:
    assert compared(stage, "SELECT * FROM unsorted WHERE x < 0 ORDER BY x").equal is True
    assert compared(stage, "SELECT FROM unsorted").equal is True


def test_it_ends_in_time(stage: Stage) -> None:
    limits = Limits(0.05, monotonic() + 600)
    slow = "SELECT count(*) FROM unsorted a, unsorted b"
    found = same_answers(stage, slow, stage.copy.snapshot.catalog, HERE, THERE, limits)
    assert found.equal is None and "longer than 0.05 s" in found.note
    over = Limits(30.0, monotonic() - 1)
    assert (
        "no time"
        in same_answers(stage, SAME_ROWS, stage.copy.snapshot.catalog, HERE, THERE, over).note
    )
