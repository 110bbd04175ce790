"""Rows for a schema with about every way to refuse some, on a real server."""

from __future__ import annotations

import psycopg

from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import Catalog
from dbwright.progress import silent
from dbwright.sandbox.generated.fill import empty, fill
from servers.postgresql import Database

SCHEMA = """
CREATE SCHEMA "My shop";
CREATE TYPE "My shop"."Sta tus" AS ENUM ('new', 'it''s paid');
CREATE DOMAIN "My shop".percent AS numeric(5,2) CHECK (VALUE BETWEEN 0 AND 100);
CREATE DOMAIN "My shop".email AS text CHECK (VALUE LIKE '%@%.%');
CREATE TABLE "My shop"."Us ers" (
  "Id" uuid PRIMARY KEY, mail "My shop".email NOT NULL, share "My shop".percent,
  status "My shop"."Sta tus" NOT NULL, code char(5) NOT NULL UNIQUE CHECK (length(code) = 5),
  short varchar(4) UNIQUE, small smallint UNIQUE, born date, seen timestamptz(3), net inet, tags text[],
  doc jsonb, raw bytea, span daterange, upper_mail text GENERATED ALWAYS AS (upper(mail)) STORED,
  color text CHECK (color IN ('red', 'green')), age int CHECK (age > 17 AND age < 100));
CREATE TABLE pairs (a int, b text, PRIMARY KEY (a, b));
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent bigint REFERENCES orders,
  root bigint NOT NULL REFERENCES orders, a int, b text, "user" uuid NOT NULL REFERENCES "My shop"."Us ers",
  FOREIGN KEY (a, b) REFERENCES pairs);
CREATE TABLE ranged (id int, day date NOT NULL, kind text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE ranged_1 PARTITION OF ranged FOR VALUES FROM ('2019-01-01') TO ('2020-01-01');
CREATE TABLE listed (id int, kind text) PARTITION BY LIST (kind);
CREATE TABLE listed_a PARTITION OF listed FOR VALUES IN ('a', 'b');
CREATE TABLE hashed (id int PRIMARY KEY) PARTITION BY HASH (id);
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE TABLE seeded (id int); INSERT INTO seeded VALUES (7);
CREATE TABLE impossible (id int CHECK (id > 5 AND id < 3) NOT NULL);
CREATE TABLE ordered (low int, high int, CHECK (low < high));
CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
CREATE TRIGGER stop BEFORE INSERT ON pairs FOR EACH ROW EXECUTE FUNCTION stop();
"""
FILLED = ('"My shop"."Us ers"', "pairs", "orders", "ranged", "listed", "hashed")


def catalog_of(database: Database) -> Catalog:
    with Session.open(database.url, 60) as session:
        return introspect(session)


def test_rows_for_every_table_that_can_have_some(database: Database) -> None:
    database.execute(SCHEMA)
    catalog = catalog_of(database)
    with psycopg.connect(database.url, autocommit=True) as connection:
        filled, skipped = fill(
            connection, catalog, 40, unusual=True, left_out={"public.ordered"}, progress=silent
        )
        assert [one.objects for one in skipped] == [("public.impossible",)]
        assert "public.seeded" not in filled and "public.ordered" not in filled

        def one(query: str) -> object:
            row = connection.execute(query.encode()).fetchone()
            assert row is not None
            return row[0]

        for name in FILLED:
            assert one(f"SELECT count(*) FROM {name}") == 40, name
        assert one("SELECT count(*) FROM seeded") == 1
        # Foreign keys hold, though nothing checked them.
        for name in (
            "orders_parent_fkey",
            "orders_root_fkey",
            "orders_user_fkey",
            "orders_a_b_fkey",
        ):
            alter = "ALTER TABLE orders DROP CONSTRAINT {0}, ADD CONSTRAINT {0} FOREIGN KEY "
            keys = {
                "orders_parent_fkey": "(parent) REFERENCES orders",
                "orders_root_fkey": "(root) REFERENCES orders",
                "orders_user_fkey": '("user") REFERENCES "My shop"."Us ers"',
                "orders_a_b_fkey": "(a, b) REFERENCES pairs",
            }
            connection.execute((alter.format(name) + keys[name]).encode())
        # What falls over: NULLs, several labels, texts that differ in their case.
        users = '"My shop"."Us ers"'
        assert one(f"SELECT count(DISTINCT status) FROM {users}") == 2
        assert one(f"SELECT count(*) FROM {users} WHERE born IS NULL") == 5
        assert one("SELECT count(DISTINCT lower(b)) < count(DISTINCT b) FROM pairs") is True
        # Numbers go on behind the rows.
        connection.execute(
            f'INSERT INTO orders (root, "user") SELECT 1, "Id" FROM {users} LIMIT 1'.encode()
        )
        empty(connection, filled)
        assert one("SELECT count(*) FROM orders") == 0
        again, _ = fill(connection, catalog, 5, unusual=False, progress=silent)
        assert one(f"SELECT count(*) FROM {users} WHERE born IS NULL OR mail IS NULL") == 0
        assert set(again) >= {"public.pairs", "public.orders"}
        assert one("SELECT string_agg(b, ',' ORDER BY a) FROM pairs") == "1,2,3,4,5"
