"""What is told of statements outside of transactions, held against the judge's experiment."""

from __future__ import annotations

import psycopg
import pytest

from dbwright.migrate.replay.outside import locks_outside, waits_outside
from dbwright.sandbox.judge.alone import alone
from dbwright.sandbox.judge.relations import relations
from dbwright.sql.parse import parse
from servers.postgresql import OUTER_MAJORS, Database

SCHEMA = """
CREATE SCHEMA "My shop";
CREATE TABLE "My shop"."Orders" (id bigint PRIMARY KEY, total integer);
CREATE INDEX orders_total ON "My shop"."Orders" (total);
CREATE TABLE log (at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE log_2026 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE old (id integer PRIMARY KEY);
CLUSTER old USING old_pkey;
"""
STATEMENTS = (
    'CREATE INDEX CONCURRENTLY i ON "My shop"."Orders" (total, id)',
    'DROP INDEX CONCURRENTLY "My shop".orders_total',
    'REINDEX INDEX CONCURRENTLY "My shop".orders_total',
    "REINDEX TABLE CONCURRENTLY old",
    'REINDEX SCHEMA "My shop"',
    'VACUUM (FULL, ANALYZE) "My shop"."Orders", old',
    "VACUUM (FULL off) old",
    "CLUSTER",
    "ALTER TABLE log DETACH PARTITION log_2026 CONCURRENTLY",
)


@pytest.mark.slow
@pytest.mark.parametrize("any_postgresql", OUTER_MAJORS, indirect=True)
def test_the_judge_agrees(any_database: Database) -> None:
    any_database.execute(SCHEMA)
    for statement in STATEMENTS:
        if any_database.server.major < 14 and "DETACH" in statement:
            continue
        (parsed,) = parse(statement).statements
        with psycopg.connect(any_database.url, autocommit=True) as connection:
            told = locks_outside(connection, parsed.kind, parsed.node)
            names = {one.oid: one.object for one in relations(connection).values()}
        found = alone(any_database.server, any_database.name, statement)
        assert found.refusal is None, statement
        tables = {lock.object: lock.mode for lock in found.locks if lock.object.kind == "table"}
        assert {names[oid]: mode for oid, mode in told.items()} == tables, statement
        waits = waits_outside(parsed.kind, parsed.node)
        assert found.waits_for_transactions == waits, statement
