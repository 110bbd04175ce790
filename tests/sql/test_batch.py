"""One statement for many: what it looks like, when there is none, and that it returns the same."""

from __future__ import annotations

from collections import Counter
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbwright.sql.batch import NoBatch, batch_of
from dbwright.sql.batch_insert import NotOneRow, rows_at_once
from servers.postgresql import Database

TABLES = """
CREATE TABLE t (id int PRIMARY KEY, k int, s text, "Mixed" int);
CREATE TABLE u (t_id int, v int);
INSERT INTO t SELECT i, NULLIF(i % 5, 0), CASE WHEN i % 3 = 0 THEN 'x' END, i FROM generate_series(1, 30) i;
INSERT INTO u SELECT i % 9, i FROM generate_series(1, 40) i;
"""
PLAIN = (
    "SELECT * FROM t WHERE k = $1",
    "SELECT s FROM t WHERE id = $1",
    "SELECT s FROM t WHERE $1 = id",
    "SELECT id, s FROM t WHERE k = $1 AND s = 'x' ORDER BY 1 DESC",
    "SELECT DISTINCT s FROM t WHERE k = $1",
    "SELECT t.s, u.v FROM t JOIN u ON u.t_id = t.id WHERE t.k = $1::int",
    "SELECT u.* FROM t LEFT JOIN u ON u.t_id = t.id WHERE t.k = $1",
    'SELECT "Mixed" FROM t AS "T" WHERE "T".k = $1',
    "SELECT s FROM t WHERE id = $1 LIMIT 1",
    "SELECT sum(id), s FROM t WHERE k = $1 GROUP BY 2",
    "SELECT id FROM t WHERE k = $1 AND EXISTS (SELECT FROM u WHERE t_id = t.id)",
    "WITH w AS (SELECT * FROM u WHERE v > 3) SELECT w.v FROM w WHERE t_id = $1",
    "SELECT id AS other FROM t WHERE id = $1",
    "SELECT k FROM t WHERE id = $1 FOR UPDATE",
    "SELECT t.id, t.s FROM t WHERE t.id = $1 LIMIT 21",
)
REFUSED = (
    "SELECT * FROM t WHERE k = $1 OR s = 'x'",
    "SELECT * FROM t WHERE k > $1",
    "SELECT * FROM t WHERE k = $1 LIMIT 5",
    "SELECT * FROM t WHERE k = $1 LIMIT 1 OFFSET 3",
    "SELECT row_number() OVER () FROM t WHERE k = $1",
    "SELECT s FROM t WHERE k = $1 AND id = $1",
    "SELECT s FROM t WHERE k + 1 = $1",
    "SELECT s FROM t WHERE k = $1 UNION SELECT s FROM t",
    "SELECT count(*) FROM t WHERE k = $1 LIMIT 1",
    "SELECT DISTINCT ON (s) s FROM t WHERE k = $1",
    "SELECT (SELECT max(v) FROM u WHERE t_id = $1) FROM t",
    "UPDATE t SET s = 'y' WHERE id = $1",
    "SELEC",
)


def _together(cursor: psycopg.Cursor[Any], statement: str, keys: list[int]) -> None:
    batch = batch_of(statement, statement, ["1"], ["2"])
    rows = Counter(cursor.execute(batch.sql.encode(), [keys]).fetchall())
    single: Counter[tuple[Any, ...]] = Counter()
    for key in keys:
        found = cursor.execute(statement.encode(), [key]).fetchall()
        single.update((*row, key) if batch.key_added else row for row in found)
    assert rows == single, batch.sql


@settings(
    max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.lists(st.integers(-1, 32), unique=True))
def test_the_batch_returns_the_union(database: Database, keys: list[int]) -> None:
    with psycopg.connect(database.url) as connection:
        if connection.execute("SELECT to_regclass('t')").fetchone() == (None,):
            connection.execute(TABLES)
            connection.commit()
        cursor = psycopg.RawCursor(connection)
        for statement in PLAIN:
            _together(cursor, statement, keys)


@pytest.mark.parametrize(
    "output",
    [
        "percentile_disc(0.5) WITHIN GROUP (ORDER BY id)",
        "mode() WITHIN GROUP (ORDER BY s)",
        "var_pop(id) + regr_count(id, k)",
        "any_value(k)",
        "string_agg(s, ',' ORDER BY id)",
        "json_agg(s) FILTER (WHERE id > 3)",
    ],
)
def test_aggregates_are_those_of_each_value(database: Database, output: str) -> None:
    with psycopg.connect(database.url) as connection:
        connection.execute(TABLES)
        cursor = psycopg.RawCursor(connection)
        _together(cursor, f"SELECT ({output})::text FROM t WHERE k = $1", [1, 2, 4])


@pytest.mark.parametrize("statement", REFUSED)
def test_what_has_no_batch_is_refused(statement: str) -> None:
    with pytest.raises(NoBatch):
        batch_of(statement, statement, ["1"], ["2"])


def test_other_parameters_are_numbered_again() -> None:
    text = "SELECT s FROM t WHERE a = $1 AND k = $2 AND b = $3 LIMIT $4"
    batch = batch_of(text, text, ["1", "2", "3", "1"], ["1", "5", "3", "1"])
    assert batch.parameters == (1, 3)
    assert batch.sql == (
        "SELECT DISTINCT ON (k) s, k FROM t WHERE a = $2 AND k = ANY($1) AND b = $3 ORDER BY k"
    )


def test_constants_that_do_not_differ_stay() -> None:
    one = "SELECT s FROM t WHERE d > '2026-01-01' AND k = 'a''b'::text AND n = 1.50"
    batch = batch_of(one, one.replace("a''b", "c"))
    assert batch.sql == (
        "SELECT s, k FROM t WHERE d > '2026-01-01' AND k = ANY($1::text[]) AND n = 1.50"
    )


@pytest.mark.parametrize(
    "other",
    [
        "SELECT s FROM t WHERE k = 2 AND id = 3",
        "SELECT s FROM t WHERE k = 1 AND id = 2 AND true",
        "SELECT s FROM t WHERE k = 1 AND id = 2",
    ],
)
def test_calls_that_do_not_differ_in_one_constant(other: str) -> None:
    with pytest.raises(NoBatch, match="differ"):
        batch_of("SELECT s FROM t WHERE k = 1 AND id = 2", other)


def test_rows_at_once(database: Database) -> None:
    database.execute("CREATE TABLE r (a int, b text, c timestamptz DEFAULT now())")
    sql = rows_at_once("INSERT INTO r (a, b, c) VALUES (5, 'x'::text, now()) RETURNING a", 3)
    assert sql.count("now()") == 3
    with psycopg.connect(database.url) as connection:
        rows = psycopg.RawCursor(connection).execute(sql.encode(), [1, "a", 2, "b", 3, "c"])
        assert rows.fetchall() == [(1,), (2,), (3,)]
    for text in ("INSERT INTO r VALUES (1), (2)", "INSERT INTO r SELECT 1"):
        with pytest.raises(NotOneRow):
            rows_at_once(text)
    with pytest.raises(NoBatch):
        rows_at_once("SELECT 1")


def test_parameters_of_rows_are_each_row_s_own(database: Database) -> None:
    database.execute("CREATE TABLE r (a int PRIMARY KEY, b text)")
    upsert = "INSERT INTO r (a, b) VALUES ($1 + 1, upper($2) || $1) ON CONFLICT (a) DO UPDATE SET b"
    sql = rows_at_once(f"{upsert} = excluded.b")
    with psycopg.connect(database.url) as connection:
        psycopg.RawCursor(connection).execute(sql.encode(), [1, "x", 2, "y"])
        assert connection.execute("SELECT * FROM r").fetchall() == [(2, "X1"), (3, "Y2")]
    with pytest.raises(NoBatch, match="outside of the row"):
        rows_at_once(f"{upsert} = $3")
