"""A twin plans as the original does: same plans, same costs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbwright.demo.shop import build, workload
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.snapshot import Snapshot
from dbwright.sandbox import Server, start
from dbwright.sandbox.twin.twin import Twin, twin
from servers.postgresql import Database

HERE = Path(__file__).parent
LARGE = 1000.0


def snapshot_of(url: str) -> Snapshot:
    with Session.open(url, 60) as session:
        return read(session, values=None)


def library(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((HERE / "schema.sql").read_bytes())
        # Not all at once: some tables have never been analyzed.
        for table in ("authors", "books", "loans", "notes", "long_notes", "empty", "per_author"):
            connection.execute(f"VACUUM ANALYZE library.{table}".encode())


def library_queries() -> list[str]:
    text = (HERE / "queries.sql").read_text(encoding="utf-8")
    return [line.removesuffix(";") for line in text.splitlines() if line]


def shape(node: dict[str, Any]) -> tuple[Any, ...]:
    children = tuple(shape(child) for child in node.get("Plans", ()))
    return (
        node["Node Type"],
        node.get("Join Type"),
        node.get("Schema"),
        node.get("Relation Name"),
        node.get("Alias"),
        node.get("Index Name"),
        children,
    )


def plan(connection: psycopg.Connection[Any], query: str) -> dict[str, Any]:
    row = connection.execute(f"EXPLAIN (FORMAT JSON, VERBOSE) {query}".encode()).fetchone()
    assert row is not None
    found: dict[str, Any] = row[0][0]["Plan"]
    return found


def compare(url: str, copy: Twin, queries: list[str]) -> tuple[list[str], list[float]]:
    """The queries whose plans differ, and how the costs of the large ones relate."""
    different: list[str] = []
    ratios: list[float] = []
    total_here = total_there = 0.0
    with psycopg.connect(url, autocommit=True) as original, copy.connect() as twin_session:
        for query in queries:
            there, here = plan(original, query), plan(twin_session, query)
            if shape(there) != shape(here):
                different.append(query)
            total_there += there["Total Cost"]
            total_here += here["Total Cost"]
            if there["Total Cost"] > LARGE:
                ratios.append(here["Total Cost"] / there["Total Cost"])
    ratios.append(total_here / total_there)
    return different, ratios


@pytest.fixture(scope="module")
def shop() -> Iterator[Server]:
    with start(settings={"autovacuum": "off"}) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            build(connection)
            connection.execute("VACUUM ANALYZE")
        yield server


def test_the_library(database: Database) -> None:
    library(database.url)
    queries = library_queries()
    assert len(queries) >= 60
    with twin(snapshot_of(database.url)) as copy:
        assert copy.skipped == ()
        different, ratios = compare(database.url, copy, queries)
    assert len(different) <= 0.05 * len(queries), different
    assert all(0.95 < ratio < 1.05 for ratio in ratios[:-1]), ratios
    assert 0.97 < ratios[-1] < 1.03


def test_the_demo_shop(shop: Server) -> None:
    queries = [query.text for query in workload()]
    with twin(snapshot_of(shop.url())) as copy:
        assert copy.skipped == ()
        different, ratios = compare(shop.url(), copy, queries)
    assert len(different) <= 0.05 * len(queries), different
    assert all(0.95 < ratio < 1.05 for ratio in ratios), ratios


def test_an_older_server(database_15: Database) -> None:
    """Both sides are of one major, without the wheel."""
    library(database_15.url)
    queries = library_queries()
    with twin(snapshot_of(database_15.url), major=15) as copy:
        assert copy.skipped == ()
        different, ratios = compare(database_15.url, copy, queries)
    assert len(different) <= 0.05 * len(queries), different
    assert all(0.95 < ratio < 1.05 for ratio in ratios), ratios


def test_empty_b_trees_of_any_height_can_be_scanned(database: Database) -> None:
    """The planner looks for extreme values in them, and so may anybody."""
    database.execute(
        "CREATE TABLE t (a integer, b text); INSERT INTO t SELECT n, n FROM generate_series(1, 50000)"
        " n; CREATE INDEX t_a ON t (a); CREATE INDEX t_b ON t (b, a)"
    )
    database.execute("VACUUM ANALYZE t")
    with twin(snapshot_of(database.url)) as copy, copy.connect() as connection:
        connection.execute("SET enable_seqscan = off")
        for query in (
            "SELECT * FROM t WHERE a > 49999",
            "SELECT max(a) FROM t",
            "SELECT min(b) FROM t WHERE b > '7'",
            "SELECT a FROM t ORDER BY a DESC",
        ):
            rows = connection.execute(query.encode()).fetchall()
            assert rows in ([], [(None,)])


def test_extended_statistics_of_a_table_with_dropped_columns(database: Database) -> None:
    """They speak of columns by number, and a twin's tables have no gaps."""
    for statement in (
        "CREATE TABLE t (gone int, a int, gone_too text, b int, c int)",
        "INSERT INTO t SELECT 0, i % 100, 'x', i % 100, i % 50 FROM generate_series(1, 20000) i",
        "ALTER TABLE t DROP COLUMN gone, DROP COLUMN gone_too",
        "CREATE STATISTICS hang_together (ndistinct, dependencies, mcv) ON a, b, c FROM t",
        "ANALYZE t",
    ):
        database.execute(statement)
    snapshot = snapshot_of(database.url)
    asked = (
        "SELECT * FROM t WHERE a = 7 AND b = 7",
        "SELECT * FROM t WHERE b = 9 AND c = 9",
        "SELECT a, b, c, count(*) FROM t GROUP BY a, b, c",
    )
    with twin(snapshot, major=database.server.major) as copy:
        assert copy.skipped == ()
        for query in asked:
            (row,) = database.execute(f"EXPLAIN (FORMAT JSON) {query}")
            real = row[0][0]["Plan"]["Plan Rows"]
            assert copy.explain(query)["Plan"]["Plan Rows"] == real


OWN = """
CREATE COLLATION bytes (provider = libc, locale = 'C');
CREATE DOMAIN code AS text COLLATE "C";
CREATE TABLE words (
    id int PRIMARY KEY, word text COLLATE bytes, code code, other text, spans int4multirange
);
INSERT INTO words SELECT n, 'w' || n, 'c' || n, 'o' || n,
    int4multirange(int4range(n % 90, n % 90 + 5), int4range(n % 90 + 9, n % 90 + 12))
FROM generate_series(1, 20000) n;
CREATE INDEX words_word ON words (word);
CREATE INDEX words_code ON words (code);
CREATE INDEX words_other ON words (other);
CREATE STATISTICS words_of_sixteen ON (id % 16), (length(word)) FROM words;
ANALYZE words;
"""
OWN_QUERIES = [
    "SELECT * FROM words WHERE word LIKE 'w12%'",
    "SELECT * FROM words WHERE code LIKE 'c12%'",
    "SELECT * FROM words WHERE other LIKE 'o12%'",
    "SELECT id % 16, count(*) FROM words GROUP BY 1",
    "SELECT * FROM words WHERE id % 16 = 3",
    "SELECT id % 16, length(word), count(*) FROM words GROUP BY 1, 2",
    "SELECT * FROM words WHERE spans && int4multirange(int4range(3, 4))",
]


def test_collations_and_statistics_of_expressions(database: Database) -> None:
    database.execute(OWN)
    with twin(snapshot_of(database.url)) as copy:
        assert copy.skipped == ()
        different, ratios = compare(database.url, copy, OWN_QUERIES)
    assert different == []
    assert 0.99 < ratios[-1] < 1.01


def test_collations_that_this_server_can_not_have(database_15: Database) -> None:
    """They come from ICU, without which the wheel's server is built. The table is there all the
    same; and a default that differs between versions is production's."""
    database_15.execute(
        "CREATE COLLATION german (provider = icu, locale = 'de-u-co-phonebk');"
        "CREATE DOMAIN town AS text COLLATE german;"
        'CREATE TABLE people (name text COLLATE german, town town, note text COLLATE "de-x-icu");'
        "CREATE INDEX people_name ON people (name); CREATE INDEX people_note ON people (note);"
        "INSERT INTO people SELECT 'n' || n, 't' || n, 'x' || n FROM generate_series(1, 9000) n;"
        "ANALYZE people"
    )
    snapshot = snapshot_of(database_15.url)
    with twin(snapshot) as copy:
        told = [skipped.reason for skipped in copy.skipped]
        assert len(told) == 2
        assert all("has no collation" in reason for reason in told)
        queries = ["SELECT * FROM people WHERE name LIKE 'n12%'", "SELECT * FROM people"]
        different, _ = compare(database_15.url, copy, queries)
        assert different == []
        with copy.connect() as connection:
            row = connection.execute(
                "SELECT current_setting('enable_self_join_elimination'), "
                "current_setting('effective_io_concurrency')"
            ).fetchone()
        assert row == ("off", "1")
