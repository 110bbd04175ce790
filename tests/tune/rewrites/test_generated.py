"""Whatever the query, a rewrite keeps what it gives; and none breaks on any."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from tests.sql.scope.generated import statements
from tests.tune.rewrites.place import execute, snapshot_of

from dbwright.sandbox import Server
from dbwright.sql.parse import SyntaxProblem
from dbwright.sql.split import split
from dbwright.tune.rewrites.proof import Prover
from dbwright.tune.rewrites.registry import all_rewrites
from dbwright.tune.rewrites.source import read_source
from dbwright.tune.rewrites.verdict import Outcome

SCHEMA = """
CREATE TABLE a (id int PRIMARY KEY, x int, y int NOT NULL, UNIQUE (x, y));
CREATE TABLE b (id int PRIMARY KEY, x int NOT NULL REFERENCES a, z int);
CREATE TABLE c (id int PRIMARY KEY, y int, z int REFERENCES b, w int NOT NULL);
CREATE TABLE "D" ("Id" int PRIMARY KEY, x int NOT NULL UNIQUE, "W" int REFERENCES c);
"""
QUERIES = Path(__file__).parents[2] / "sql/scope/queries"


@pytest.fixture(scope="module")
def prover(postgresql: Server) -> Iterator[Prover]:
    postgresql.create_database("generated_rewrites")
    execute(postgresql.url("generated_rewrites"), SCHEMA)
    with Prover(snapshot_of(postgresql.url("generated_rewrites")), postgresql) as found:
        yield found


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(statements())
def test_a_generated_query_stays_equal(prover: Prover, query: str) -> None:
    catalog = prover.snapshot.catalog
    try:
        source = read_source(query, catalog)
    except SyntaxProblem:
        return
    if source is None:
        return
    for rewrite in all_rewrites():
        for rewritten in rewrite.function(source, catalog):
            if rewritten.provable:
                verdict = prover.prove(query, rewritten.text)
                assert verdict.outcome is not Outcome.DIFFERENT, (rewritten.text, verdict)


@pytest.mark.parametrize("name", ["tpch", "tpcds"])
def test_none_breaks_on_real_queries(postgresql: Server, name: str) -> None:
    postgresql.create_database(f"real_{name}")
    execute(postgresql.url(f"real_{name}"), (QUERIES / f"{name}.schema.sql").read_text())
    catalog = snapshot_of(postgresql.url(f"real_{name}")).catalog
    rewritten = 0
    for statement in split((QUERIES / f"{name}.sql").read_text()):
        source = read_source(statement.text, catalog)
        if source is not None:
            rewritten += sum(len(list(each.function(source, catalog))) for each in all_rewrites())
    assert rewritten


def test_what_index_advisors_give_up_on_is_proven(postgresql: Server) -> None:
    """TPC-H 2, 17 and 20: papers leave them out, for no index helps their subqueries."""
    postgresql.create_database("proven_tpch")
    execute(postgresql.url("proven_tpch"), (QUERIES / "tpch.schema.sql").read_text())
    snapshot = snapshot_of(postgresql.url("proven_tpch"))
    statements = [statement.text for statement in split((QUERIES / "tpch.sql").read_text())]
    (rewrite,) = (r for r in all_rewrites() if r.id == "rewrites/correlated-scalar-subquery")
    with Prover(snapshot, postgresql) as prover:
        for number in (2, 17, 20):
            source = read_source(statements[number - 1], snapshot.catalog)
            assert source is not None
            (rewritten,) = rewrite.function(source, snapshot.catalog)
            verdict = prover.prove(source.text, rewritten.text)
            assert verdict.equal, (number, verdict)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tpch", "tpcds"])
def test_none_is_refuted_on_real_queries(postgresql: Server, name: str) -> None:
    postgresql.create_database(f"refuted_{name}")
    execute(postgresql.url(f"refuted_{name}"), (QUERIES / f"{name}.schema.sql").read_text())
    snapshot = snapshot_of(postgresql.url(f"refuted_{name}"))
    equal = 0
    with Prover(snapshot, postgresql) as prover:
        for statement in split((QUERIES / f"{name}.sql").read_text()):
            source = read_source(statement.text, snapshot.catalog, snapshot.statistics)
            for rewrite in all_rewrites() if source is not None else ():
                for rewritten in rewrite.function(source, snapshot.catalog):
                    if rewritten.provable:
                        verdict = prover.prove(statement.text, rewritten.text)
                        assert verdict.outcome is not Outcome.DIFFERENT, (rewritten.text, verdict)
                        equal += verdict.equal
    assert equal >= 5
