"""The database that attackers and honest people meet: one with traps, secrets, and real extensions."""

from __future__ import annotations

__all__ = ["PLANTED", "TRAPS", "TRAPS_14", "WORLD"]

PLANTED = (
    "hunter2-planted",
    "tok-planted-9f8e",
    "srv-planted-pass",
    "conn-planted-pass",
    "setting-planted-key",
    "lo-planted-content",
    "file-planted-line",
)
"""Secrets of the database: none may be seen in anything that comes out."""

WORLD = '''
CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION pg_trgm; CREATE EXTENSION ltree;
CREATE EXTENSION unaccent; CREATE EXTENSION tablefunc; CREATE EXTENSION intarray;
CREATE EXTENSION btree_gist; CREATE EXTENSION fuzzystrmatch; CREATE EXTENSION cube;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE address AS (street text, city text);
CREATE TABLE customers (
  id int PRIMARY KEY, name text NOT NULL, email citext, city text, born date, mood mood,
  tags text[], profile jsonb, attributes hstore, path ltree, home address, score positive,
  joined timestamptz NOT NULL DEFAULT now(), parent int REFERENCES customers
);
INSERT INTO customers SELECT n, 'Name ' || n, 'n' || n || '@example.com',
  (ARRAY['Köln', 'Paris', 'Oslo'])[1 + n % 3], date '1970-01-01' + n * 100,
  (enum_range(NULL::mood))[1 + n % 3], ARRAY['t' || n % 4, 'x'],
  jsonb_build_object('level', n % 5, 'pets', jsonb_build_array(jsonb_build_object('kind', 'cat',
  'age', n % 7), jsonb_build_object('kind', 'dog', 'age', n % 3))), hstore('k', n::text),
  ('a.b' || n % 3 || '.c')::ltree, ROW('Street ' || n, 'Köln')::address, n,
  timestamptz '2024-01-01 00:00+00' + n * interval '1 day', nullif(n / 2, 0)
  FROM generate_series(1, 60) n;
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int NOT NULL REFERENCES customers,
  total numeric(10, 2) NOT NULL, placed date NOT NULL, note text, during daterange
);
INSERT INTO orders (customer, total, placed, note, during) SELECT 1 + n % 60, n * 1.5,
  date '2024-01-01' + n % 90, 'note ' || n, daterange(date '2024-01-01' + n % 90, date '2024-06-01')
  FROM generate_series(1, 600) n;
CREATE INDEX ON orders (placed); CREATE INDEX ON customers USING gin (profile);
CREATE TABLE events (at date NOT NULL, kind text, amount int) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2024-07-01') TO ('2025-01-01');
INSERT INTO events SELECT date '2024-01-01' + n, 'k' || n % 3, n FROM generate_series(0, 300) n;
CREATE VIEW totals AS SELECT c.id, c.name, sum(o.total) AS total FROM customers c
  JOIN orders o ON o.customer = c.id GROUP BY c.id;
CREATE MATERIALIZED VIEW cities AS SELECT city, count(*) AS people FROM customers GROUP BY city;
CREATE FUNCTION order_count(who int) RETURNS bigint LANGUAGE sql STABLE
  AS 'SELECT count(*) FROM orders WHERE customer = who';
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  'BEGIN RETURN 2 * greatest(n, 0); END';
CREATE FUNCTION orders_of(who int) RETURNS SETOF orders LANGUAGE sql STABLE
  AS 'SELECT * FROM orders WHERE customer = who';
CREATE AGGREGATE longest(text) (sfunc = textcat, stype = text, initcond = '');
CREATE TABLE documents (id int PRIMARY KEY, owner name, body text, search tsvector);
INSERT INTO documents SELECT n, current_user, 'the quick brown fox number ' || n,
  to_tsvector('english', 'the quick brown fox number ' || n) FROM generate_series(1, 20) n;
ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON documents USING (id < 1000 AND current_setting('app.tenant', true) IS NULL);
CREATE TABLE "Odd Names" ("select" int, "a ""quoted""" text, ":resjunk" int, "p{}()" int);
INSERT INTO "Odd Names" VALUES (1, 'q', 2, 3);
ANALYZE;
'''
"""What honest people read."""

TRAPS = """
CREATE EXTENSION dblink; CREATE EXTENSION postgres_fdw; CREATE EXTENSION file_fdw;
CREATE EXTENSION lo; CREATE EXTENSION pageinspect;
CREATE TABLE users (id int PRIMARY KEY, name text, password text, api_token text, has_password bool);
INSERT INTO users VALUES (1, 'ann', 'hunter2-planted', 'tok-planted-9f8e', true), (2, 'bob', NULL, NULL, false);
INSERT INTO users SELECT n, 'u' || n, 'hunter2-planted', 'tok-planted-9f8e', true FROM generate_series(3, 50) n;
CREATE TABLE children (extra int) INHERITS (users);
INSERT INTO children VALUES (100, 'kid', 'hunter2-planted', 'tok-planted-9f8e', true, 1);
CREATE VIEW people AS SELECT id, name AS n, password AS p FROM users;
CREATE VIEW people_of_people AS SELECT p AS q, id FROM people;
CREATE VIEW hints AS SELECT id, left(password, 7) AS hint FROM users;
CREATE MATERIALIZED VIEW copied AS SELECT id, password AS x, md5(password) AS y FROM users;
CREATE TABLE made (id int, password text, plain text GENERATED ALWAYS AS (upper(password)) STORED);
INSERT INTO made SELECT n, 'hunter2-planted' FROM generate_series(1, 20) n;
CREATE TABLE nested (id int, who users);
INSERT INTO nested SELECT id, u FROM ONLY users u;
CREATE SEQUENCE counter;
SELECT lo_from_bytea(424242, 'lo-planted-content'::bytea);
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/nowhere', dbname 'x');
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE USER MAPPING FOR PUBLIC SERVER elsewhere OPTIONS (user 'u', password 'srv-planted-pass');
CREATE FOREIGN TABLE remote (id int) SERVER elsewhere OPTIONS (table_name 't');
CREATE FOREIGN TABLE hosts (line text) SERVER files OPTIONS (filename '/etc/hostname');
CREATE TABLE mixed (id int) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE mixed_1 PARTITION OF mixed FOR VALUES FROM (1) TO (9) SERVER elsewhere;
CREATE SUBSCRIPTION feed CONNECTION 'host=/nowhere dbname=x password=conn-planted-pass'
  PUBLICATION p WITH (connect = false);
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET app.api_secret = %L', current_database(), 'setting-planted-key'); END $$;
CREATE TABLE scratch (id int);

CREATE FUNCTION own_volatile() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION sneaky_insert() RETURNS int LANGUAGE sql AS 'INSERT INTO scratch VALUES (1) RETURNING id';
CREATE FUNCTION liar_sleep() RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep(30); RETURN 1; END';
CREATE FUNCTION liar_notify() RETURNS int LANGUAGE plpgsql STABLE AS $$BEGIN PERFORM pg_notify('c', 'x'); RETURN 1; END$$;
CREATE FUNCTION liar_dblink() RETURNS text LANGUAGE plpgsql STABLE AS $$BEGIN RETURN dblink_exec('dbname=postgres', 'CREATE TABLE pwned ()'); END$$;
CREATE FUNCTION liar_lock() RETURNS bool LANGUAGE sql STABLE AS 'SELECT pg_try_advisory_lock(99)';
CREATE FUNCTION liar_read() RETURNS text LANGUAGE sql STABLE AS $$SELECT pg_read_file('/etc/hostname')$$;
CREATE FUNCTION liar_execute(q text) RETURNS text LANGUAGE plpgsql STABLE AS 'DECLARE r text; BEGIN EXECUTE q INTO r; RETURN r; END';
CREATE FUNCTION liar_set() RETURNS text LANGUAGE sql STABLE AS $$SELECT set_config('app.owned', 'yes', false)$$;
CREATE FUNCTION liar_nested() RETURNS int LANGUAGE sql STABLE AS 'SELECT liar_sleep()';
CREATE FUNCTION liar_default(n int DEFAULT liar_sleep()) RETURNS int LANGUAGE sql STABLE AS 'SELECT n';
CREATE FUNCTION leak(n int) RETURNS text LANGUAGE sql STABLE AS 'SELECT password FROM users WHERE id = n';
CREATE FUNCTION leak_row(n int) RETURNS users LANGUAGE sql STABLE AS 'SELECT * FROM users WHERE id = n';
CREATE FUNCTION leak_view(n int) RETURNS text LANGUAGE sql STABLE AS 'SELECT q FROM people_of_people WHERE id = n';
CREATE FUNCTION leak_quoted(which int) RETURNS text LANGUAGE sql STABLE AS 'SELECT "p" FROM "people" WHERE id = which';
CREATE FUNCTION leak_plpgsql(n int) RETURNS text LANGUAGE plpgsql STABLE AS 'DECLARE r users%ROWTYPE; BEGIN SELECT * INTO r FROM users WHERE id = n; RETURN r.password; END';
CREATE FUNCTION guess(n text) RETURNS bool LANGUAGE sql STABLE AS 'SELECT EXISTS (SELECT FROM users WHERE password = n)';
CREATE FUNCTION definer() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT rolpassword FROM pg_authid LIMIT 1';
CREATE FUNCTION setter() RETURNS int LANGUAGE sql STABLE SET log_statement = 'none' AS 'SELECT 1';
CREATE FUNCTION alias_of_core(text) RETURNS text LANGUAGE internal STABLE AS 'pg_read_file_all';
CREATE FUNCTION lower(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep(30); RETURN 1; END';
CREATE FUNCTION op_fn(int, text) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = text, FUNCTION = op_fn);
CREATE FUNCTION cast_fn(mood) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE CAST (mood AS int) WITH FUNCTION cast_fn(mood) AS IMPLICIT;
CREATE FUNCTION step(int, int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE AGGREGATE evil_sum(int) (sfunc = step, stype = int);
CREATE FUNCTION check_fn(int) RETURNS bool LANGUAGE plpgsql AS 'BEGIN PERFORM pg_notify(''c'', ''d''); RETURN true; END';
CREATE DOMAIN armed AS int CHECK (check_fn(VALUE));
CREATE TYPE holder AS (a armed);
CREATE VIEW sleeper AS SELECT liar_sleep() AS s;
CREATE VIEW deep_sleeper AS SELECT * FROM (SELECT s FROM sleeper) x WHERE s > 0;
CREATE VIEW link_view AS SELECT * FROM dblink('dbname=postgres', 'SELECT 1') AS t (a int);
CREATE TABLE policed (id int); ALTER TABLE policed ENABLE ROW LEVEL SECURITY; ALTER TABLE policed FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON policed USING (sneaky_insert() > 0);
CREATE SCHEMA shadow;
CREATE FUNCTION shadow.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT clock_timestamp()';
CREATE TABLE shadow.pg_class (relname text);
CREATE FUNCTION planned(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN IF current_setting(''app.armed'', true) = ''on'' THEN PERFORM pg_sleep(30); END IF; RETURN 1; END';
CREATE TABLE indexed (id int); CREATE INDEX ON indexed (id) WHERE planned(1) = 1;
CREATE VIEW far_view AS SELECT * FROM remote;
CREATE FUNCTION by_view() RETURNS int LANGUAGE sql STABLE AS 'SELECT s FROM sleeper';
CREATE FUNCTION by_deep_view() RETURNS int LANGUAGE sql STABLE AS 'SELECT s FROM "deep_sleeper"';
CREATE FUNCTION by_operator() RETURNS bool LANGUAGE sql STABLE AS $$SELECT 1 === 'x'$$;
CREATE FUNCTION by_cast() RETURNS int LANGUAGE sql STABLE AS $$SELECT abs('ok'::mood)$$;
CREATE FUNCTION by_escape() RETURNS int LANGUAGE plpgsql STABLE AS $$BEGIN PERFORM U&"\\0070g_sleep"(30); RETURN 1; END$$;
CREATE FUNCTION own_volatile(scratch) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION by_attribute() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN (SELECT s.own_volatile FROM scratch s LIMIT 1); END';
CREATE FUNCTION by_far_view() RETURNS bigint LANGUAGE plpgsql STABLE AS 'BEGIN RETURN (SELECT count(*) FROM far_view); END';
CREATE FUNCTION by_policy() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT count(*) FROM policed';
CREATE FUNCTION by_comment() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN PERFORM pg_catalog /* x */ . pg_sleep -- y
  (30); RETURN 1; END';
CREATE FUNCTION by_procedure() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN CALL nothing(); RETURN 1; END';
CREATE TABLE accounts (id int, "dbPassword" text, password2 text, secret_value text, "API Key" text, password_changed_at date);
INSERT INTO accounts VALUES (1, 'hunter2-planted', 'hunter2-planted', 'hunter2-planted', 'hunter2-planted', '2024-01-01');
CREATE FUNCTION tells() RETURNS int LANGUAGE sql STABLE AS $$SELECT 1 /* password = 'hunter2-planted' */$$;
CREATE TABLE pins (id int, pin_hash text);
INSERT INTO pins VALUES (1, 'hunter2-planted');
CREATE TABLE lists (id int, password text) PARTITION BY LIST (id);
CREATE TABLE lists_1 (password text, id int);
ALTER TABLE lists ATTACH PARTITION lists_1 FOR VALUES IN (1);
INSERT INTO lists VALUES (1, 'hunter2-planted');
CREATE VIEW gathered AS SELECT string_agg(password, ',') AS every FROM users;
CREATE VIEW "old" AS SELECT id, api_token AS a FROM users;
CREATE FUNCTION gives_rows() RETURNS users[] LANGUAGE sql STABLE AS 'SELECT NULL::users[]';
CREATE FUNCTION opens() RETURNS text LANGUAGE plpgsql STABLE AS $$DECLARE c refcursor; BEGIN OPEN c FOR EXECUTE 'SELECT 1'; RETURN ''; END$$;
CREATE FUNCTION raises(text) RETURNS text LANGUAGE plpgsql STABLE AS 'BEGIN RAISE EXCEPTION ''%'', $1; END';
CREATE FUNCTION fine_fn(int, int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
CREATE FUNCTION evil_fn(int, int) RETURNS bool LANGUAGE sql AS 'SELECT pg_sleep(30) IS NULL';
CREATE OPERATOR =#= (LEFTARG = int, RIGHTARG = int, FUNCTION = fine_fn, NEGATOR = !#!);
CREATE OPERATOR !#! (LEFTARG = int, RIGHTARG = int, FUNCTION = evil_fn, NEGATOR = =#=);
CREATE DOMAIN slow AS int CHECK (liar_sleep() = 1);
CREATE TYPE slow_holder AS (a slow);
CREATE TYPE credentials AS (login text, password text);
CREATE DOMAIN checked_credentials AS credentials;
CREATE TABLE holds (id int, c credentials, cs credentials[], d checked_credentials);
INSERT INTO holds SELECT 1, c, ARRAY[c], c FROM (SELECT ROW('a', 'hunter2-planted')::credentials) x (c);
CREATE TABLE notes (id int, body jsonb, plain json, words hstore, text text);
INSERT INTO notes VALUES (1, '{"password": "hunter2-planted", "in": {"api_key": "tok-planted-9f8e"}}',
  '{"dbPassword" : "hunter2-planted"}', 'token=>tok-planted-9f8e',
  '{"client_secret":"' || repeat('x', 3970) || 'hunter2-planted' || repeat('x', 3000) || '"}');
CREATE TABLE keys (id int, private_key_pem text, auth_token_enc text);
INSERT INTO keys VALUES (1, 'hunter2-planted', 'tok-planted-9f8e');
CREATE VIEW by_barrier WITH (security_barrier) AS SELECT id, password AS pw FROM users WHERE id < 40;
CREATE VIEW by_document AS SELECT to_jsonb(u) AS doc FROM users u;
CREATE VIEW by_lateral AS SELECT x.y FROM users u, LATERAL (SELECT upper(u.password)) x (y);
CREATE VIEW by_pieces AS SELECT x.z FROM users u, regexp_split_to_table(u.password, 'z') x (z);
CREATE VIEW by_members AS SELECT k.value AS v FROM users u, jsonb_each_text(to_jsonb(u)) k;
CREATE VIEW by_values AS SELECT v.z FROM users u, LATERAL (VALUES (u.password)) v (z);
CREATE VIEW by_window AS SELECT id, first_value(password) OVER (ORDER BY id) AS z FROM users;
CREATE VIEW by_statistics AS SELECT tablename AS t, most_common_vals::text AS m FROM pg_stats;
CREATE FUNCTION by_statistics() RETURNS text LANGUAGE sql STABLE AS $$SELECT string_agg(most_common_vals::text, ',') FROM pg_stats$$;
CREATE FUNCTION by_setting() RETURNS text LANGUAGE sql STABLE AS $$SELECT current_setting('app.api_secret')$$;
CREATE TABLE escaped (body jsonb);
INSERT INTO escaped VALUES ('{"password": "ab\\"hunter2-planted", "tokens": ["tok-planted-9f8e"],
  "secret": {"v": "hunter2-planted"}, "z": "postgres://u:srv-planted-pass@h/d"}');
CREATE TYPE document AS (body jsonb);
CREATE TABLE literals (id int, password text DEFAULT 'hunter2-planted', name text DEFAULT 'nobody',
  api_token varchar(90) CONSTRAINT lit_token CHECK (api_token <> 'tok-planted-9f8e'));
ANALYZE users, children, copied, made, nested;
"""
"""What somebody planted."""

TRAPS_14 = """
CREATE FUNCTION atomic(n int) RETURNS text LANGUAGE sql STABLE BEGIN ATOMIC SELECT password FROM users WHERE id = n; END;
CREATE FUNCTION atomic_view() RETURNS text LANGUAGE sql STABLE BEGIN ATOMIC SELECT p FROM people; END;
CREATE FUNCTION atomic_sleep() RETURNS int LANGUAGE sql STABLE BEGIN ATOMIC SELECT liar_sleep(); END;
CREATE FUNCTION atomic_sleeper() RETURNS int LANGUAGE sql STABLE BEGIN ATOMIC SELECT s FROM sleeper; END;
"""
"""The same for version 14 and later."""
