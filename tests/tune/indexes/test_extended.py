"""Combinations of columns whose number is known."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.snapshot import Snapshot
from dbwright.tune.indexes.extended import decoded_ndistinct, known_combinations
from servers.postgresql import Database

SCHEMA = """
CREATE TABLE part_of (a int, b int, PRIMARY KEY (a, b));
INSERT INTO part_of SELECT g / 4, g FROM generate_series(1, 1000) g;
CREATE TABLE line (id int PRIMARY KEY, a int, b int, c int, d int,
    FOREIGN KEY (a, b) REFERENCES part_of, UNIQUE (c, d));
INSERT INTO line SELECT g, g % 1000 / 4 + 0, g % 1000, nullif(g % 7, 3), g
FROM generate_series(1, 5000) g WHERE g % 1000 <> 0;
CREATE STATISTICS numbers (ndistinct) ON b, c, d FROM line
"""


def look(database: Database) -> Snapshot:
    with Session.open(database.url, 30) as session:
        return read(session, values=None)


def test_server_bytes_are_read(any_database: Database) -> None:
    any_database.execute(SCHEMA)
    any_database.execute("ANALYZE")
    snapshot = look(any_database)
    assert snapshot.statistics is not None
    (data,) = snapshot.statistics.extended
    found = dict(decoded_ndistinct(dict(data.parts)["ndistinct"]))
    row: Any = any_database.execute("SELECT stxdndistinct::text FROM pg_statistic_ext_data")[0]
    theirs = {
        frozenset(int(place) for place in key.split(",")): value
        for key, value in ast.literal_eval(row[0]).items()
    }
    assert {key: round(value) for key, value in found.items()} == theirs


def test_keys_and_references(database: Database) -> None:
    database.execute(SCHEMA)
    database.execute("ANALYZE")
    snapshot = look(database)
    assert snapshot.statistics is not None
    table = snapshot.catalog.table("public.line")
    found = known_combinations(table, snapshot.catalog, snapshot.statistics, 4995.0)
    assert found[frozenset({"id"})] == 4995
    # 4,995 rows reach nearly all of the thousand that they may point to.
    assert found[frozenset({"a", "b"})] == pytest.approx(1000, rel=0.02)
    # c may be null, so that UNIQUE (c, d) says nothing; extended statistics do.
    assert found[frozenset({"c", "d"})] == pytest.approx(4995, rel=0.01)
    assert found[frozenset({"b", "c"})] == pytest.approx(4995, rel=0.2)


@pytest.mark.parametrize("data", ["", "00", "00" * 40])
def test_other_bytes_say_nothing(data: str) -> None:
    assert list(decoded_ndistinct(data)) == []
