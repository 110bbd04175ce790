"""What the proof's database has otherwise than the target proves nothing there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.servers.postgresql import Database
from tests.tune.rewrites.place import execute, snapshot_of

from dbwright.model.catalog import Catalog, Table
from dbwright.model.snapshot import Snapshot
from dbwright.sandbox import Server
from dbwright.tune.rewrites.proof import Prover
from dbwright.tune.rewrites.rules.not_in_subquery import not_in_subquery
from dbwright.tune.rewrites.source import Source, read_source
from dbwright.tune.rewrites.verdict import Outcome

SCHEMA = """
CREATE COLLATION loose FROM "C";
CREATE TABLE people (id int PRIMARY KEY, nick text COLLATE loose, place text, n int);
CREATE TABLE others (id int PRIMARY KEY, nick text COLLATE loose);
"""


@pytest.fixture(scope="module")
def prover(postgresql: Server) -> Iterator[Prover]:
    """On a server that knows neither `loose` as it is at the target, nor the type of a column."""
    postgresql.create_database("likeness")
    execute(postgresql.url("likeness"), SCHEMA)
    snapshot = snapshot_of(postgresql.url("likeness"))
    with Prover(_otherwise(snapshot), postgresql) as found:
        yield found


def _otherwise(snapshot: Snapshot) -> Snapshot:
    catalog = snapshot.catalog
    loose = tuple(replace(each, deterministic=False) for each in catalog.collations)
    tables = tuple(map(_with_type, catalog.tables))
    return replace(snapshot, catalog=replace(catalog, collations=loose, tables=tables))


def _with_type(table: Table) -> Table:
    columns = tuple(
        replace(column, type="far.point", base_type="far.point")
        if column.name == "place"
        else column
        for column in table.columns
    )
    return replace(table, columns=columns)


@pytest.mark.parametrize(
    ("original", "rewritten", "outcome"),
    [
        (
            "SELECT id FROM people WHERE nick = 'a'",
            "SELECT id FROM people WHERE nick LIKE 'a'",
            Outcome.NOT_COMPARABLE,
        ),
        (
            "SELECT DISTINCT p.* FROM people p",
            "SELECT p.* FROM people p",
            Outcome.NOT_COMPARABLE,
        ),
        (
            "SELECT id FROM people WHERE place IS NULL",
            "SELECT id FROM people WHERE NOT place IS NOT NULL",
            Outcome.NOT_COMPARABLE,
        ),
        (
            "SELECT nick FROM people UNION SELECT nick FROM others",
            "SELECT nick FROM others UNION SELECT nick FROM people",
            Outcome.NOT_COMPARABLE,
        ),
        (
            "SELECT id, nick, place FROM people WHERE n = 1",
            "SELECT id, nick, place FROM people WHERE 1 = n",
            Outcome.EQUAL,
        ),
        (
            "SELECT id FROM people WHERE n = 1 OR pg_try_advisory_lock(n)",
            "SELECT id FROM people WHERE pg_try_advisory_lock(n) OR n = 1",
            Outcome.NOT_COMPARABLE,
        ),
    ],
)
def test_what_is_otherwise_is_not_compared(
    prover: Prover, original: str, rewritten: str, outcome: Outcome
) -> None:
    assert prover.prove(original, rewritten).outcome is outcome


def test_the_reason_names_what_is_otherwise(prover: Prover) -> None:
    compared = "SELECT id FROM others WHERE nick = 'a'"
    assert "public.others.nick" in prover.prove(compared, compared).reason
    locking = "SELECT id FROM others WHERE pg_try_advisory_xact_lock(id)"
    assert "pg_try_advisory_xact_lock" in prover.prove(locking, locking).reason


def test_a_table_that_inherits_may_do_without_not_null(database_15: Database) -> None:
    execute(
        database_15.url,
        "CREATE TABLE base (id int PRIMARY KEY, n int NOT NULL); CREATE TABLE kid () INHERITS (base);"
        "ALTER TABLE kid ALTER n DROP NOT NULL; ALTER TABLE kid ALTER id DROP NOT NULL;"
        "CREATE TABLE other (id int PRIMARY KEY)",
    )
    snapshot = snapshot_of(database_15.url)
    query = "SELECT id FROM other WHERE id NOT IN (SELECT n FROM base)"
    plain = "SELECT id FROM other WHERE NOT EXISTS (SELECT 1 FROM base WHERE n = other.id)"
    (found,) = not_in_subquery.function(_source(query, snapshot.catalog), snapshot.catalog)
    assert "IS NULL" in found.text
    with Prover(snapshot, database_15.server) as prover:
        assert prover.prove(query, found.text).equal
        assert prover.prove(query, plain).outcome is Outcome.DIFFERENT


def test_a_table_that_could_not_be_made_counts(postgresql: Server) -> None:
    """What inherits from a table is a part of it."""
    postgresql.create_database("partly")
    execute(
        postgresql.url("partly"),
        "CREATE TABLE base (id int, n int); CREATE TABLE kid () INHERITS (base)",
    )
    snapshot = snapshot_of(postgresql.url("partly"))
    catalog = snapshot.catalog
    tables = tuple(
        replace(table, columns=table.columns[:1]) if table.name == "kid" else table
        for table in catalog.tables
    )
    broken = replace(snapshot, catalog=replace(catalog, tables=tables))
    with Prover(broken, postgresql) as prover:
        verdict = prover.prove("SELECT id FROM base", "SELECT id FROM base")
    assert verdict.outcome is Outcome.NOT_COMPARABLE
    assert "public.base" in verdict.reason


def _source(query: str, catalog: Catalog) -> Source:
    source = read_source(query, catalog)
    assert source is not None
    return source


def test_what_a_limit_cuts_off_is_open_where_nothing_sorts(prover: Prover) -> None:
    """Any of the rows are right: the queries are equal if they are so without the LIMIT."""
    cut = "SELECT id FROM people WHERE n + 1 = 3 {} LIMIT 2"
    assert prover.prove(cut.format(""), "SELECT id FROM people WHERE n = 2 LIMIT 2").equal
    wrong = prover.prove(cut.format(""), "SELECT id FROM people WHERE n >= 2 LIMIT 2")
    assert wrong.outcome is Outcome.DIFFERENT
    for other in ("SELECT id FROM people WHERE n = 2 LIMIT 3", "SELECT id FROM people WHERE n = 2"):
        assert prover.prove(cut.format(""), other).outcome is not Outcome.EQUAL
    inside = "SELECT id FROM (SELECT id, n FROM people LIMIT 2) s WHERE n = 2"
    assert prover.prove(inside, inside).outcome is Outcome.NOT_COMPARABLE
