"""EXPLAIN on real servers: read-only, under time-outs, generic plans on every major, and nothing
that might change something is run."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from dbwright.engines.postgresql.explain import explain
from dbwright.engines.postgresql.session import Session
from dbwright.errors import StatementNotRun, StatementRejected, TargetError
from servers.postgresql import Database

SCHEMA = """
CREATE TABLE goods (id int PRIMARY KEY, name text, price int);
INSERT INTO goods SELECT n, 'good ' || n, n % 100 FROM generate_series(1, 1000) n;
ANALYZE goods;
CREATE SEQUENCE counter;
CREATE FUNCTION loud(x int) RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN x; END $$;
CREATE FUNCTION quiet(x int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN x; END $$;
CREATE FUNCTION timeofday(x int) RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN x; END $$;
CREATE AGGREGATE shout (int) (sfunc = shouted, stype = int);
"""
SHOUTED = """
CREATE FUNCTION shouted(a int, b int) RETURNS int LANGUAGE plpgsql VOLATILE
    AS $$ BEGIN RETURN b; END $$;
"""
OPERATOR = """
CREATE TYPE colour AS (name text);
CREATE FUNCTION painted(text) RETURNS colour LANGUAGE plpgsql VOLATILE
    AS $$ BEGIN RETURN row($1); END $$;
CREATE CAST (text AS colour) WITH FUNCTION painted(text);
CREATE FUNCTION louder(a int, b int) RETURNS bool LANGUAGE plpgsql VOLATILE
    AS $$ BEGIN RETURN true; END $$;
CREATE OPERATOR !!> (LEFTARG = int, RIGHTARG = int, PROCEDURE = louder);
CREATE TABLE secrets (id int);
INSERT INTO secrets VALUES (1);
ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
ALTER TABLE secrets FORCE ROW LEVEL SECURITY;
CREATE POLICY heard ON secrets USING (loud(id) > 0);
"""
VIEW = "CREATE VIEW noisy AS SELECT loud(id) AS x FROM goods;"


@pytest.fixture
def session(any_database: Database) -> Iterator[Session]:
    """Each major in turn."""
    yield from _session(any_database)


@pytest.fixture
def latest(database: Database) -> Iterator[Session]:
    yield from _session(database)


def _session(database: Database) -> Iterator[Session]:
    database.execute(SHOUTED + SCHEMA + VIEW + OPERATOR)
    with Session.open(database.url, 30) as session:
        yield session


def test_a_plan_and_what_it_measured(session: Session) -> None:
    sql = "SELECT name FROM goods WHERE id = 7;"
    planned = explain(session, sql)
    assert (planned.root.kind, planned.indexes) == ("Index Scan", ("goods_pkey",))
    assert planned.root.schema == "public"
    assert planned.query == "SELECT name FROM goods WHERE id = 7"
    assert not planned.analyzed
    run = explain(session, sql, analyze=True)
    assert run.timed and run.root.actual_rows == 1
    assert run.root.buffers is not None and run.root.buffers.shared_hit > 0
    assert (run.query_id is not None) == (session.major >= 14)


def test_a_generic_plan_for_parameters(session: Session) -> None:
    plan = explain(session, "SELECT * FROM goods WHERE id = $1 AND price < $2")
    assert plan.indexes == ("goods_pkey",)
    assert "$1" in plan.root.index_condition
    assert "$2" in plan.root.filter
    assert prepared(session) == []
    again = explain(session, "SELECT * FROM goods WHERE price = $1")
    assert (again.root.kind, again.root.rows) == ("Seq Scan", 10)


def test_a_bad_statement_leaves_the_session_usable(session: Session) -> None:
    for sql, words in (
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELECT nothing FROM goods WHERE id = $1", "nothing"),
    ):
        with pytest.raises(StatementRejected, match=words):
            explain(session, sql)
        assert prepared(session) == []
    assert explain(session, "SELECT 1").root.kind == "Result"


def prepared(session: Session) -> list[object]:
    rows = session.connection.execute("SELECT name FROM pg_prepared_statements").fetchall()
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO goods VALUES (-1)",
        "UPDATE goods SET price = price + 1",
        "DELETE FROM goods",
        "WITH gone AS (DELETE FROM goods RETURNING *) SELECT * FROM gone",
        "SELECT * FROM goods FOR UPDATE",
        "SELECT * INTO copied FROM goods",
        "CREATE TABLE copied AS SELECT * FROM goods",
        "SELECT nextval('counter')",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE false",
        "SELECT loud(1)",
        "SELECT timeofday(1)",
        "SELECT count(*) FROM goods WHERE loud(id) > 3",
        "SELECT * FROM loud(3)",
        "SELECT x FROM noisy",
        "SELECT shout(id) FROM goods",
        "SELECT * FROM goods ORDER BY loud(id)",
        "SELECT \"loud\" (id) FROM goods GROUP BY 1",
        "SELECT * FROM goods WHERE id = $1",
        "SELECT * FROM goods WHERE id !!> 3",
        "SELECT name::colour FROM goods",
        "SELECT CAST(name AS Colour) FROM goods",
        "SELECT LOUD(1)",
        "SELECT * FROM goods TABLESAMPLE bernoulli (loud(3))",
    ],
)  # fmt: skip
def test_what_may_change_something_is_planned_and_not_run(latest: Session, sql: str) -> None:
    with pytest.raises(StatementNotRun) as refused:
        explain(latest, sql, analyze=True)
    assert "--analyze" in refused.value.next_step
    assert explain(latest, sql).root.kind
    rows = latest.connection.execute("SELECT count(*), sum(price) FROM goods").fetchone()
    assert rows == (1000, 49500)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT quiet(id), lower(name), random(), now() FROM goods",
        "SELECT count(*) FROM generate_series(1, 10) n WHERE n = ANY (ARRAY[1, 2])",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 9) SELECT * FROM t",
        "SELECT max(price) FILTER (WHERE id IN (1, 2)) FROM goods GROUP BY ROLLUP (name)",
        "TABLE goods",
        "VALUES (1), (2)",
    ],
)  # fmt: skip
def test_what_only_reads_is_run(latest: Session, sql: str) -> None:
    assert explain(latest, sql, analyze=True).analyzed


def test_it_runs_in_a_read_only_transaction(latest: Session) -> None:
    """Even a function that lies about being harmless changes nothing."""
    with psycopg.connect(latest.connection.info.dsn, autocommit=True) as other:
        other.execute(
            "CREATE FUNCTION liar() RETURNS int LANGUAGE plpgsql STABLE AS "
            "$$ BEGIN PERFORM nextval('counter'); RETURN 1; END $$"
        )
    with pytest.raises(StatementRejected, match="read-only"):
        explain(latest, "SELECT liar()", analyze=True)


def test_a_policy_is_part_of_the_statement(latest: Session) -> None:
    dsn = latest.connection.info.dsn
    with psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute("CREATE ROLE reader LOGIN; GRANT SELECT ON secrets TO reader")
    try:
        with Session.open(f"{dsn} user=reader", 30) as session:
            with pytest.raises(StatementNotRun, match="loud"):
                explain(session, "SELECT * FROM secrets", analyze=True)
            assert "loud" in explain(session, "SELECT * FROM secrets").root.filter
    finally:
        with psycopg.connect(dsn, autocommit=True) as owner:
            owner.execute("DROP OWNED BY reader; DROP ROLE reader")


def test_the_time_out_ends_it(latest: Session) -> None:
    forever = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b"
    with pytest.raises(TargetError, match=r"longer than 0.2 s") as told:
        explain(latest, forever, analyze=True, timeout_seconds=0.2)
    assert "--timeout" in told.value.next_step
    assert explain(latest, "SELECT 1").root.kind == "Result"


def test_it_does_not_queue_behind_a_lock(latest: Session) -> None:
    with psycopg.connect(latest.connection.info.dsn) as other:
        other.execute("LOCK TABLE goods IN ACCESS EXCLUSIVE MODE")
        done = threading.Event()

        def release() -> None:
            time.sleep(20)
            if not done.is_set():
                other.cancel()

        threading.Thread(target=release, daemon=True).start()
        with pytest.raises(TargetError, match="locked"):
            explain(latest, "SELECT * FROM goods")
        done.set()


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELEC 1", "does not parse at column 1"),
        ("SELECT 1,\n  FROM goods", "at line 2, column 3"),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("  -- nothing\n", "no statement"),
        ("EXPLAIN SELECT 1", "EXPLAIN already"),
        ("DROP TABLE goods", "have a plan"),
        ("VACUUM goods", "have a plan"),
    ],
)
def test_what_has_no_plan_is_told(latest: Session, sql: str, words: str) -> None:
    with pytest.raises(StatementRejected, match=words) as told:
        explain(latest, sql)
    assert told.value.next_step and told.value.exit_status == 2
