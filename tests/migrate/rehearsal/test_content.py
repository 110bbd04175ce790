"""Each way to lose content, planted into one database, is found in its place and by its name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from dbwright.migrate.rehearsal.changes import Change, ChangeKind
from dbwright.migrate.rehearsal.content import Content, content_changes
from dbwright.migrate.rehearsal.sequences import Behind, newly_behind
from dbwright.migrate.rehearsal.stage import catalog_of
from dbwright.progress import silent
from dbwright.sandbox import Server

Kind = ChangeKind

BEFORE = """
CREATE SCHEMA "Sh op";
CREATE TABLE kept (id int PRIMARY KEY, name varchar(40), price numeric(12,4), at timestamptz,
  doc json, code text, flag boolean, ip inet, tags text[], bytes bytea);
INSERT INTO kept SELECT n, 'Name ' || n, n * 1.5, '2024-01-01'::timestamptz + n * interval '1 s',
  '{"b": 1, "a": 2}', n::text, n % 2 = 0, '10.0.0.1'::inet + n, ARRAY['a', n::text],
  decode(md5(n::text), 'hex') FROM generate_series(1, 50) n;
INSERT INTO kept (id) VALUES (51);
CREATE TABLE "Sh op"."Or ders" ("Id é" uuid PRIMARY KEY, "no""te" text, total numeric(12,4),
  at timestamptz(6), code text, mail varchar(40), old_name text, gone int);
INSERT INTO "Sh op"."Or ders" SELECT md5(n::text)::uuid, 'note of some length ' || n, n * 1.2345,
  '2024-01-01 00:00:00.123456'::timestamptz, lpad(n::text, 5, '0'), 'u' || n || '@example.org',
  'old ' || n, n FROM generate_series(1, 100) n;
CREATE TABLE keyless (a int, b text);
INSERT INTO keyless SELECT n, 'b' || n FROM generate_series(1, 20) n;
CREATE TABLE keyless_values (a int, b text);
INSERT INTO keyless_values SELECT n, 'b' || n FROM generate_series(1, 20) n;
CREATE TABLE moved (id int PRIMARY KEY, a int, b int);
INSERT INTO moved SELECT n, n, 100 - n FROM generate_series(1, 10) n;
CREATE TABLE parts (id int, d date, v text, PRIMARY KEY (id, d)) PARTITION BY RANGE (d);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE parts_3 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO parts SELECT n, '2024-06-01'::date + 7 * n, 'v' FROM generate_series(1, 120) n;
CREATE TABLE mails (id int PRIMARY KEY, mail text);
INSERT INTO mails SELECT n, CASE WHEN n > 8 THEN 'USER' ELSE 'user' END || n % 8
  FROM generate_series(1, 10) n;
CREATE TABLE dropped (e int); INSERT INTO dropped VALUES (1), (2);
CREATE TABLE dropped_empty (a int);
CREATE TABLE renamed (a int, b text); INSERT INTO renamed VALUES (1, 'x');
CREATE TABLE copied (a int, b text); INSERT INTO copied VALUES (1, 'x');
CREATE TABLE emptied (c int, d text); INSERT INTO emptied VALUES (1, 'x');
CREATE TABLE base (id int PRIMARY KEY); CREATE TABLE child () INHERITS (base);
INSERT INTO base VALUES (1); INSERT INTO child VALUES (2);
"""
KEEPS = """
ALTER TABLE kept ALTER name TYPE text, ALTER price TYPE numeric(16,6), ALTER doc TYPE jsonb,
  ALTER at TYPE timestamp USING at AT TIME ZONE 'UTC', ALTER id TYPE bigint,
  ALTER code TYPE integer USING code::integer, ALTER flag TYPE text;
ALTER TABLE kept RENAME name TO title; ALTER TABLE kept ADD extra int DEFAULT 3;
ALTER TABLE kept RENAME TO "Kept"; ALTER TABLE "Kept" SET SCHEMA "Sh op";
ALTER TABLE parts DETACH PARTITION parts_3;
CREATE INDEX ON parts (v); CLUSTER moved USING moved_pkey; ALTER TABLE base ADD x int;
ALTER TABLE renamed RENAME TO renamed_really; DROP TABLE dropped_empty;
"""
LOSES = """
UPDATE "Sh op"."Or ders" SET gone = 0 WHERE "no""te" LIKE '% 1_';
DELETE FROM "Sh op"."Or ders" WHERE "no""te" LIKE '% 2_';
ALTER TABLE "Sh op"."Or ders" ALTER "no""te" TYPE varchar(10) USING "no""te"::varchar(10),
  ALTER total TYPE numeric(12,2), ALTER at TYPE timestamptz(0),
  ALTER code TYPE integer USING code::integer;
ALTER TABLE "Sh op"."Or ders" ADD email varchar(40), ADD new_name text;
UPDATE "Sh op"."Or ders" SET new_name = old_name;
ALTER TABLE "Sh op"."Or ders" DROP mail, DROP old_name;
DELETE FROM keyless WHERE a < 4;
UPDATE keyless_values SET b = 'other' WHERE a = 1;
UPDATE moved SET a = 11 - a;
DROP TABLE parts_2;
CREATE TABLE mails_new (id int PRIMARY KEY, mail text UNIQUE);
INSERT INTO mails_new SELECT id, lower(mail) FROM mails ON CONFLICT DO NOTHING;
DROP TABLE mails; ALTER TABLE mails_new RENAME TO mails;
CREATE UNIQUE INDEX ON mails (lower(mail));
DROP TABLE dropped;
CREATE TABLE copied_2 AS TABLE copied; DROP TABLE copied;
CREATE TABLE emptied_2 (LIKE emptied); DROP TABLE emptied;
INSERT INTO base VALUES (3);
"""

NAMED = """
CREATE TYPE kind AS ENUM ('a', 'b'); CREATE TYPE mood AS ENUM ('x', 'y');
CREATE DOMAIN short AS text CHECK (length(VALUE) < 50);
CREATE TABLE written (id timestamptz PRIMARY KEY, k kind, m mood, s short, doc json, r regclass,
  t regtype, at timestamptz, ts timestamp, day date, price numeric(12,4), name text, f float8[]);
INSERT INTO written SELECT '2024-06-01'::timestamptz + n * interval '1 h', 'a', 'y', 'short',
  '{"b": [1, {"c": "x: \\"y\\\\u0000"}],   "a": "\\u00e9"}', 'mails', 'kind', '2024-06-01 12:34:56+00',
  '2024-06-01 12:34:56', '2024-06-01', n * 1.2345, 'name ' || n, ARRAY[n / 3.0]
  FROM generate_series(1, 20) n;
CREATE TABLE swapped (id int PRIMARY KEY, a text, b text, c int, d int, e text, g numeric);
INSERT INTO swapped SELECT n, 'a' || n, 'b' || n, n, n, 'e' || n, n + 0.5 FROM generate_series(1, 20) n;
CREATE TABLE ghost (id int PRIMARY KEY, mail text);
INSERT INTO ghost SELECT n, 'u' || n % 15 FROM generate_series(1, 20) n;
CREATE TABLE archived (id int PRIMARY KEY); INSERT INTO archived SELECT generate_series(1, 20);
CREATE TABLE uniquely (code text NOT NULL UNIQUE, v int);
INSERT INTO uniquely SELECT 'c' || n, n FROM generate_series(1, 20) n;
CREATE TABLE twice (id int PRIMARY KEY, doc json); INSERT INTO twice VALUES (1, '{"a": 1, "a": 2}');
CREATE TABLE own (id serial, v int); INSERT INTO own (v) SELECT generate_series(1, 9);
CREATE SEQUENCE "Sh op"."nu'mbers";
CREATE TABLE shared (id bigint DEFAULT nextval('"Sh op"."nu''mbers"'), label text
  DEFAULT 'x' || nextval('"Sh op"."nu''mbers"'));
INSERT INTO shared (label) SELECT 'n' || n FROM generate_series(1, 9) n;
CREATE TABLE free (a text, b text); INSERT INTO free VALUES ('a long text', 'b');
"""
WRITTEN_OTHERWISE = """
SET TimeZone = 'Asia/Kolkata';
ALTER TYPE kind RENAME TO sort; ALTER TABLE written ALTER m TYPE text, ALTER s TYPE text,
  ALTER doc TYPE jsonb, ALTER id TYPE timestamp USING id AT TIME ZONE 'UTC';
DROP TYPE mood; DROP DOMAIN short; ALTER TABLE mails RENAME TO letters;
ALTER TABLE written ALTER at TYPE timestamp, ALTER ts TYPE timestamptz, ALTER day TYPE timestamptz;
ALTER TABLE swapped ADD d2 bigint; UPDATE swapped SET d2 = d; ALTER TABLE swapped DROP d;
ALTER TABLE swapped RENAME d2 TO d;
CREATE TABLE ghost_2 AS TABLE ghost; ALTER TABLE ghost RENAME TO ghost_1;
ALTER TABLE ghost_2 RENAME TO ghost; DROP TABLE twice;
"""
UNDER_ITS_NAME = """
ALTER TABLE swapped RENAME a TO x; ALTER TABLE swapped RENAME b TO a;
ALTER TABLE swapped RENAME x TO b;
ALTER TABLE swapped ADD c2 bigint; UPDATE swapped SET c2 = c WHERE id <= 15;
ALTER TABLE swapped RENAME c TO c_old; ALTER TABLE swapped RENAME c2 TO c;
ALTER TABLE swapped RENAME d TO d_old; ALTER TABLE swapped ADD d int;
ALTER TABLE swapped DROP e; ALTER TABLE swapped ADD e text;
ALTER TABLE swapped ALTER g TYPE int USING floor(g)::int;
CREATE TABLE ghost_2 (id int PRIMARY KEY, mail text UNIQUE);
INSERT INTO ghost_2 SELECT * FROM ghost ON CONFLICT DO NOTHING;
ALTER TABLE ghost RENAME TO ghost_1; ALTER TABLE ghost_2 RENAME TO ghost;
ALTER TABLE archived RENAME TO archived_2023; CREATE TABLE archived (LIKE archived_2023);
UPDATE uniquely SET v = 0 WHERE code = 'c7';
ALTER TABLE twice ALTER doc TYPE jsonb;
ALTER TABLE free ALTER a TYPE varchar(4) USING substr(a, 3, 4);
"""


@contextmanager
def changed(server: Server, name: str, statements: str) -> Iterator[tuple[Change, ...]]:
    """What is found after these statements, on a copy of the database `before`."""
    server.create_database(name, "TEMPLATE content_before")
    with (
        psycopg.connect(server.url("content_before"), autocommit=True) as old,
        psycopg.connect(server.url(name), autocommit=True) as new,
    ):
        new.execute(f"ALTER DATABASE {name} SET TimeZone = 'Asia/Kolkata'".encode())
        new.execute(statements.encode())
        first, second = catalog_of(server.url("content_before")), catalog_of(server.url(name))
        with psycopg.connect(server.url(name), autocommit=True) as read:
            yield content_changes(Content(old, first), Content(read, second), progress=silent)


@pytest.fixture(scope="module")
def server(postgresql: Server) -> Server:
    postgresql.create_database("content_before")
    with psycopg.connect(postgresql.url("content_before"), autocommit=True) as connection:
        connection.execute(BEFORE.encode())
        connection.execute(NAMED.encode())
    return postgresql


def test_what_keeps_all_content_is_not_told(server: Server) -> None:
    with changed(server, "content_kept", KEEPS) as found:
        assert found == ()


def test_each_loss_is_named(server: Server) -> None:
    with changed(server, "content_lost", LOSES) as changes:
        found = {(one.kind, one.table, one.column): one for one in changes}
    orders = '"Sh op"."Or ders"'
    rows = {place: one.rows for place, one in found.items()}
    assert rows == {
        (Kind.LOST_ROWS, orders, ""): 10,
        (Kind.CHANGED_VALUES, orders, "gone"): 10,
        (Kind.TRUNCATED_VALUES, orders, 'no"te'): 90,
        (Kind.CHANGED_PRECISION, orders, "total"): 86,
        (Kind.CHANGED_PRECISION, orders, "at"): 90,
        (Kind.CHANGED_VALUES, orders, "code"): 90,
        (Kind.LOST_COLUMN, orders, "mail"): 100,
        (Kind.LOST_COLUMN, orders, "old_name"): 100,
        (Kind.LOST_ROWS, "public.keyless", ""): 3,
        (Kind.CHANGED_VALUES, "public.keyless_values", "b"): None,
        (Kind.CHANGED_VALUES, "public.moved", "a"): 10,
        (Kind.LOST_ROWS, "public.parts", ""): 52,
        (Kind.COLLIDED_ROWS, "public.mails", ""): 2,
        (Kind.LOST_TABLE, "public.dropped", ""): 2,
        (Kind.RENAMED_KEPT, "public.copied", ""): 1,
        (Kind.RENAMED_LOST, "public.emptied", ""): 1,
        (Kind.ADDED_ROWS, "public.base", ""): 1,
    }


def test_sequences_that_are_behind(server: Server) -> None:
    server.create_database("content_numbers", "TEMPLATE content_before")
    url = server.url("content_numbers")
    with (
        psycopg.connect(server.url("content_before"), autocommit=True) as old,
        psycopg.connect(url, autocommit=True) as new,
    ):
        new.execute(
            """SELECT setval('"Sh op"."nu''mbers"', 2); ALTER SEQUENCE own_id_seq RESTART"""
        )
        catalogs = catalog_of(server.url("content_before")), catalog_of(url)
        found = newly_behind(old, catalogs[0], new, catalogs[1])
    assert set(found) == {
        Behind("public.own", "id", 1, 9),
        Behind("public.shared", "id", 3, 9),
    }


def test_what_is_only_written_otherwise_is_no_change(server: Server) -> None:
    with changed(server, "content_written", WRITTEN_OTHERWISE) as found:
        assert [(one.kind, one.table, one.column) for one in found] == [
            (Kind.LOST_TABLE, "public.twice", "")
        ]


def test_what_has_the_name_is_compared(server: Server) -> None:
    with changed(server, "content_named", UNDER_ITS_NAME) as changes:
        found = {(one.table.removeprefix("public."), one.column): one for one in changes}
    told = {place: (one.kind, one.rows, one.other) for place, one in found.items()}
    assert told == {
        ("swapped", "a"): (Kind.CHANGED_VALUES, 20, ""),
        ("swapped", "b"): (Kind.CHANGED_VALUES, 20, ""),
        ("swapped", "c"): (Kind.CHANGED_VALUES, 5, "integer to bigint"),
        ("swapped", "d"): (Kind.SET_ASIDE, 20, "d_old"),
        ("swapped", "e"): (Kind.RENAMED_LOST, 20, "e"),
        ("swapped", "g"): (Kind.CHANGED_PRECISION, 20, "numeric to integer"),
        ("ghost", ""): (Kind.COLLIDED_ROWS, 5, "public.ghost_2_mail_key"),
        ("archived", ""): (Kind.SET_ASIDE, 20, "public.archived_2023"),
        ("uniquely", "v"): (Kind.CHANGED_VALUES, 1, ""),
        ("twice", "doc"): (Kind.CHANGED_VALUES, 1, "json to jsonb"),
        ("free", "a"): (Kind.TRUNCATED_VALUES, None, "text to character varying(4)"),
    }
    assert {column for (_, column), one in found.items() if one.replaced} == {"a", "b", "c"}
    assert [place for place, one in found.items() if one.fewer] == [("swapped", "c")]
    example = found["uniquely", "v"].example
    assert example is not None and example.key == "code = c7"
