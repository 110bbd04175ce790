from __future__ import annotations

import psycopg
import pytest

from dbwright.errors import StatementRejected
from dbwright.sandbox.judge.query import Command, query_id, touched
from servers.postgresql import OUTER_MAJORS, Database

pytestmark = pytest.mark.parametrize("any_postgresql", OUTER_MAJORS, indirect=True)


def test_what_a_query_touches(shop: Database) -> None:
    with psycopg.connect(shop.url, autocommit=True) as connection:
        reads = touched(
            connection,
            "SELECT n.note, sum(u.age), changing() FROM notes n JOIN users u USING (id) "
            "WHERE u.email = $1 AND u.price::integer > 3 GROUP BY 1",
        )
        writes = touched(
            connection,
            "WITH gone AS (DELETE FROM orders RETURNING id) INSERT INTO events SELECT * FROM "
            "(SELECT id, current_date FROM gone) g",
        )
        locks = touched(connection, "SELECT FROM users FOR NO KEY UPDATE")
        system = touched(connection, "SELECT FROM pg_class")
        deep = touched(connection, f"SELECT {'+'.join(['age'] * 3000)} FROM users")
        for wrong in ("SELECT nowhere FROM users", "CREATE TABLE t ()", "SELEC", ""):
            with pytest.raises(StatementRejected):
                touched(connection, wrong)
        rows = connection.execute("SHOW debug_print_rewritten").fetchone()
    assert rows == ("off",)
    assert {str(one) for one in reads.relations} == {
        "table shop.orders",
        "table shop.users",
        "view shop.notes",
    }
    functions = {one.signature: one.volatility for one in reads.functions}
    assert functions["upper(text)"] == "immutable"  # of the view
    assert functions["changing()"] == "volatile"
    assert functions["int4_sum(bigint,integer)"] == "immutable"  # of the aggregate
    assert "texteq(text,text)" in functions or "varchareq" in str(functions)
    assert (reads.commands, reads.locks_rows) == (frozenset(), False)
    assert writes.commands == {Command.DELETE, Command.INSERT}
    assert locks.locks_rows and not locks.commands
    assert [str(one) for one in system.relations] == ["system table pg_catalog.pg_class"]
    assert [one.signature for one in deep.functions] == ["int4pl(integer,integer)"]


def test_merge(shop: Database) -> None:
    if shop.server.major < 15:
        pytest.skip("MERGE is of version 15")
    with psycopg.connect(shop.url) as connection:
        found = touched(
            connection,
            "MERGE INTO users u USING orders o ON u.id = o.id WHEN MATCHED THEN DELETE",
        )
    assert Command.MERGE in found.commands


def test_which_queries_are_the_same(shop: Database) -> None:
    if shop.server.major < 16:
        pytest.skip("GENERIC_PLAN is of version 16")
    with psycopg.connect(shop.url) as connection:
        one, same, other = (
            query_id(connection, f"SELECT FROM users WHERE {condition}")
            for condition in ("age = 1", "age=2", "age > 1")
        )
        with pytest.raises(StatementRejected):
            query_id(connection, "SELECT FROM nowhere")
    assert one == same != other
