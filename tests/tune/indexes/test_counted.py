"""Sizes by what was counted in rows, beside real builds: where statistics tell little."""

from __future__ import annotations

import pytest

from dbwright.engines.postgresql.entries import EntriesWanted, EntryCounter
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.sandbox.server import Server
from dbwright.sql.scope import CatalogRelations, analyse
from dbwright.tune.indexes.asked import asked_index, with_share
from dbwright.tune.indexes.candidates import candidates
from dbwright.tune.indexes.counted import counted
from dbwright.tune.indexes.sized import Sized, sized_candidate
from servers.postgresql import Database

ROWS = 16_000
TABLE = f"""
CREATE TABLE notes AS
SELECT i, to_tsvector('simple', md5(i::text) || ' ' || md5((i * 3)::text) || ' w' || i % 50) AS w,
       ARRAY[i * 7 % 90000, i * 13 % 90000, i % 40] AS a,
       jsonb_build_object('id', i, 'kind', i % 5, 'note', repeat(md5(i::text), i % 20)) AS d,
       repeat(md5((i % 3000)::text), 10 + i % 3000 % 20) AS long,
       repeat(md5((i % 3000)::text), 40) AS too_long
FROM generate_series(1, {ROWS}) i;
CREATE TABLE parts (i int, a text[]) PARTITION BY RANGE (i);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (9000);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (9000) TO (100000);
INSERT INTO parts SELECT i, ARRAY[md5(i::text), 'x' || i % 9] FROM generate_series(1, {ROWS}) i;
"""
INDEXES = (
    "notes USING gin (w)",
    "notes USING gin (a)",
    "notes USING gin (d)",
    "notes USING gin (d jsonb_path_ops)",
    "notes USING gin (to_tsvector('simple', md5(i::text)))",
    "notes (md5(i::text))",
    "notes ((d ->> 'kind'), ((d ->> 'id')::int % 100))",
    "parts USING gin (a)",
)


@pytest.fixture(scope="module")
def notes(postgresql: Server) -> tuple[Database, Snapshot]:
    """For all tests: none leaves anything behind."""
    postgresql.create_database("counted_notes")
    database = Database(postgresql, "counted_notes", postgresql.url("counted_notes"))
    database.execute(TABLE)
    database.execute("VACUUM ANALYZE")
    with Session.open(database.url, 30) as session:
        return database, read(session, values=None)


def sized(text: str, snapshot: Snapshot) -> Sized:
    assert snapshot.statistics is not None
    candidate = asked_index(text, snapshot.catalog)
    table = next(one for one in snapshot.catalog.tables if one.oid == candidate.table_oid)
    candidate = with_share(candidate, table, snapshot.catalog, snapshot.statistics)
    return sized_candidate(candidate, table, snapshot.catalog, snapshot.statistics, False)


def test_counts_tell_sizes(notes: tuple[Database, Snapshot]) -> None:
    database, snapshot = notes
    before = [sized(text, snapshot) for text in INDEXES]
    with EntryCounter(database.url) as count:
        after, found, skipped = counted(snapshot, before, count, hypopg_unit=False)
    assert skipped == []
    assert after.statistics is not None
    assert len(after.statistics.entries) == len(INDEXES)
    for text, guess, told in zip(INDEXES, before, found, strict=True):
        database.execute(f"CREATE INDEX built ON {text}")
        real = database.execute(
            "SELECT sum(pg_relation_size(oid)) / 8192 FROM pg_class "
            "WHERE relkind = 'i' AND relnamespace = 'public'::regnamespace"
        )[0][0]
        database.execute("DROP INDEX built")
        assert told.size.pages == pytest.approx(float(real), rel=0.15), text
        assert guess.size.rough, text
        assert not told.size.rough, text
        assert guess.size.least_bytes < guess.size.bytes < guess.size.most_bytes


def test_an_index_compresses_long_values(notes: tuple[Database, Snapshot]) -> None:
    database, snapshot = notes
    told, unknown = sized("notes (long)", snapshot), sized("notes (too_long)", snapshot)
    database.execute("CREATE INDEX built ON notes (long)")
    real = database.execute("SELECT pg_relation_size('built') / 8192")[0][0]
    database.execute("DROP INDEX built")
    assert told.size.pages == pytest.approx(real, rel=0.15)
    assert unknown.size.rough  # of values beyond 1 KiB ANALYZE keeps none
    with EntryCounter(database.url) as count:
        _, (found,), _ = counted(snapshot, [unknown], count, hypopg_unit=False)
    assert found.size.rough
    assert found.size.distinct[-1] == pytest.approx(3000, rel=0.2)


def test_no_btree_of_values_that_it_would_refuse(notes: tuple[Database, Snapshot]) -> None:
    """Of values that are stored elsewhere ANALYZE counts 18 bytes, and no value."""
    _, snapshot = notes
    catalog = snapshot.catalog
    query = "SELECT i, too_long FROM notes WHERE too_long = 'x' AND i > 5"
    statement = analyse(query, CatalogRelations(catalog))
    found = candidates(statement, catalog, snapshot.statistics)
    with_it = {c.method for c in found if "too_long" in c.signature}
    assert with_it == {"hash"}


def test_the_budget_counts_what_a_rough_size_may_come_to(
    notes: tuple[Database, Snapshot],
) -> None:
    database, snapshot = notes
    rough = sized("notes USING gin (w)", snapshot)
    assert rough.counted_bytes == rough.size.most_bytes > rough.size.bytes
    with EntryCounter(database.url) as count:
        _, (known,), _ = counted(snapshot, [rough], count, hypopg_unit=False)
    assert known.counted_bytes == known.size.bytes


def test_what_can_not_be_counted_is_told_once(notes: tuple[Database, Snapshot]) -> None:
    _, snapshot = notes
    asked: list[EntriesWanted] = []

    def refuse(wanted: EntriesWanted) -> Skipped:
        asked.append(wanted)
        return Skipped("tune.entries", "no", "", (wanted.keys[0],))

    before = [sized(text, snapshot) for text in INDEXES]
    after, found, skipped = counted(snapshot, before, refuse, hypopg_unit=False)
    assert after is snapshot
    assert found == before
    assert len(asked) == len(set(asked)) == len(INDEXES)
    (told,) = skipped
    assert len(told.objects) == len(INDEXES)


def test_small_indexes_and_those_that_are_known_are_not_asked_about(
    notes: tuple[Database, Snapshot],
) -> None:
    _, snapshot = notes

    def count(_: EntriesWanted) -> Skipped:
        raise AssertionError("nothing is in doubt")

    plain = [sized(text, snapshot) for text in ("notes (i)", "notes USING brin (i)")]
    assert counted(snapshot, plain, count, hypopg_unit=False) == (snapshot, plain, [])
