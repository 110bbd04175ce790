"""`dbwright tune --prove measured` and `--apply`, end to end."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import psycopg
import pytest

from dbwright.render.json import schema
from dbwright.sql.split import split
from servers.command_line import Done
from servers.postgresql import Database

TABLES = """
CREATE TABLE users (id int PRIMARY KEY, email text NOT NULL, city text NOT NULL, zip text NOT NULL);
CREATE TABLE orders (id int PRIMARY KEY, user_id int NOT NULL, total int NOT NULL, note text);
INSERT INTO users SELECT n, 'u' || n || '@example.com', 'c' || n % 200, 'z' || n % 200
    FROM generate_series(1, 20000) n;
INSERT INTO orders SELECT n, 1 + (n * 7919) % 20000, n % 300, repeat('x', 60)
    FROM generate_series(1, 60000) n;
CREATE INDEX orders_total ON orders (total);
CREATE INDEX orders_total_again ON orders (total);
"""
QUERIES = """
-- calls: 100
SELECT id, total FROM orders WHERE user_id = 77;
-- calls: 5
SELECT id, (SELECT max(total) FROM orders o WHERE o.user_id = users.id) FROM users WHERE city = 'c7';
-- calls: 10
SELECT count(*) FROM users WHERE city = 'c7' AND zip = 'z7';
-- calls: 3
SELECT id FROM orders WHERE total = 17;
-- calls: 10
UPDATE orders SET note = 'y' WHERE id = 5;
"""


@pytest.fixture
def tuned(database: Database, tmp_path: Path) -> Database:
    database.execute(TABLES)
    database.execute("VACUUM ANALYZE")
    (tmp_path / "queries.sql").write_text(QUERIES, encoding="utf-8")
    return database


def test_measured_on_a_copy(tuned: Database, tmp_path: Path, dbwright: Callable[..., Done]) -> None:
    before = tuned.execute("SELECT relname FROM pg_class WHERE relnamespace = 2200 ORDER BY 1")
    options = ("--workload", "queries.sql", "--prove", "measured", "--effort", "20")
    page = tmp_path / "advice.html"
    done = dbwright(
        "tune", tuned.url, *options, "--apply", "--dir", "new", "--format", "json", "--also", page
    )
    assert done.status == 0, done.err
    found = done.report
    jsonschema.Draft202012Validator(json.loads(schema())).validate(found)
    measured = found["tuning"]["measured"]
    assert not measured["refused"]
    changed = [query for query in measured["queries"] if query["changed"]]
    assert changed and all(query["equal"] for query in changed)
    assert all(q["before"]["repetitions"] == 5 for q in changed if q["before"])
    assert {write["table"] for write in measured["writes"]} >= {"public.orders"}
    missing = [one for one in found["findings"] if one["rule"] == "tune/missing-index"]
    assert any(one["proof"]["level"] == "measured" for one in missing)
    assert "tune/correlated-columns" in {one["rule"] for one in found["findings"]}
    assert "ms" in page.read_text(encoding="utf-8")
    # The target is as it was, and the file does what it says, and takes it back.
    assert tuned.execute("SELECT relname FROM pg_class WHERE relnamespace = 2200 ORDER BY 1") == (
        before
    )
    (file,) = (tmp_path / "new").iterdir()
    assert found["written"] == [f"new/{file.name}"]
    up, down = file.read_text(encoding="utf-8").split("-- DOWN")
    assert "-- no-transaction" in up and "ALTER SYSTEM" not in up
    indexes = "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid " + (
        "WHERE c.relnamespace = 2200"
    )
    (count,) = tuned.execute(indexes)[0]
    run(tuned.url, up)
    names = {row[0] for row in tuned.execute("SELECT indexname FROM pg_indexes")}
    assert not {"orders_total", "orders_total_again"} <= names
    assert {index["name"] for index in found["tuning"]["indexes"]} <= names
    run(tuned.url, down)
    assert tuned.execute(indexes) == [(count,)]


def test_a_sample_of_rows(tuned: Database, dbwright: Callable[..., Done]) -> None:
    done = dbwright("tune", tuned.url, "--workload", "queries.sql", "--data", "-v")
    assert done.status == 0, done.err
    assert "tune/correlated-columns" in done.out
    assert "Measured" not in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--prove", "guessed"), "not one of 'estimated', 'measured'"),
        (("--prove", "measured", "--copy-limit", "1MB"), "--copy-limit"),
        (("--width", "0"), "--width is from 1 to 32"),
        (("--cpus", "0"), "--cpus must be 1 or more"),
        (("--memory", "plenty"), "is no size"),
        (("--apply", "--dir", "/proc/nowhere"), "name another with --dir"),
        (("--statement-limit", "0"), "--statement-limit"),
    ],
)
def test_a_wrong_call(
    tuned: Database, arguments: tuple[str, ...], words: str, dbwright: Callable[..., Done]
) -> None:
    done = dbwright("tune", tuned.url, "--workload", "queries.sql", *arguments)
    assert done.status == 2
    assert words in done.err
    assert len(done.err.strip().splitlines()[-2:]) == 2


def test_rows_are_of_live_databases(
    tuned: Database, tmp_path: Path, dbwright: Callable[..., Done]
) -> None:
    assert dbwright("snapshot", tuned.url, "-o", "shop.dbw", "-q").status == 0
    for options in (("--prove", "measured"), ("--data",)):
        done = dbwright("tune", "shop.dbw", "--workload", "queries.sql", *options)
        assert done.status == 2
        assert "only a live database has them" in done.err
    (tmp_path / "schema.sql").write_text("CREATE TABLE t (id int);", encoding="utf-8")
    done = dbwright("tune", "schema.sql", "--workload", "queries.sql")
    assert done.status == 2
    assert "no statistics" in done.err


def run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in split(sql):
            connection.execute(statement.text.encode())
