-- Every kind of object that the catalog model has a noun for, on every version from 12 on.
CREATE SCHEMA shop;
CREATE SCHEMA "Ünïcode ☃";
CREATE TYPE shop.state AS ENUM ('new', 'paid', 'sent');
CREATE DOMAIN shop.email AS text NOT NULL CONSTRAINT at_sign CHECK (VALUE LIKE '%@%');
CREATE TYPE shop.point3 AS (x int, y int, z numeric(4, 2));
CREATE TYPE shop.span AS RANGE (subtype = float8);
CREATE TABLE shop.users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mail shop.email UNIQUE,
    name varchar(40) COLLATE "C",
    tags text[] NOT NULL DEFAULT '{}',
    full_name text GENERATED ALWAYS AS (name || '!') STORED,
    state shop.state DEFAULT 'new',
    meta jsonb,
    code char(3),
    place shop.point3
);
COMMENT ON TABLE shop.users IS 'people';
COMMENT ON COLUMN shop.users.name IS 'how they are called';
CREATE TABLE shop.orders (
    id serial PRIMARY KEY,
    user_id bigint REFERENCES shop.users ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    total numeric(12, 2) CONSTRAINT positive CHECK (total >= 0),
    during tsrange,
    CONSTRAINT one_at_a_time EXCLUDE USING gist (during WITH &&)
);
ALTER TABLE shop.orders ADD CONSTRAINT late FOREIGN KEY (user_id) REFERENCES shop.users NOT VALID;
CREATE INDEX orders_expression ON shop.orders (lower(total::text), user_id DESC NULLS LAST)
    WHERE total > 5;
CREATE INDEX orders_include ON shop.orders (user_id) INCLUDE (total) WITH (fillfactor = 70);
CREATE INDEX users_pattern ON shop.users (name varchar_pattern_ops, name COLLATE "POSIX");
CREATE INDEX users_meta ON shop.users USING gin (meta jsonb_path_ops);
CREATE TABLE shop.events (at timestamptz NOT NULL, kind int, note text) PARTITION BY RANGE (at);
CREATE TABLE shop.events_2024 PARTITION OF shop.events
    FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2025-01-01 00:00+00');
CREATE TABLE shop.events_rest PARTITION OF shop.events DEFAULT;
CREATE INDEX events_kind ON shop.events (kind);
CREATE TABLE shop.base (a int);
CREATE TABLE shop.child (b int) INHERITS (shop.base);
CREATE TABLE "Ünïcode ☃"."Tab""le" ("Col 1" int, "select" int, "a
b" text);
CREATE VIEW shop.named AS SELECT id, name FROM shop.users WHERE name IS NOT NULL;
CREATE MATERIALIZED VIEW shop.totals AS SELECT count(*) AS orders FROM shop.orders WITH NO DATA;
CREATE FUNCTION shop.answer(a int, b text DEFAULT 'x') RETURNS int LANGUAGE sql SECURITY DEFINER
    SET search_path = shop, pg_temp AS 'SELECT 1';
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE PROCEDURE shop.work() LANGUAGE plpgsql AS 'BEGIN NULL; END';
CREATE TRIGGER touch_it BEFORE INSERT OR UPDATE ON shop.orders
    FOR EACH ROW WHEN (new.total > 1) EXECUTE FUNCTION shop.touch();
ALTER TABLE shop.orders DISABLE TRIGGER touch_it;
ALTER TABLE shop.users ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shop.users FOR SELECT TO PUBLIC USING (name = current_user);
CREATE RULE no_delete AS ON DELETE TO shop.base DO INSTEAD NOTHING;
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing OPTIONS (host 'x', password 'geheim');
CREATE USER MAPPING FOR PUBLIC SERVER elsewhere OPTIONS (user 'u', password 'geheim');
CREATE FOREIGN TABLE shop.remote (a int) SERVER elsewhere;
CREATE PUBLICATION published FOR TABLE shop.users;
CREATE STATISTICS shop.together ON user_id, total FROM shop.orders;
ALTER DEFAULT PRIVILEGES IN SCHEMA shop GRANT SELECT ON TABLES TO PUBLIC;
GRANT SELECT ON shop.users TO PUBLIC;
GRANT UPDATE (name) ON shop.users TO PUBLIC;
CREATE UNLOGGED TABLE shop.scratch (a int) WITH (fillfactor = 50, autovacuum_enabled = off);
CREATE SEQUENCE shop.lonely AS smallint INCREMENT 5 CYCLE;
SELECT nextval('shop.lonely');
INSERT INTO shop.users (mail, name) SELECT n || '@x', 'name ' || n % 7 FROM generate_series(1, 500) n;
ANALYZE shop.users;
