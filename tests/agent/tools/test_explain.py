"""Statements that nobody vouches for are judged before they are planned: a plan's estimate answers
a guess of a secret, and planning runs functions."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbwright.agent.safe_sql import Policy, guard_of
from dbwright.agent.tool.call import answered, arguments_of
from dbwright.agent.tool.context import Context, with_targets
from dbwright.agent.tools.explain import explain
from dbwright.agent.tools.tune import tune
from dbwright.configuration import Configuration
from dbwright.engines.postgresql.explain import explain as planned
from dbwright.engines.postgresql.session import Session
from dbwright.engines.snapshot_file import save
from dbwright.errors import DbwrightError, QueryRefused
from dbwright.target import Live, opened
from servers.postgresql import Database

WORLD = """
CREATE TABLE users (id int PRIMARY KEY, name text, password text, api_token varchar(80));
INSERT INTO users SELECT n, 'u' || n, CASE WHEN n % 2 = 0 THEN 'hunter2' ELSE 'p' || n END, 't'
  FROM generate_series(1, 1000) n;
CREATE UNIQUE INDEX ON users (password) WHERE id < 2;
CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, who int REFERENCES users, total int,
  code serial);
CREATE VIEW people AS SELECT id, password AS p FROM users;
CREATE FUNCTION liar(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  'BEGIN PERFORM pg_sleep(3); RETURN 1; END';
CREATE FUNCTION steady(int) RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN PERFORM pg_sleep(3); RETURN 1; END';
CREATE FUNCTION looks(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT password FROM users WHERE id = $1';
CREATE FUNCTION inlined(int) RETURNS int LANGUAGE sql AS 'SELECT liar(1) + $1';
CREATE FUNCTION loud(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(3); RETURN 1; END';
CREATE FUNCTION signs_up(text, text) RETURNS int LANGUAGE sql
  AS 'INSERT INTO users (id, password) VALUES (5000, $2) RETURNING id';
CREATE FUNCTION seen(int) RETURNS bool LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(3); RETURN true; END';
CREATE DOMAIN armed AS int CHECK (liar(VALUE) = 1);
ANALYZE;
"""
REFUSED = (
    "SELECT FROM users WHERE password = 'hunter2' AND id = $1",
    "SELECT FROM users WHERE password = $1 AND $1 = 'hunter2'",
    "SELECT FROM users u JOIN orders o ON u.password = $1 AND o.id::text = $1",
    "SELECT FROM users WHERE password = coalesce($1, 'hunter2')",
    "SELECT FROM users WHERE password = $1 || 'hunter2'",
    "SELECT FROM users WHERE lower(password) = $1",
    "SELECT FROM people WHERE p = 'hunter2' AND id = $1",
    "SELECT FROM (SELECT password = 'hunter2' AS hit FROM users) x WHERE hit AND $1 = 1",
    "SELECT 1 LIMIT (SELECT length(password) FROM users WHERE id = $1)",
    "UPDATE users SET name = 'x' WHERE password = 'hunter2'",
    "UPDATE orders SET total = 1 FROM users u WHERE u.password = 'hunter2'",
    "UPDATE users SET name = (SELECT p FROM people WHERE p > 'hunter2' LIMIT 1)",
    "DELETE FROM users WHERE api_token LIKE 't%'",
    "DELETE FROM orders USING users u WHERE u.password IN ('hunter2', 'b')",
    "DELETE FROM orders WHERE EXISTS (SELECT FROM users WHERE password = 'hunter2')",
    "DELETE FROM orders RETURNING (SELECT count(*) FROM users WHERE password = 'hunter2')",
    "INSERT INTO orders (who) SELECT id FROM users WHERE password = 'hunter2'",
    "INSERT INTO users VALUES (1) ON CONFLICT (id) DO UPDATE SET name = 'x' WHERE users.password > 'h'",
    "MERGE INTO users u USING orders o ON u.id = o.who WHEN MATCHED AND u.password = 'h' THEN DELETE",
    "MERGE INTO users u USING orders o ON u.password = 'h' WHEN MATCHED THEN DELETE",
    "WITH x AS (DELETE FROM users WHERE password = 'hunter2' RETURNING 1) SELECT * FROM x",
    "WITH x AS (UPDATE orders SET total = 1 RETURNING id) SELECT FROM x, users WHERE password = 'h'",
    "SELECT FROM users WHERE password = 'hunter2' FOR UPDATE",
    "SELECT FROM orders WHERE id = liar(1) AND total = $1",
    "UPDATE orders SET total = liar(1)",
    "DELETE FROM orders WHERE total = steady(1)",
    "INSERT INTO orders (total) VALUES (inlined(1))",
    "SELECT FROM orders WHERE id = length(looks(4)) AND total = $1",
    "INSERT INTO orders (total) VALUES (1::armed)",
    "SELECT '{1}'::armed[], $1::int",
    "UPDATE orders SET total = 1 WHERE id = length(current_setting('app.api_secret'))",
    "SELECT FROM users WHERE password = current_setting($1)",
    "CREATE TABLE pwned AS SELECT 1 FROM users WHERE password = 'hunter2'",
    "DECLARE c CURSOR FOR SELECT 1 FROM users WHERE password = 'hunter2'",
    "SELECT 1 INTO pwned FROM users WHERE password = 'hunter2'",
)
HONEST = (
    "SELECT * FROM users WHERE id = $1",
    "SELECT id FROM users WHERE name = $1 AND password = $2",
    "SELECT id FROM users WHERE api_token = $1",
    "SELECT id FROM users WHERE api_token = ANY ($1)",
    "SELECT p FROM people WHERE p = $1",
    "SELECT password, upper(api_token) FROM users WHERE id = $1 ORDER BY password",
    "SELECT * FROM users WHERE id = $1 AND password IS NOT NULL FOR UPDATE SKIP LOCKED",
    "UPDATE users SET password = $1, name = upper(name) WHERE id = $2 RETURNING *",
    "UPDATE users SET api_token = api_token || 'x' WHERE id = 7",
    "DELETE FROM users WHERE api_token = $1",
    "DELETE FROM orders WHERE total < 5",
    "INSERT INTO users (id, name, password) VALUES (1, 'a', 'b'), (2, 'c', 'd')",
    "INSERT INTO users VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET password = EXCLUDED.password",
    "INSERT INTO orders (who, total) SELECT id, 1 FROM users WHERE name LIKE 'u%'",
    "INSERT INTO orders (who) VALUES (nextval('orders_code_seq')) RETURNING id",
    "INSERT INTO orders DEFAULT VALUES",
    "MERGE INTO users u USING orders o ON u.id = o.who WHEN MATCHED THEN UPDATE SET password = 'x' "
    "WHEN NOT MATCHED THEN INSERT (id, password) VALUES (o.id, 'y')",
    "WITH gone AS (DELETE FROM orders WHERE id = $1 RETURNING who) SELECT * FROM gone",
    "SELECT loud(id), now(), random() FROM orders WHERE id = loud(1)",
    "SELECT signs_up($1, $2)",
    "SELECT pg_notify('c', 'd') FROM orders WHERE id = $1",
)


def told(context: Context, sql: str, **more: Any) -> str:
    """What comes out, or the error's words."""
    try:
        found = answered(explain, context, arguments_of(explain, {"sql": sql, **more}))
    except DbwrightError as problem:
        return f"{type(problem).__name__}: {problem.message}"
    return str(found)


@pytest.fixture
def world(database: Database, working_folder: Path) -> Context:
    database.execute(WORLD)
    return Context(with_targets(Configuration(), {"shop": database.url}), working_folder)


def test_no_estimate_answers_a_guess(world: Context) -> None:
    wrong = [f"{sql} -> {said}" for sql in REFUSED if "Refused" not in (said := told(world, sql))]
    assert wrong == []


def test_statements_of_applications_are_planned(world: Context) -> None:
    wrong = [f"{sql} -> {said}" for sql in HONEST if "'plan'" not in (said := told(world, sql))]
    assert wrong == []


def test_nor_does_one_of_a_twin(world: Context) -> None:
    """As if there were an index, or of a snapshot: their statistics are the target's."""
    url = world.live(None)
    with opened(Live(url), values=None) as source:
        save(source.snapshot, world.root / "shop.dbw")
    guess, honest = "SELECT FROM users WHERE password = 'hunter2'", "SELECT FROM users WHERE id = 7"
    for more in ({"indexes": ["orders (who)"]}, {"target": "shop.dbw"}):
        assert "QueryRefused" in told(world, guess, **more)
        assert "'plan'" in told(world, honest, **more)


def test_nor_does_what_tune_says_of_it(world: Context) -> None:
    for sql in (REFUSED[0], "DELETE FROM users WHERE password = 'hunter2'"):
        with pytest.raises(QueryRefused, match="password"):
            answered(tune, world, arguments_of(tune, {"queries": [HONEST[0], sql]}))


def test_what_is_run_is_judged_as_a_query(world: Context) -> None:
    for sql in (*REFUSED[:4], "SELECT loud(1)", "SELECT id FROM users FOR UPDATE"):
        assert "'plan'" not in told(world, sql, analyze=True)
    assert "'plan'" in told(world, "SELECT password FROM users", analyze=True)


def test_nothing_stays_prepared(world: Context, database: Database) -> None:
    with Session.open(database.url, 30) as session:
        for sql in (REFUSED[0], HONEST[0], "SELECT nothing", "SELECT 1 / 0"):
            with contextlib.suppress(DbwrightError):
                planned(session, sql, guard=guard_of(Policy(), runs=False))
            prepared = session.connection.execute("SELECT count(*) FROM pg_prepared_statements")
            assert prepared.fetchall() == [(0,)]


def test_names_with_capitals_and_quotes(database: Database, working_folder: Path) -> None:
    database.execute(
        'CREATE SCHEMA "My ""App"""; CREATE TABLE "My ""App"""."The Users" ("Id" int, "dbPassword" text);'
        f'ALTER DATABASE {database.name} SET search_path = "My ""App"""'
    )
    context = Context(with_targets(Configuration(), {"a b": database.url}), working_folder)
    name = '"The Users"'
    assert "'plan'" in told(context, f'SELECT "Id" FROM {name} WHERE "dbPassword" = $1')
    assert "Refused" in told(context, f'UPDATE {name} SET "Id" = 1 WHERE "dbPassword" = \'h\'')
    with_writing = replace(context, allow_write=True)
    assert "'plan'" in told(with_writing, f'UPDATE {name} SET "dbPassword" = $1')
