"""`dbwright tune` end to end: what it advises is what the real server then does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from servers.command_line import Done
from servers.postgresql import Database

TABLES = """
CREATE SCHEMA shop;
CREATE TABLE shop.users (id bigint PRIMARY KEY, email text NOT NULL, country text NOT NULL);
CREATE TABLE shop.orders (
    id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES shop.users,
    status text NOT NULL, placed_at timestamptz NOT NULL, total numeric NOT NULL, note text
);
CREATE TABLE shop."Odd Name" (id bigint PRIMARY KEY, "Mixed" integer NOT NULL, data jsonb NOT NULL);
INSERT INTO shop.users SELECT n, 'User' || n || '@example.com', 'c' || n % 50
    FROM generate_series(1, 20000) n;
INSERT INTO shop.orders SELECT n, 1 + (n * 7919) % 20000,
    CASE WHEN n % 200 = 0 THEN 'open' ELSE 'done' END,
    timestamptz '2025-01-01' + n * interval '1 minute', n % 300, repeat('x', 60)
    FROM generate_series(1, 100000) n;
INSERT INTO shop."Odd Name" SELECT n, n % 9000, jsonb_build_object('kind', n % 3000, 'n', n)
    FROM generate_series(1, 30000) n;
"""
QUERIES = """
-- calls: 100
SELECT id, total FROM shop.orders WHERE user_id = 77 ORDER BY placed_at DESC LIMIT 10;
-- calls: 20
SELECT * FROM shop.users WHERE lower(email) = 'user17@example.com';
-- calls: 50
SELECT id FROM shop.orders WHERE status = 'open' AND placed_at > '2025-03-01';
-- calls: 10
SELECT id FROM shop."Odd Name" WHERE "Mixed" = 55;
-- calls: 10
SELECT id FROM shop."Odd Name" WHERE data @> '{"kind": 17}';
-- calls: 1
UPDATE shop.orders SET note = 'y' WHERE id = 5;
CREATE TABLE nothing (a int);
SELECT FROM WHERE;
SELECT relname FROM pg_class WHERE oid = 5;
SELECT nope FROM shop.users;
"""


@pytest.fixture
def tuned(database: Database) -> Database:
    database.execute(TABLES)
    database.execute("VACUUM ANALYZE")
    return database


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    path = tmp_path / "queries.sql"
    path.write_text(QUERIES, encoding="utf-8")
    return path


@pytest.fixture
def report(dbwright: Callable[..., Done]) -> Callable[..., dict[str, Any]]:
    def tune(*arguments: str | Path) -> dict[str, Any]:
        done = dbwright("tune", *arguments, "--format", "json", "-q")
        assert done.status == 0, done.err
        return done.report

    return tune


def plan(connection: psycopg.Connection[Any], query: str) -> dict[str, Any]:
    row = connection.execute(f"EXPLAIN (FORMAT JSON) {query}".encode()).fetchone()
    assert row is not None
    found: dict[str, Any] = row[0][0]["Plan"]
    return found


def statements(sql: str) -> Iterator[bytes]:
    return (line.encode() for line in sql.splitlines() if line)


def test_the_advice_holds_on_the_real_server(
    tuned: Database, queries: Path, report: Callable[..., dict[str, Any]]
) -> None:
    found = report(tuned.url, "--workload", str(queries))
    assert report(tuned.url, "--workload", str(queries)) == found
    tuning = found["tuning"]
    definitions = {(index["table"], index["definition"]) for index in tuning["indexes"]}
    tables = {table for table, _ in definitions}
    assert tables == {"shop.orders", "shop.users", 'shop."Odd Name"'}
    assert any("lower(email)" in definition for _, definition in definitions)
    assert any("gin" in definition for _, definition in definitions)
    assert any(definition.startswith("USING btree (user_id") for _, definition in definitions)
    assert tuning["cost_after"] < 0.1 * tuning["cost_before"]
    assert tuning["within_share"] < 0.05
    assert all(q["cost_after"] <= q["cost_before"] * 1.001 for q in tuning["queries"])
    with psycopg.connect(tuned.url, autocommit=True) as connection:
        effects = [query for query in tuning["queries"] if query["indexes"]]
        indexes = [f for f in found["findings"] if f["rule"] == "tune/missing-index"]
        for finding in indexes:
            for statement in statements(finding["fix"]["up"]):
                connection.execute(statement)
        connection.execute("VACUUM ANALYZE")
        texts = {
            "user_id": "SELECT id, total FROM shop.orders WHERE user_id = 77 "
            "ORDER BY placed_at DESC LIMIT 10",
            "lower": "SELECT * FROM shop.users WHERE lower(email) = 'user17@example.com'",
            "Mixed": 'SELECT id FROM shop."Odd Name" WHERE "Mixed" = 55',
            "status": "SELECT id FROM shop.orders WHERE status = 'open' "
            "AND placed_at > '2025-03-01'",
        }
        for word, text in texts.items():
            (effect,) = [effect for effect in effects if word in effect["text"]]
            real = plan(connection, text)
            assert any(name in json.dumps(real) for name in effect["indexes"])
            assert real["Total Cost"] == pytest.approx(effect["cost_after"], rel=0.3, abs=10)
        sizes = {
            row[0]: row[1]
            for row in connection.execute(
                "SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relkind = 'i'"
            )
        }
        for index in tuning["indexes"]:
            if "btree" in index["definition"]:
                assert index["bytes"] == pytest.approx(sizes[index["name"]], rel=0.15, abs=16384)
        for finding in indexes:
            for statement in statements(finding["fix"]["down"]):
                connection.execute(statement)


def test_what_can_not_be_used_is_told(
    tuned: Database, queries: Path, report: Callable[..., dict[str, Any]]
) -> None:
    text = json.dumps(report(tuned.url, "--workload", str(queries))["skipped"])
    assert "CREATE TABLE" in text
    assert "syntax error" in text
    assert "reads no table of this database" in text
    assert 'column \\"nope\\" does not exist' in text


def test_room_is_kept(
    tuned: Database, queries: Path, report: Callable[..., dict[str, Any]]
) -> None:
    everything = report(tuned.url, "--workload", str(queries))["tuning"]
    total = sum(index["bytes"] for index in everything["indexes"])
    half = report(tuned.url, "--workload", str(queries), "--budget", f"{total // 2}B")["tuning"]
    assert 0 < sum(index["bytes"] for index in half["indexes"]) <= total // 2
    assert everything["cost_after"] < half["cost_after"] < everything["cost_before"]


def test_writes_have_their_price(
    tuned: Database, tmp_path: Path, report: Callable[..., dict[str, Any]]
) -> None:
    """What one rare query saves is not worth a column that is updated all the time."""
    path = tmp_path / "writes.sql"
    rare = "SELECT id FROM shop.orders WHERE total = 17;\n"
    path.write_text(rare, encoding="utf-8")
    assert report(tuned.url, "--workload", str(path))["tuning"]["indexes"]
    busy = "-- calls: 1000000\nUPDATE shop.orders SET total = total + 1 WHERE id = 5;\n"
    path.write_text(rare + busy, encoding="utf-8")
    assert not report(tuned.url, "--workload", str(path))["tuning"]["indexes"]


def test_a_snapshot_needs_no_server(
    tuned: Database,
    queries: Path,
    tmp_path: Path,
    report: Callable[..., dict[str, Any]],
    dbwright: Callable[..., Done],
) -> None:
    live = report(tuned.url, "--workload", str(queries))
    file = tmp_path / "shop.dbw"
    assert dbwright("snapshot", tuned.url, "-o", file, "-q").status == 0
    again = report(str(file), "--workload", str(queries))
    assert again["tuning"]["queries"] == live["tuning"]["queries"]
    pairs = list(zip(again["tuning"]["indexes"], live["tuning"]["indexes"], strict=True))
    rough = [index for index, _ in pairs if "most_bytes" in index]
    assert rough, "of a document nobody knows without a count of its entries"
    for index, counted in pairs:
        assert index["definition"] == counted["definition"]
        if index in rough:
            assert index["least_bytes"] <= counted["bytes"] <= index["most_bytes"]
            assert "most_bytes" not in counted
        else:
            assert index == counted


def test_the_page_shows_queries_and_costs(
    tuned: Database, queries: Path, tmp_path: Path, dbwright: Callable[..., Done]
) -> None:
    page = tmp_path / "advice.html"
    done = dbwright("tune", tuned.url, "--workload", queries, "--also", page)
    assert done.status == 0, done.err
    assert all(word in done.out for word in ("Cost", "Room", "Search", "Queries"))
    assert "lower(email)" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--budget", "much"], "is no size"),
        (["--effort", "0"], "--effort must be more than 0"),
        (["--workload", "no-such-file"], "there is no file"),
    ],
)
def test_a_wrong_call(
    tuned: Database, arguments: list[str], words: str, dbwright: Callable[..., Done]
) -> None:
    done = dbwright("tune", tuned.url, *arguments)
    assert done.status == 2
    assert words in done.err


def test_without_pg_stat_statements(tuned: Database, dbwright: Callable[..., Done]) -> None:
    done = dbwright("tune", tuned.url)
    assert done.status == 2
    assert "shared_preload_libraries" in done.err


def test_why_not_this_index(
    tuned: Database, queries: Path, report: Callable[..., dict[str, Any]]
) -> None:
    asked = {
        "shop.users (lower(email))": "among the advice",
        "shop.orders (user_id)": "",
        "shop.orders (note)": "no query of the workload gets cheaper",
        "shop.orders (id)": "has this index already",
        "shop.orders (status, total DESC)": "",
    }
    options = [part for text in asked for part in ("--why", text)]
    found = report(tuned.url, "--workload", str(queries), *options)["tuning"]["asked"]
    assert len(found) == len(asked)
    for one, words in zip(found, asked.values(), strict=True):
        assert words in one["verdict"]
        assert one["bytes"] > 0
    assert found[0]["saved_alone"] > 0


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("nonsense", "is no index"),
        ("shop.orders (", "is no index"),
        ("shop.nothing (a)", "there is no table 'nothing'"),
        ("shop.orders (nope)", "has no column 'nope'"),
        ("shop.orders (id); DROP TABLE shop.orders", "is no index"),
    ],
)
def test_a_wrong_question(
    tuned: Database, queries: Path, asked: str, words: str, dbwright: Callable[..., Done]
) -> None:
    done = dbwright("tune", tuned.url, "--workload", queries, "--why", asked)
    assert done.status == 2
    assert words in done.err


def test_a_query_is_written_another_way(
    tuned: Database, tmp_path: Path, report: Callable[..., dict[str, Any]]
) -> None:
    path = tmp_path / "counting.sql"
    path.write_text(
        "SELECT id FROM shop.users u WHERE "
        "(SELECT count(*) FROM shop.orders o WHERE o.user_id = u.id) > 0;\n",
        encoding="utf-8",
    )
    found = report(tuned.url, "--workload", path)["findings"]
    (rewritten,) = [f for f in found if f["rule"] == "rewrites/count-compared-with-zero"]
    assert "EXISTS" in rewritten["evidence"]["rewritten"][0]
    assert rewritten["proof"]["level"] == "estimated"
