"""What a run of migrations is told to do, on real servers."""

from __future__ import annotations

from dataclasses import replace

from dbwright.migrate.files.script import script
from dbwright.migrate.replay.run import ReadMigration, judged_run
from dbwright.model.finding import LockMode
from dbwright.model.judged import JudgedMigration, JudgedStatement
from dbwright.model.migration import Migration
from dbwright.sandbox import Server
from dbwright.target import Live, opened
from servers.postgresql import Database

AX, SUX = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE

EARLIER = """
CREATE TABLE users (id integer PRIMARY KEY, email varchar(20), at timestamp);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id integer, total integer);
"""
WHOLE = """
SET lock_timeout = '2s';
ALTER TABLE users ALTER email TYPE varchar(40);
ALTER TABLE users ALTER at TYPE timestamptz;
ALTER TABLE orders ALTER total TYPE bigint;
ALTER TABLE nowhere ADD x integer;
GRANT SELECT ON users TO app;
CREATE EXTENSION pg_trgm;
CREATE TABLE carts (id integer PRIMARY KEY);
ALTER TABLE carts ADD x serial;
CREATE INDEX CONCURRENTLY orders_user ON orders (user_id);
"""
STEPWISE = """-- no-transaction
CREATE INDEX CONCURRENTLY orders_total ON orders (total);
ALTER TABLE carts ADD y serial;
BEGIN;
ALTER TABLE users ADD a integer;
ALTER TABLE users ADD b integer;
COMMIT;
DROP INDEX CONCURRENTLY orders_total;
VACUUM FULL orders;
REINDEX (CONCURRENTLY) TABLE users;
"""


def migration(number: int, text: str) -> ReadMigration:
    path = f"{number:03}_step.sql"
    return ReadMigration(Migration(str(number), "step", path, ""), script(text, path))


def step(judged: JudgedMigration, words: str) -> JudgedStatement:
    (found,) = [one for one in judged.steps if words in one.text]
    return found


def test_files_after_files(postgresql: Server) -> None:
    asked = (migration(2, WHOLE), migration(3, STEPWISE))
    run = judged_run(asked, earlier=(migration(1, EARLIER),), server=postgresql)
    whole, stepwise = run.migrations
    widened = step(whole, "varchar(40)")
    assert widened.effects.lock_on("public.users") is AX
    assert not widened.effects.rewritten
    assert widened.session["lock_timeout"] == "2s"
    assert [one.name for one in step(whole, "bigint").effects.rewritten] == ["public.orders"]
    refused = step(whole, "nowhere").effects.refusal
    assert refused is not None
    assert refused.sqlstate == "42P01"
    assert step(whole, "GRANT").effects.refusal is None
    assert any("The role app" in one.reason for one in run.skipped)
    assert step(whole, "EXTENSION").effects.refusal is None
    assert not step(whole, "ADD x serial").effects.rewritten
    assert whole.is_new("public.carts")
    assert not whole.is_new("public.users")
    assert not step(whole, "CONCURRENTLY").effects.transactional
    indexes = [one.name for one in whole.after.table("public.orders").indexes]
    assert indexes == ["orders_pkey", "orders_user"]

    assert stepwise.is_new("public.carts")
    built = step(stepwise, "CREATE INDEX").effects
    assert (built.lock_on("public.orders"), built.transactional) == (SUX, False)
    assert [one.index.name for one in built.built] == ["public.orders_total"]
    assert built.waits_for_transactions
    assert step(stepwise, "ADD a").transaction == step(stepwise, "ADD b").transaction
    assert step(stepwise, "ADD y").transaction != step(stepwise, "ADD a").transaction
    full = step(stepwise, "VACUUM").effects
    assert (full.lock_on("public.orders"), full.waits_for_transactions) == (AX, False)
    assert step(stepwise, "REINDEX").effects.lock_on("public.users") is SUX


SAVEPOINTS = """
BEGIN;
CREATE TABLE a (id integer);
SAVEPOINT one;
ALTER TABLE users ADD c integer;
ROLLBACK TO one;
ALTER TABLE users ADD d integer;
COMMIT;
BEGIN;
ROLLBACK TO nowhere;
COMMIT;
"""


def test_savepoints(postgresql: Server) -> None:
    asked = migration(2, SAVEPOINTS)
    run = judged_run((asked,), earlier=(migration(1, EARLIER),), server=postgresql)
    (judged,) = run.migrations
    refused = [one.text for one in judged.steps if one.effects.refusal is not None]
    assert refused == ["ROLLBACK TO nowhere"]
    columns = [column.name for column in judged.after.table("public.users").columns]
    assert columns == ["id", "email", "at", "d"]


UNUSUAL = """-- no-transaction
BEGIN;
ALTER TABLE users ADD c integer;
PREPARE TRANSACTION 'left open';
SELECT pg_terminate_backend(pg_backend_pid());
SELECT id AS number INTO copies FROM users;
ALTER TABLE copies RENAME TO copied;
DROP TABLE orders;
CREATE TABLE orders (id bigint);
"""


def test_what_would_end_the_session_or_outlive_it(postgresql: Server) -> None:
    asked = (migration(2, UNUSUAL), migration(3, "ALTER TABLE users RENAME TO people;"))
    earlier = migration(1, f"{EARLIER};BEGIN; LOCK users; PREPARE TRANSACTION 'so too';")
    run = judged_run(asked, earlier=(earlier,), server=postgresql)
    judged, last = run.migrations
    refused = {one.text: one.effects.refusal for one in judged.steps if one.effects.refusal}
    assert list(refused) == [
        "PREPARE TRANSACTION 'left open'",
        "SELECT pg_terminate_backend(pg_backend_pid())",
    ]
    assert [column.name for column in judged.after.table("public.users").columns][-1] == "c"
    assert judged.after.find_table("public.copied") is not None
    dropped, made = step(judged, "DROP TABLE"), step(judged, "CREATE TABLE")
    assert judged.is_new("public.orders", made)
    assert not judged.is_new("public.orders", dropped)
    assert step(last, "RENAME").renamed == {"public.people": "public.users"}
    assert any("'so too'" in one.reason or "keeps its locks" in one.reason for one in run.skipped)


SHOP = """
CREATE SCHEMA "My shop";
CREATE TYPE "My shop".state AS ENUM ('new', 'paid');
CREATE DOMAIN "My shop".code AS text CHECK (VALUE <> '');
CREATE FUNCTION "My shop".one() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE TABLE "My shop"."Orders" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  state "My shop".state, code "My shop".code, placed timestamp);
CREATE VIEW "My shop".paid AS SELECT id FROM "My shop"."Orders" WHERE state = 'paid';
CREATE MATERIALIZED VIEW "My shop".counts AS SELECT count(*) AS n FROM "My shop"."Orders";
CREATE TABLE "My shop".log (at date NOT NULL, serial serial) PARTITION BY RANGE (at);
CREATE TABLE "My shop".log_2026 PARTITION OF "My shop".log
  FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
ALTER TABLE "My shop"."Orders" ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON "My shop"."Orders" TO pg_monitor USING (code = current_user);
CREATE STATISTICS "My shop".both ON state, code FROM "My shop"."Orders";
INSERT INTO "My shop"."Orders" (state, code)
  SELECT 'new', 'x' FROM generate_series(1, 5000);
ANALYZE;
CREATE FUNCTION "My shop".forbid() RETURNS event_trigger LANGUAGE plpgsql
  AS 'BEGIN RAISE EXCEPTION $$no$$; END';
CREATE EVENT TRIGGER "no DDL" ON ddl_command_start EXECUTE FUNCTION "My shop".forbid();
"""
ON_SHOP = """
SET search_path = "My shop";
ALTER TABLE "Orders" ALTER placed TYPE timestamptz;
ALTER TYPE state RENAME VALUE 'new' TO 'fresh';
DROP VIEW paid;
DROP MATERIALIZED VIEW counts;
ALTER TABLE log ADD note text;
ALTER DOMAIN code ADD CHECK (length(VALUE) < 100);
DROP STATISTICS "both";
DROP FUNCTION one();
ALTER POLICY own ON "Orders" USING (true);
INSERT INTO log VALUES ('2026-01-01', 1);
INSERT INTO log VALUES ('2027-01-01', 2);
INSERT INTO log VALUES ('2026-01-02', 3);
ALTER EVENT TRIGGER "no DDL" OWNER TO postgres;
DROP SCHEMA "My shop" CASCADE;
"""


def test_schema_of_a_target(database: Database, postgresql: Server) -> None:
    database.execute(SHOP)
    database.execute(f"ALTER DATABASE {database.name} SET TimeZone = 'Europe/Berlin'")
    with opened(Live(database.url)) as source:
        snapshot = source.snapshot
    run = judged_run((migration(1, ON_SHOP),), snapshot=snapshot, server=postgresql)
    (judged,) = run.migrations
    # Of rows behind rows of the same table as well, what is refused is told.
    refused = [one.text for one in judged.steps if one.effects.refusal is not None]
    assert refused == ["INSERT INTO log VALUES ('2027-01-01', 2)"]
    changed = step(judged, "timestamptz")
    assert changed.session["TimeZone"] == "Europe/Berlin"
    assert [one.name for one in changed.effects.rewritten] == ['"My shop"."Orders"']
    size = run.size('"My shop"."Orders"')
    assert size is not None
    assert size.best_rows == 5000
    locked = {lock.object.name for lock in step(judged, "ADD note").effects.locks}
    assert '"My shop".log_2026' in locked
    assert not run.skipped


def test_a_type_that_this_server_lacks(database: Database, postgresql: Server) -> None:
    database.execute(
        "CREATE EXTENSION citext; CREATE TABLE people (id integer PRIMARY KEY, name citext); "
        "CREATE VIEW names AS SELECT name FROM people"
    )
    with opened(Live(database.url)) as source:
        snapshot = source.snapshot
    catalog = snapshot.catalog
    absent = tuple(replace(one, name="elsewhere") for one in catalog.extensions)
    lacking = replace(snapshot, catalog=replace(catalog, extensions=absent))
    asked = migration(1, "ALTER TABLE people ALTER id TYPE bigint;")
    run = judged_run((asked,), snapshot=lacking, server=postgresql)
    (found,) = run.migrations[0].steps
    assert [one.name for one in found.effects.rewritten] == ["public.people"]
    told = [one for one in run.skipped if "this server has no type" in one.reason]
    assert told[0].objects == ("column public.people.name",)
    assert [one.name for one in run.migrations[0].before.views] == ["names"]
