"""An index that somebody writes down is taken as it was written."""

from __future__ import annotations

import pytest

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.tune.indexes.asked import asked_index, with_share
from dbwright.tune.indexes.estimate import candidate_size
from dbwright.tune.indexes.hash_buckets import built_buckets, initial_buckets
from dbwright.tune.indexes.tsvector_text import lexemes
from servers.postgresql import Database

ASKED = {
    "t (id) WITH (fillfactor = 70)": (("fillfactor", "70"),),
    "t (id) WITH (deduplicate_items = off)": (("deduplicate_items", "off"),),
    "t USING brin (id) WITH (pages_per_range = 1)": (("pages_per_range", "1"),),
    "t USING brin (id) WITH (autosummarize)": (("autosummarize", "true"),),
    "t (seldom) WHERE seldom IS NOT NULL": (),
    "t (kind, seldom) WHERE kind = 2": (),
    "t USING hash (id)": (),  # one row more than its buckets should have
    "t USING gist (place)": (),
}


def test_options_and_predicates_count(database: Database) -> None:
    database.execute(
        "CREATE TABLE t AS SELECT i AS id, i % 4 AS kind, point(i % 100, i / 100) AS place, "
        "CASE WHEN i % 12 = 0 THEN i END AS seldom FROM generate_series(1, 9825) i; ANALYZE t"
    )
    with Session.open(database.url, 30) as session:
        snapshot = read(session, values=None)
    assert snapshot.statistics is not None
    table = snapshot.catalog.table("public.t")
    for text, options in ASKED.items():
        asked = asked_index(text, snapshot.catalog)
        assert asked.options == options
        asked = with_share(asked, table, snapshot.catalog, snapshot.statistics)
        found = candidate_size(asked, table, snapshot.catalog, snapshot.statistics)
        database.execute(asked.definition("built"))
        real = database.execute("SELECT pg_relation_size('built') / 8192")[0][0]
        database.execute("DROP INDEX built")
        assert found.pages == pytest.approx(real, rel=0.1, abs=1), text


def test_one_row_too_many_takes_the_next_step_of_buckets() -> None:
    assert [initial_buckets(rows, 307) for rows in (9824, 9825)] == [32, 32]
    assert [built_buckets(rows, 307) for rows in (9824, 9825)] == [32, 64]


TEXTS = ("'cat':3 'dog':1A,2", "'it''s' 'back\\\\slash' 'a b'", "")


@pytest.mark.parametrize("text", TEXTS)
def test_lexemes(database: Database, text: str) -> None:
    found = database.execute(
        f"SELECT v::text, tsvector_to_array(v) FROM (SELECT $x${text}$x$::tsvector AS v) s"
    )
    assert lexemes(found[0][0]) == set(found[0][1])
