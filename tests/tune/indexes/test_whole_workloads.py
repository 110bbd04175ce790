"""Advice for workloads in which one query has to do with another's index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from tests.tune.indexes.workload import Advised, advised, snapshot_of

from dbwright.errors import UsageError
from dbwright.model.finding import Fix
from dbwright.model.snapshot import Snapshot
from dbwright.sandbox import Server
from dbwright.tune.index_findings import index_findings
from dbwright.tune.indexes.advise import IndexOptions
from dbwright.tune.indexes.asked import asked_index
from dbwright.tune.indexes.search import Effort
from servers.postgresql import Database

# No table has more rows than ANALYZE reads: it finds the same each time.
SCHEMA = """
CREATE TABLE users (id int PRIMARY KEY, tenant int NOT NULL, mail text NOT NULL, gone date,
    "100%" text NOT NULL, note text NOT NULL);
INSERT INTO users SELECT i, i % 300, 'User' || i || '@Example.com',
    CASE WHEN i % 20 = 0 THEN date '2025-01-01' END, 'P' || i % 7, repeat('x', 60)
    FROM generate_series(1, 30000) i;
CREATE TABLE tasks (id int PRIMARY KEY, assignee int, parent int, status text NOT NULL,
    at timestamp NOT NULL, document tsvector NOT NULL);
INSERT INTO tasks SELECT i, i % 9000, i / 3, CASE WHEN i % 9 = 0 THEN 'open' ELSE 'done' END,
    timestamp '2025-01-01' + i * interval '3 minutes', to_tsvector('simple', 'word' || i % 4000)
    FROM generate_series(1, 28000) i;
CREATE TABLE readings (at date NOT NULL, device int NOT NULL, value int NOT NULL)
    PARTITION BY RANGE (at);
CREATE TABLE early PARTITION OF readings FOR VALUES FROM ('2025-01-01') TO ('2025-03-01');
CREATE TABLE late PARTITION OF readings FOR VALUES FROM ('2025-03-01') TO ('2025-05-01');
INSERT INTO readings SELECT date '2025-01-01' + i % 110, i % 1000, i FROM generate_series(1, 20000) i;
"""
GIANT = (
    "SELECT u.id, (SELECT count(*) FROM tasks t WHERE t.assignee = u.id AND t.status <> 'done')"
    " FROM users u WHERE u.note <> ''"
)
RECURSIVE = (
    "WITH RECURSIVE below AS (SELECT id, 0 AS depth FROM tasks WHERE id = 5"
    " UNION ALL SELECT t.id, depth + 1 FROM tasks t JOIN below ON t.parent = below.id)"
    " SELECT * FROM below"
)
WORKLOAD = (
    (50, GIANT),
    (20, RECURSIVE),
    (40, "SELECT id FROM users WHERE lower(mail) = 'user77@example.com'"),
    (40, "SELECT id FROM users WHERE lower(mail) LIKE 'user77%'"),
    (40, "SELECT id, note FROM users WHERE tenant = 7 AND gone IS NULL"),
    (40, "SELECT note FROM users WHERE upper(\"100%\") = 'P3' AND tenant = 8"),
    (40, "SELECT t.id FROM tasks t, to_tsquery('simple', 'word77') q WHERE t.document @@ q"),
    (40, "SELECT id FROM tasks WHERE at::date = '2025-02-02'"),
    (200, "SELECT value FROM readings WHERE device = 7"),
)


@pytest.fixture(scope="module")
def place(postgresql: Server) -> Iterator[tuple[Database, Snapshot]]:
    name = "whole_workloads"
    postgresql.create_database(name)
    database = Database(postgresql, name, postgresql.url(name))
    database.execute(SCHEMA)
    database.execute("VACUUM ANALYZE")
    yield database, snapshot_of(database.url)


@pytest.fixture(scope="module")
def found(place: tuple[Database, Snapshot]) -> Advised:
    return advised(place[1], WORKLOAD)


def test_one_giant_query_does_not_hide_what_the_others_need(found: Advised) -> None:
    shares = [query.before * query.weight for query in found.tuning.queries]
    assert max(shares) > 0.9 * sum(shares)
    served = {number for index in found.tuning.indexes for number in index.queries}
    assert served == set(range(len(WORKLOAD)))


def test_a_query_is_planned_with_the_constants_that_it_was_seen_with(found: Advised) -> None:
    """As `$1 AS depth` the server takes the depth for a text, and `depth + 1` for a mistake."""
    assert any("RECURSIVE" in query.text for query in found.tuning.queries)
    assert any("(parent)" in definition for definition in found.definitions)


def test_one_index_answers_equality_and_patterns(found: Advised) -> None:
    mine = [definition for definition in found.definitions if "lower(mail)" in definition]
    assert len(mine) == 1
    assert "lower(mail) text_pattern_ops" in mine[0]


def test_the_key_that_finds_less_comes_first(found: Advised) -> None:
    mine = [one.keys for one in found.candidates if any(k.column == "gone" for k in one.keys)]
    assert all(keys[0].column == "tenant" for keys in mine)


def test_a_document_is_found_by_the_query_of_another_item(found: Advised) -> None:
    assert "public.tasks USING gin (document)" in found.definitions


def test_the_plans_are_those_of_the_real_indexes(
    place: tuple[Database, Snapshot], found: Advised
) -> None:
    """Costs, sizes, and the way back; also of expressions, whose values are counted."""
    database, snapshot = place
    fixes: list[Fix] = []
    for finding in index_findings(snapshot, found.tuning, found.candidates):
        assert finding.fix is not None
        fixes.append(finding.fix)
    texts = {query: calls for calls, query in WORKLOAD}
    with psycopg.connect(database.url, autocommit=True) as connection:
        for fix in fixes:
            for statement in fix.up.splitlines():
                connection.execute(statement.encode())
        expressions = [fix for fix in fixes if "lower(mail)" in fix.up or "::date" in fix.up]
        assert all("ANALYZE public." in fix.up for fix in expressions)
        assert sum("ANALYZE" in fix.up for fix in fixes) >= 2
        for query, text in zip(found.tuning.queries, texts, strict=True):
            row = connection.execute(f"EXPLAIN (FORMAT JSON) {text}".encode()).fetchone()
            assert row is not None
            cost = row[0][0]["Plan"]["Total Cost"]
            assert query.after == pytest.approx(cost, rel=0.15, abs=5), text
        for index in found.tuning.indexes:
            if "readings" not in index.table and "gin" not in index.definition:
                size = connection.execute(
                    "SELECT pg_relation_size(%s::regclass)", (index.name,)
                ).fetchone()
                assert size is not None
                assert index.bytes == pytest.approx(size[0], rel=0.15, abs=3 * 8192), index
        for fix in fixes:
            for statement in fix.down.splitlines():
                connection.execute(statement.encode())


def verdicts(snapshot: Snapshot, texts: tuple[str, ...], budget: float | None = None) -> Advised:
    asked = tuple(asked_index(text, snapshot.catalog) for text in texts)
    options = IndexOptions(effort=Effort(500, 30), asked=asked, budget_bytes=budget, drops=False)
    return advised(snapshot, WORKLOAD[2:], options)


def test_every_question_has_an_answer(place: tuple[Database, Snapshot]) -> None:
    texts = (
        "early (device)",
        "early (value) WHERE nothing = 1",
        "users (tenant) WHERE gone IS NOT NULL",
    )
    part, broken, partial = verdicts(place[1], texts).tuning.asked
    assert part.queries == 1
    assert part.saved_alone > 0
    assert broken.verdict == 'it can\'t be made: column "nothing" does not exist'
    assert partial.bytes < 100_000  # of a twentieth of the rows


def test_a_partition_keeps_an_index_of_its_own(postgresql: Server) -> None:
    """It is there before any advice, and is not taken for a part of what is tried."""
    name = "own_index"
    postgresql.create_database(name)
    database = Database(postgresql, name, postgresql.url(name))
    database.execute(SCHEMA[SCHEMA.index("CREATE TABLE readings") :])
    database.execute("CREATE INDEX own ON late (device)")
    database.execute("VACUUM ANALYZE")
    text = WORKLOAD[-1][1]
    (query,) = advised(snapshot_of(database.url), [(1, text)]).tuning.queries
    ((plan,),) = database.execute(f"EXPLAIN (FORMAT JSON) {text}")
    assert query.before == pytest.approx(plan[0]["Plan"]["Total Cost"], rel=0.05)
    assert query.after < 0.5 * query.before


def test_a_table_that_nobody_reads(place: tuple[Database, Snapshot]) -> None:
    snapshot = place[1]
    options = IndexOptions(asked=(asked_index("tasks (status)", snapshot.catalog),))
    (answer,) = advised(snapshot, WORKLOAD[2:3], options).tuning.asked
    assert answer.verdict == "no query of the workload reads public.tasks"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('users (mail COLLATE "C")', "has a collation"),
        ("users USING spgist (mail)", "indexes of spgist can't be tried"),
    ],
)
def test_what_can_not_be_tried(place: tuple[Database, Snapshot], text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        asked_index(text, place[1].catalog)


def test_where_no_index_fits_nothing_is_better_than_nothing(
    place: tuple[Database, Snapshot],
) -> None:
    found = verdicts(place[1], (), budget=1000.0).tuning
    assert not found.indexes
    assert found.within_share == 0
    assert replace(found, source="").after == found.before
