"""The formula, beside HypoPG 1.3.1 itself (Debian's postgresql-15-hypopg)."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import Index, Table
from dbwright.model.snapshot import Snapshot
from dbwright.tune.indexes.hypopg_size import hypopg_bytes, hypopg_size
from servers.postgresql import Database

TABLE = """
CREATE TABLE measured AS
SELECT g AS a, g::bigint AS b, repeat('x', g % 40) AS c, g % 7 = 0 AS d,
       now() + g * interval '1 s' AS e, CASE WHEN g % 3 = 0 THEN NULL ELSE g END AS n,
       (g % 5)::text::varchar(10) AS v, point(g, g) AS p, g::numeric AS m
FROM generate_series(1, 30000) g
"""
INDEXES = [
    "(a)",
    "(b)",
    "(a, b)",
    "(c)",
    "(a) INCLUDE (b, c)",
    "(a, b, c, d)",
    "(d)",
    "(n DESC)",
    "(m, e)",
    "(lower(c))",
    "(upper(v))",
    "(md5(c))",
    "(length(c))",
    "(lower(c || 'x'))",
    "(a) WITH (fillfactor = 70)",
    "USING hash (a)",
    "USING hash (c)",
    "USING brin (a)",
    "USING brin (a, e) WITH (pages_per_range = 2)",
]


@pytest.fixture
def hypopg(database_15: Database) -> Database:
    (found,) = database_15.execute(
        "SELECT count(*) FROM pg_available_extensions WHERE name = 'hypopg'"
    )
    if not found[0] and os.environ.get("DBWRIGHT_SKIP_MISSING"):
        pytest.skip("postgresql-15-hypopg is not installed")
    assert found[0], "install postgresql-15-hypopg, or set DBWRIGHT_SKIP_MISSING"
    database_15.execute("CREATE EXTENSION hypopg")
    return database_15


def ask(database: Database, definitions: list[str]) -> list[int]:
    """What HypoPG says of each."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        found: list[int] = []
        for definition in definitions:
            row: Any = connection.execute(
                "SELECT hypopg_relation_size(indexrelid) FROM hypopg_create_index(%s)",
                [f"CREATE INDEX ON measured {definition}"],
            ).fetchone()
            found.append(int(row[0]))
        return found


def build(database: Database, definitions: list[str]) -> tuple[Snapshot, Table, list[Index]]:
    """The same indexes, as the model has them."""
    for number, definition in enumerate(definitions):
        database.execute(f"CREATE INDEX i{number} ON measured {definition}")
    with Session.open(database.url, 30) as session:
        snapshot = read(session)
    table = snapshot.catalog.table("public.measured")
    by_name = {index.name: index for index in table.indexes}
    return snapshot, table, [by_name[f"i{number}"] for number in range(len(definitions))]


@pytest.mark.parametrize("rows", [30000, 700])
def test_equal_to_the_byte(hypopg: Database, rows: int) -> None:
    hypopg.execute(f"{TABLE}; DELETE FROM measured WHERE a > {rows}")
    hypopg.execute("VACUUM ANALYZE measured")
    theirs = ask(hypopg, INDEXES)
    snapshot, table, indexes = build(hypopg, INDEXES)
    assert snapshot.statistics is not None
    ours = [hypopg_size(index, table, snapshot.catalog, snapshot.statistics) for index in indexes]
    assert dict(zip(INDEXES, ours, strict=True)) == dict(zip(INDEXES, theirs, strict=True))


def test_a_table_that_grew_since(hypopg: Database) -> None:
    hypopg.execute(TABLE)
    hypopg.execute("VACUUM ANALYZE measured")
    hypopg.execute("ALTER TABLE measured SET (autovacuum_enabled = off)")
    hypopg.execute("INSERT INTO measured SELECT * FROM measured")
    theirs = ask(hypopg, INDEXES)
    snapshot, table, indexes = build(hypopg, INDEXES[:1])
    assert snapshot.statistics is not None
    # Building an index sets the table's counts anew: those of before are put back.
    counted = snapshot.statistics.of(table)
    assert counted is not None
    assert counted.heap_bytes is not None
    before = replace(counted, rows=30000.0, pages=counted.heap_bytes // 8192 // 2)
    statistics = replace(snapshot.statistics, tables=(before,))
    assert hypopg_size(indexes[0], table, snapshot.catalog, statistics) == pytest.approx(
        theirs[0], rel=0.01
    )


def test_partial(hypopg: Database) -> None:
    hypopg.execute(TABLE)
    hypopg.execute("VACUUM ANALYZE measured")
    definitions = ["(a) WHERE d", "(a, b) WHERE a < 3000"]
    theirs = ask(hypopg, definitions)
    snapshot, table, indexes = build(hypopg, definitions)
    assert snapshot.statistics is not None
    for index, share, their in zip(indexes, (1 / 7, 0.1), theirs, strict=True):
        ours = hypopg_size(index, table, snapshot.catalog, snapshot.statistics, share=share)
        assert ours == pytest.approx(their, rel=0.05)  # the planner's share is an estimate


def test_unknown_method() -> None:
    with pytest.raises(ValueError, match="gin"):
        hypopg_bytes("gin", [4], 100.0)


def test_empty_table() -> None:
    assert hypopg_bytes("btree", [4], 0.0) == 8192
