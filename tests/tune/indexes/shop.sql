CREATE EXTENSION pg_trgm;
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id bigint PRIMARY KEY, email text NOT NULL, name varchar(80), country char(2), active boolean NOT NULL, deleted_at timestamptz, created_at timestamptz NOT NULL, tags text[], settings jsonb, document tsvector, code text COLLATE "C", note text, referrer_id bigint, visit tstzrange);
INSERT INTO shop.customers
SELECT i, 'customer' || i || '@example.org', 'Name ' || (i * 7919) % 5000, (ARRAY['de', 'fr', 'at', 'us', 'jp'])[1 + i % 5],
    i % 10 <> 0, CASE WHEN i % 20 = 0 THEN timestamptz '2024-01-01' + i * interval '1 minute' END,
    timestamptz '2020-01-01' + i * interval '1 hour', ARRAY['t' || i % 50, 'u' || i % 7],
    jsonb_build_object('plan', 'p' || i % 4, 'seats', i % 100), to_tsvector('simple', 'word' || i % 300 || ' common'),
    'c' || lpad(i::text, 6, '0'), repeat(md5(i::text), 4), CASE WHEN i % 50 = 0 THEN i / 2 END,
    tstzrange(timestamptz '2020-01-01' + i * interval '1 hour', timestamptz '2020-01-01' + (i + 3) * interval '1 hour')
FROM generate_series(1, 10000) i;
CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, status text NOT NULL, total numeric(12, 2) NOT NULL, placed_at timestamp NOT NULL, shipped_on date, channel int);
INSERT INTO shop.orders
SELECT i, 1 + (i * 31) % 10000, CASE WHEN i % 50 = 0 THEN 'open' WHEN i % 3 = 0 THEN 'paid' ELSE 'shipped' END, (i * 37) % 1000 / 7.0,
    timestamp '2021-01-01' + i * interval '10 minutes', date '2021-01-01' + i / 144, i % 4
FROM generate_series(1, 30000) i;
CREATE TABLE shop.items (order_id bigint NOT NULL, position int NOT NULL, product_id bigint NOT NULL, quantity int NOT NULL, price numeric(12, 2) NOT NULL, PRIMARY KEY (order_id, position));
INSERT INTO shop.items SELECT 1 + i / 2, i % 2, 1 + (i * 13) % 500, 1 + i % 5, i % 90 FROM generate_series(0, 59999) i;
CREATE TABLE shop."Product" ("Id" bigint PRIMARY KEY, "productName" text, "order" int, price numeric(12, 2));
INSERT INTO shop."Product" SELECT i, 'Product ' || i, i % 10, i FROM generate_series(1, 500) i;
CREATE TABLE shop.tiny (id int, name text);
INSERT INTO shop.tiny SELECT i, 'n' || i FROM generate_series(1, 20) i;
CREATE VIEW shop.open_orders AS SELECT id, customer_id AS customer, total FROM shop.orders WHERE status = 'open';
CREATE INDEX orders_status ON shop.orders (status);
CREATE INDEX orders_placed ON shop.orders (placed_at DESC, id DESC);
CREATE INDEX customers_lower ON shop.customers (lower(name));
CREATE INDEX customers_deleted ON shop.customers (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE FUNCTION shop.tidy(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT trim($1)';
CREATE FUNCTION shop.messy(text) RETURNS text LANGUAGE sql STABLE AS 'SELECT trim($1)';
VACUUM ANALYZE;
