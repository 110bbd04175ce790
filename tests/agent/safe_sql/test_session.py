from __future__ import annotations

import resource
import threading
import time
from typing import Any

import psycopg
import pytest

from dbwright.agent.safe_sql import Limits, Policy, SafeSession
from dbwright.errors import (
    ConnectionLost,
    ConnectionRefused,
    Interrupted,
    QueryRefused,
    StatementRejected,
    TargetError,
)
from servers.observe import owner, wait_for
from servers.pgbouncer import pgbouncer
from servers.postgresql import Database

LOOP = "SELECT count(*) FROM generate_series(1, 100000000000)"


def alive(database: Database) -> list[tuple[Any, ...]]:
    """What sessions of agents do at the server."""
    return database.execute(
        "SELECT state, query FROM pg_stat_activity WHERE application_name = 'dbwright agent' "
        "AND pid <> pg_backend_pid()"
    )


def test_rows_cells_and_bytes_are_bounded(database: Database) -> None:
    limits = Limits(rows=10, cell_bytes=100, result_bytes=2_000, read_bytes=500_000)
    with SafeSession.open(database.url, limits) as session:
        rows = session.run("SELECT n FROM generate_series(1, 1000000) n")
        exact = session.run("SELECT n FROM generate_series(1, 10) n")
        fewer = session.run("SELECT n FROM generate_series(1, 10) n", max_rows=3)
        cells = session.run("SELECT repeat('ä', 200), 'short'")
        wide = session.run(
            "SELECT repeat('x', 99), repeat('y', 99), repeat('z', 99) FROM generate_series(1, 10)"
        )
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        huge = session.run("SELECT repeat('x', 100000000)")
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        after = session.run("SELECT 1")
    assert (len(rows.rows), rows.more_rows, rows.truncated) == (10, True, True)
    assert (len(exact.rows), exact.truncated) == (10, False)
    assert (fewer.rows, fewer.more_rows) == (((1,), (2,), (3,)), True)
    assert cells.rows == (("ä" * 50 + "… [cut, 400 bytes]", "short"),)
    assert (cells.cut_cells, cells.truncated) == (1, True)
    assert wide.stopped_by_bytes and 0 < len(wide.rows) < 10
    assert (huge.rows, huge.stopped_by_bytes, huge.columns[0].name) == ((), True, "repeat")
    # One cell of 100 MB, of which the client never holds more than a part (the rest is libpq's
    # own reserve of address space).
    assert grown < 30_000
    assert after.rows == ((1,),)


@pytest.mark.parametrize("wrong", [0, -1, "10", True, 1.5, 10**9])
def test_a_number_of_rows_that_is_none(database: Database, wrong: Any) -> None:
    with SafeSession.open(database.url) as session, pytest.raises(QueryRefused, match="max_rows"):
        session.run("SELECT 1", max_rows=wrong)
    with pytest.raises(ValueError, match="rows"):
        Limits(rows=0)


def test_time_is_bounded_by_the_server(database: Database) -> None:
    with SafeSession.open(database.url, Limits(statement_seconds=0.2)) as session:
        with pytest.raises(TargetError, match=r"took longer than 0\.2 s"):
            session.run(LOOP)
        assert session.run("SELECT 1").rows == ((1,),)
        shown = session.run("SHOW statement_timeout").rows
        assert session.run("SHOW transaction_read_only").rows == (("on",),)
    assert shown == (("200ms",),)


def test_a_stricter_time_out_stays(database: Database) -> None:
    database.execute(f"ALTER DATABASE {database.name} SET statement_timeout = '123ms'")
    with SafeSession.open(database.url) as session:
        assert session.run("SHOW statement_timeout").rows == (("123ms",),)


def test_a_locked_table_is_not_waited_for(database: Database) -> None:
    database.execute("CREATE TABLE t (id int)")
    with psycopg.connect(database.url) as holder:
        holder.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        with SafeSession.open(database.url, Limits(lock_seconds=0.1)) as session:
            with pytest.raises((TargetError, StatementRejected), match="lock"):
                session.run("SELECT * FROM t")
            assert session.run("SELECT 1").rows == ((1,),)


def test_a_cancelled_query_ends_on_the_server(database: Database) -> None:
    with SafeSession.open(database.url, Limits(statement_seconds=300)) as session:
        canceller = threading.Thread(
            target=lambda: (wait_for(lambda: ("active", LOOP) in alive(database)), session.cancel())
        )
        canceller.start()
        with pytest.raises(Interrupted):
            session.run(LOOP)
        canceller.join()
        wait_for(lambda: not any(state == "active" for state, _ in alive(database)))
        assert session.run("SELECT 1").rows == ((1,),)


def test_a_killed_client_leaves_nothing_running(database: Database) -> None:
    script = (
        "from dbwright.agent.safe_sql import Limits, SafeSession\n"
        f"SafeSession.open({database.url!r}, Limits(statement_seconds=300)).run({LOOP!r})"
    )
    with owner(script) as process:
        wait_for(lambda: ("active", LOOP) in alive(database))
        process.kill()
    wait_for(lambda: alive(database) == [])


def test_nothing_stays_in_the_session(database: Database) -> None:
    with SafeSession.open(database.url) as session:
        session.run("SELECT 1")
        own = session.run("SELECT statement FROM pg_prepared_statements").rows
        assert own == (("SELECT statement FROM pg_prepared_statements",),)
        wait_for(lambda: all(state == "idle" for state, _ in alive(database)))
        (pid,) = session.run("SELECT pg_backend_pid()").rows[0]
        database.execute(f"SELECT pg_terminate_backend({pid})")
        wait_for(lambda: alive(database) == [])
        with pytest.raises((ConnectionLost, TargetError)):
            session.run("SELECT 1")
        assert session.run("SELECT 1").rows == ((1,),)


def test_a_superuser_is_warned_of_in_every_result(database: Database) -> None:
    with SafeSession.open(database.url) as session:
        for sql in ("SELECT 1", "SHOW work_mem", "EXPLAIN SELECT 1"):
            assert session.run(sql).notices[0].startswith("WARNING: connected as a superuser")
    database.execute(
        "DROP ROLE IF EXISTS watcher; CREATE ROLE watcher LOGIN IN ROLE pg_read_server_files"
    )
    url = database.server.url(database.name, "watcher")
    with SafeSession.open(url) as session:
        notices = session.run("SELECT 1").notices
        database.execute("GRANT SET ON PARAMETER log_min_messages TO watcher")
    with SafeSession.open(url) as session:
        quiet = session.run("SELECT 'not in the log 4711'").notices
    assert "pg_read_server_files" in notices[0] and "log_min_messages" in notices[1]
    assert len(quiet) == 1
    assert "rewritten parse tree" not in database.server.log().partition("GRANT SET")[2]
    database.execute("REVOKE SET ON PARAMETER log_min_messages FROM watcher; DROP ROLE watcher")


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(ConnectionRefused) as refused:
        SafeSession.open("postgresql://me:hunter2@localhost:1/x")
    assert "hunter2" not in str(refused.value)


def test_what_the_owner_allows(database: Database) -> None:
    database.execute(
        "CREATE TABLE t (id int, token text, plain text); INSERT INTO t VALUES (1, 'abc', 'def');"
        "CREATE FUNCTION stamp() RETURNS int LANGUAGE sql AS 'SELECT 7'"
    )
    policy = Policy(
        secret_columns=("public.t.plain",),
        open_columns=("*.t.token",),
        functions=("public.stamp",),
    )
    with SafeSession.open(database.url, policy=policy) as session:
        found = session.run("SELECT id, upper(token), plain, stamp() FROM t")
        with pytest.raises(QueryRefused, match=r"public\.t\.plain"):
            session.run("SELECT upper(plain) FROM t")
    assert found.rows == ((1, "ABC", "[masked: secret]", 7),)
    assert [column.masked for column in found.columns] == ["", "", "public.t.plain is secret", ""]


def test_a_function_that_changes_while_it_is_judged(database: Database) -> None:
    database.execute("CREATE FUNCTION f() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1'")
    with SafeSession.open(database.url) as session:
        assert session.run("SELECT f()").rows == ((1,),)
        receive = session._received

        def replaced(*arguments: Any) -> Any:
            database.execute(
                "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql STABLE AS 'SELECT 2'"
            )
            return receive(*arguments)

        session._received = replaced  # type: ignore[method-assign]
        with pytest.raises(QueryRefused, match="replaced"):
            session.run("SELECT f()")


def test_an_error_does_not_tell_a_secret(database: Database) -> None:
    database.execute(
        "CREATE TABLE u (id int, password text); INSERT INTO u VALUES (1, 'hunter2');"
        "CREATE VIEW v AS SELECT id, password::int AS p FROM u"
    )
    with SafeSession.open(database.url) as session:
        with pytest.raises(StatementRejected) as told:
            session.run("SELECT p FROM v")
        with pytest.raises(StatementRejected, match="division by zero"):
            session.run("SELECT 1 / 0")
    assert "hunter2" not in told.value.message


def test_statements_of_other_sessions_lose_their_passwords(database: Database) -> None:
    with psycopg.connect(database.url, autocommit=True) as other:
        other.execute("DO $$BEGIN END$$ -- ALTER ROLE x PASSWORD 'hunter2'")
        with SafeSession.open(database.url) as session:
            shown = str(session.run("SELECT query FROM pg_stat_activity").rows)
    assert "ALTER ROLE x PASSWORD" in shown and "hunter2" not in shown


def test_started(database: Database) -> None:
    begin = time.monotonic()
    with SafeSession.open(database.url) as session:
        assert 0 < session.run("SELECT 1").seconds <= time.monotonic() - begin


def test_through_a_pooler_that_shares_connections(database: Database) -> None:
    database.execute("CREATE TABLE u (id int, password text); INSERT INTO u VALUES (1, 'hunter2')")
    with pgbouncer(database.server, "transaction") as pooled:
        url = pooled.replace("/postgres?", f"/{database.name}?")
        with SafeSession.open(url) as session, SafeSession.open(url) as other:
            for one in (session, other, session):
                assert one.run("SELECT * FROM u").rows == ((1, "[masked: secret]"),)
                with pytest.raises(QueryRefused):
                    one.run("SELECT upper(password) FROM u")
                with pytest.raises(StatementRejected):
                    one.run("SELECT 1 / 0")
            assert len(session.run("SELECT n FROM generate_series(1, 9) n", max_rows=2).rows) == 2
            assert session.run("SHOW debug_print_rewritten").rows == (("off",),)
        with psycopg.connect(url, autocommit=True) as plain:
            assert plain.execute("SHOW statement_timeout").fetchall() == [("0",)]
            assert plain.execute("SELECT * FROM pg_prepared_statements").fetchall() == []


def test_operators_that_stand_before_those_of_the_server(database: Database) -> None:
    database.execute(
        """
        CREATE SCHEMA evil;
        CREATE FUNCTION evil.eq(name, text) RETURNS bool LANGUAGE plpgsql AS
          $$BEGIN RAISE EXCEPTION 'called'; END$$;
        CREATE FUNCTION evil.eq(oid, oid) RETURNS bool LANGUAGE plpgsql AS
          $$BEGIN RAISE EXCEPTION 'called'; END$$;
        CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = text, FUNCTION = evil.eq);
        CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.eq);
        CREATE FUNCTION evil.current_setting(text) RETURNS text LANGUAGE sql AS $$SELECT 'x'$$;
        CREATE TABLE evil.pg_proc (oid oid); CREATE TABLE evil.pg_class (oid oid);
        CREATE TABLE public.t (id int); INSERT INTO public.t VALUES (1);
        """
    )
    database.execute(f"ALTER DATABASE {database.name} SET search_path = evil, pg_catalog, public")
    with SafeSession.open(database.url) as session:
        assert session.run("SELECT id FROM t").rows == ((1,),)
        with pytest.raises(QueryRefused, match=r"evil\.eq"):
            session.run("SELECT 'a'::name = 'b'::text")


def test_what_a_body_calls_without_naming_it(database: Database) -> None:
    database.execute(
        """
        CREATE FUNCTION f(int) RETURNS bool LANGUAGE sql AS 'SELECT true';
        CREATE DOMAIN checked AS int CHECK (f(VALUE));
        CREATE TABLE t (a checked);
        CREATE FUNCTION plain() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1; END';
        CREATE FUNCTION declares() RETURNS int LANGUAGE plpgsql STABLE AS
          'DECLARE x checked := 1; BEGIN RETURN 1; END';
        CREATE FUNCTION by_type() RETURNS int LANGUAGE plpgsql STABLE AS
          'DECLARE x t.a%TYPE := 1; BEGIN RETURN 1; END';
        CREATE FUNCTION casts() RETURNS int LANGUAGE sql STABLE BEGIN ATOMIC SELECT 1::checked; END;
        """
    )
    with SafeSession.open(database.url) as session:
        assert session.run("SELECT plain()").rows == ((1,),)
        for call in ("declares()", "by_type()", "casts()"):
            with pytest.raises(QueryRefused, match=r"public\.f\(integer\)"):
                session.run(f"SELECT {call}")


def nested(depth: int, recursive: str = "", more: str = "") -> str:
    query = "SELECT 1 AS a"
    for n in range(depth):
        query = f"WITH {recursive} x{n} AS ({query}{more.format(n)}) SELECT a FROM x{n}"
    return query


def test_queries_in_queries_are_followed_once(database: Database) -> None:
    again = " UNION ALL SELECT a FROM x{} WHERE false"
    with SafeSession.open(database.url) as session:
        assert session.run(nested(40)).rows == ((1,),)
        assert session.run(nested(4, "RECURSIVE", again)).rows == ((1,),)
        with pytest.raises(QueryRefused, match="too many queries"):
            session.run(nested(20, "RECURSIVE", again))


def test_a_server_that_does_not_end_a_query_is_not_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dbwright.agent.safe_sql.session.GRACE_SECONDS", -4.5)
    with SafeSession.open(database.url, Limits(statement_seconds=5)) as session:
        with pytest.raises(TargetError, match="did not end the query"):
            session.run(LOOP)
        assert session.run("SELECT 1").rows == ((1,),)


def test_every_reader_of_json_can_read_the_cells(database: Database) -> None:
    with SafeSession.open(database.url, Limits(result_bytes=10_000)) as session:
        found = session.run(
            """SELECT '1e999'::json, '"\\ud800"'::json, '[1.5, "\\ud83d\\ude00"]'::json"""
        )
        nulls = session.run(f"SELECT {', '.join(['NULL'] * 500)} FROM generate_series(1, 100)")
    assert found.rows == (("1e999", '"\\ud800"', [1.5, "😀"]),)
    assert nulls.stopped_by_bytes and len(nulls.rows) < 10
