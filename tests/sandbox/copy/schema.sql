CREATE SCHEMA shop;
CREATE TYPE shop.mood AS ENUM ('calm', 'Cross', 'it''s fine');
CREATE TYPE shop.point3 AS (x integer, y integer, z shop.mood);
CREATE DOMAIN shop.email AS text CHECK (VALUE LIKE '%@%');
CREATE TABLE shop.users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gone integer,
    email shop.email NOT NULL,
    "Mood" shop.mood,
    moods shop.mood[],
    place shop.point3,
    details jsonb,
    joined timestamptz NOT NULL,
    wait interval,
    photo bytea,
    score double precision,
    address inet,
    tags text[],
    shout text GENERATED ALWAYS AS (upper(email::text)) STORED,
    UNIQUE (email)
);
ALTER TABLE shop.users DROP COLUMN gone;
ALTER TABLE shop.users ALTER COLUMN score SET STATISTICS 7;
INSERT INTO shop.users (email, "Mood", moods, place, details, joined, wait, photo, score, address, tags)
SELECT 'u' || i || '@x.example',
       CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN 'Cross' ELSE 'it''s fine' END::shop.mood,
       ARRAY['calm', NULL]::shop.mood[], ROW (i, NULL, 'calm')::shop.point3,
       jsonb_build_object('n', i, 'text', E'a\tb\\n"ü"'), timestamptz '2024-03-31 01:30+01' + i * interval '37 min',
       i * interval '1 month 2 days', decode(md5(i::text), 'hex'), 1.0 / i, '10.0.0.1'::inet + i,
       ARRAY['a,b', NULL, E'"\\N"', '']
FROM generate_series(1, 3000) i;
CREATE TABLE shop.orders (
    id bigint NOT NULL, user_id bigint REFERENCES shop.users, placed date NOT NULL,
    total numeric(10, 2) CHECK (total > 0)
) PARTITION BY RANGE (placed);
CREATE TABLE shop.orders_2024 PARTITION OF shop.orders
    FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.orders_2025 PARTITION OF shop.orders
    FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE INDEX orders_user_id_idx ON shop.orders (user_id);
INSERT INTO shop.orders
SELECT i, 1 + i % 3000, date '2024-01-01' + i % 600, 1 + i % 100 FROM generate_series(1, 20000) i;
CREATE TABLE shop.base (id integer, note text);
CREATE TABLE shop.derived (more integer) INHERITS (shop.base);
INSERT INTO shop.base SELECT i, 'base' FROM generate_series(1, 10) i;
INSERT INTO shop.derived SELECT i, 'derived', i FROM generate_series(1, 20) i;
ALTER TABLE shop.base ADD CONSTRAINT short CHECK (id > 5) NOT VALID;
CREATE TABLE shop.untouched (id integer PRIMARY KEY REFERENCES shop.users);
INSERT INTO shop.untouched VALUES (1);
CREATE VIEW shop.sold AS
    SELECT o.id, o.total, u.email FROM shop.orders o JOIN shop.users u ON u.id = o.user_id;
CREATE MATERIALIZED VIEW shop.per_user AS
    SELECT user_id, sum(total) AS total FROM shop.orders GROUP BY user_id;
CREATE UNIQUE INDEX per_user_idx ON shop.per_user (user_id);
