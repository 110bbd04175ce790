"""Indexes that need an extension: made where the server could have it, and so said."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from tests.tune.indexes.workload import advised, snapshot_of

from dbwright.engines.snapshot_file import load, save
from dbwright.sql.scope import CatalogRelations, analyse
from dbwright.tune.index_findings import index_findings
from dbwright.tune.indexes.advise import IndexOptions
from dbwright.tune.indexes.asked import asked_index
from dbwright.tune.indexes.candidates import Limits, candidates
from dbwright.tune.indexes.estimate import candidate_size
from dbwright.tune.indexes.search import Effort
from servers.postgresql import Database

SCHEMA = """
CREATE TABLE notes (id bigint PRIMARY KEY, author int NOT NULL, body text NOT NULL, a int, b int,
    c int, d int);
INSERT INTO notes SELECT n, n % 50, md5(n::text) || md5((n * 7)::text), n % 11, n % 13, n % 17,
    n % 19 FROM generate_series(1, 40000) n;
"""
PATTERN = ((10, "SELECT id FROM notes WHERE body LIKE '%abcdef%'"),)
TRIGRAMS = "public.notes USING gin (body gin_trgm_ops)"


@pytest.fixture
def notes(database: Database) -> Database:
    database.execute(SCHEMA)
    database.execute("VACUUM ANALYZE")
    return database


def test_an_extension_that_could_be_created(notes: Database) -> None:
    snapshot = snapshot_of(notes.url)
    assert {"pg_trgm", "btree_gin", "plpgsql"} <= {*snapshot.catalog.available_extensions}
    found = advised(snapshot, PATTERN)
    assert {definition.replace("public.", "") for definition in found.definitions} == {
        TRIGRAMS.replace("public.", "")
    }
    (finding,) = index_findings(snapshot, found.tuning, found.candidates)
    assert finding.fix is not None
    up = finding.fix.up.splitlines()
    assert up[0] == "CREATE EXTENSION IF NOT EXISTS pg_trgm;"
    assert "EXTENSION" not in finding.fix.down
    assert "extension" in finding.fix.risk
    with psycopg.connect(notes.url, autocommit=True) as connection:
        for line in (*up, "VACUUM ANALYZE"):
            connection.execute(line.encode())
        row = connection.execute(f"EXPLAIN {PATTERN[0][1]}".encode()).fetchall()
        assert found.tuning.indexes[0].name in str(row)
        connection.execute(finding.fix.down.encode())


def test_one_that_is_there_is_not_created_again(notes: Database) -> None:
    """Wherever it was put."""
    notes.execute("CREATE SCHEMA extra; CREATE EXTENSION pg_trgm SCHEMA extra")
    snapshot = snapshot_of(notes.url)
    found = advised(snapshot, PATTERN)
    (finding,) = index_findings(snapshot, found.tuning, found.candidates)
    assert finding.fix is not None
    assert "EXTENSION" not in finding.fix.up
    notes.execute(finding.fix.up)
    again = advised(snapshot_of(notes.url), PATTERN)
    assert not again.definitions


BOOKINGS = """
CREATE TABLE bookings (id bigint PRIMARY KEY, room int NOT NULL, tenant text NOT NULL,
    during tstzrange NOT NULL, data jsonb NOT NULL, note text NOT NULL);
INSERT INTO bookings SELECT n, n % 400, 'tenant ' || n % 300,
    tstzrange(timestamptz '2025-01-01' + n % 500 * interval '1 hour',
              timestamptz '2025-01-01' + n % 500 * interval '1 hour' + interval '9 hours'),
    jsonb_build_object('kind', n % 100), repeat('x', 50) FROM generate_series(1, 60000) n;
"""


@pytest.mark.parametrize(
    ("query", "extension", "definition"),
    [
        (
            "SELECT note FROM bookings WHERE room = 5 AND during && "
            "tstzrange('2025-01-05', '2025-01-06')",
            "btree_gist",
            "USING gist (room, during)",
        ),
        (
            """SELECT note FROM bookings WHERE tenant = 'tenant 7' AND data @> '{"kind": 7}'""",
            "btree_gin",
            "USING gin (tenant, data jsonb_path_ops)",
        ),
    ],
)
def test_a_plain_column_before_what_a_b_tree_can_not_hold(
    database: Database, query: str, extension: str, definition: str
) -> None:
    database.execute(BOOKINGS)
    database.execute("VACUUM ANALYZE")
    snapshot = snapshot_of(database.url)
    asked = asked_index(f"bookings {definition}", snapshot.catalog)
    mine = next(
        one
        for one in candidates(
            analyse(query, CatalogRelations(snapshot.catalog)),
            snapshot.catalog,
            snapshot.statistics,
            available=snapshot.catalog.available_extensions,
        )
        if one.keys == asked.keys and one.method == asked.method
    )
    assert mine.requires == (extension,)
    assert snapshot.statistics is not None
    table = snapshot.catalog.table("public.bookings")
    size = candidate_size(mine, table, snapshot.catalog, snapshot.statistics)
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(f"CREATE EXTENSION {extension}".encode())
        connection.execute(mine.definition("found").encode())
        row = connection.execute("SELECT pg_relation_size('found')").fetchone()
        assert row is not None
        assert 0.4 * row[0] < size.bytes < 2.5 * row[0]
        plan = connection.execute(f"EXPLAIN {query}".encode()).fetchall()
    assert "found" in str(plan)
    # And the twin says the same: it is as good as what was advised.
    options = IndexOptions(effort=Effort(2000, 60), asked=(mine,))
    (why,) = advised(snapshot, [(1, query)], options).tuning.asked
    assert why.queries == 1
    assert why.saved_alone > 0


def test_without_it_nothing_is_advised(notes: Database) -> None:
    snapshot = snapshot_of(notes.url)
    none = replace(snapshot, catalog=replace(snapshot.catalog, available_extensions=()))
    assert not advised(none, PATTERN).definitions


def test_a_snapshot_keeps_them_and_older_files_are_read(notes: Database, tmp_path: Path) -> None:
    snapshot = snapshot_of(notes.url)
    save(snapshot, tmp_path / "new.dbw")
    assert load(tmp_path / "new.dbw") == snapshot
    header, _, body = gzip.decompress((tmp_path / "new.dbw").read_bytes()).partition(b"\n")
    document = json.loads(body)
    del document["catalog"]["available_extensions"]
    old = header + b"\n" + json.dumps(document).encode()
    (tmp_path / "old.dbw").write_bytes(gzip.compress(old))
    assert load(tmp_path / "old.dbw").catalog.available_extensions == ()


@pytest.mark.parametrize(("width", "widest"), [(1, 1), (2, 2), (4, 4)])
def test_no_index_is_wider_than_is_wanted(notes: Database, width: int, widest: int) -> None:
    snapshot = snapshot_of(notes.url)
    texts = ((9, "SELECT id FROM notes WHERE a = 1 AND b = 2 AND c = 3 AND d = 4"),)
    options = IndexOptions(limits=Limits(width=width, included=0), partial=False)
    found = advised(snapshot, texts, options)
    assert max(len(candidate.keys) for candidate in found.candidates) == widest
    assert not any(candidate.include for candidate in found.candidates)
