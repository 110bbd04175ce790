CREATE SCHEMA shop;
SET search_path = shop;
CREATE FUNCTION constant() RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1; END';
CREATE FUNCTION changing() RETURNS integer LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN 1; END';
CREATE FUNCTION inlined() RETURNS integer LANGUAGE sql VOLATILE AS 'SELECT 1';
CREATE DOMAIN free AS integer;
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TABLE users (
    id integer PRIMARY KEY,
    email varchar(40),
    nickname varchar(40),
    age integer,
    proven integer CONSTRAINT proven_is_there CHECK (proven IS NOT NULL),
    hoped integer,
    price numeric(10, 2),
    born timestamp,
    rank positive
);
ALTER TABLE users ADD CONSTRAINT hoped_is_there CHECK (hoped IS NOT NULL) NOT VALID;
CREATE INDEX users_email ON users (email);
CREATE INDEX users_lower ON users (lower(nickname));
CREATE UNIQUE INDEX users_age ON users (age);
CREATE TABLE orders (id integer PRIMARY KEY, user_id integer, at date, note text);
ALTER TABLE orders ADD CONSTRAINT orders_hoped FOREIGN KEY (user_id) REFERENCES users NOT VALID;
CREATE TABLE events (id integer, at date) PARTITION BY RANGE (at);
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE INDEX events_at ON events (at);
CREATE TABLE events_2025 (id integer, at date);
CREATE TABLE events_2026 (
    id integer,
    at date NOT NULL CHECK (at >= '2026-01-01' AND at < '2027-01-01')
);
CREATE MATERIALIZED VIEW ages AS SELECT age, count(*) AS n FROM users GROUP BY age;
CREATE UNIQUE INDEX ages_age ON ages (age);
CREATE VIEW notes AS SELECT id, upper(note) AS note FROM orders WHERE user_id > 0;
CREATE SEQUENCE numbers;
