-- A small shop with a bit of everything that makes the planner choose differently.
CREATE SCHEMA shop;
CREATE TABLE shop.customers (id int PRIMARY KEY, name text NOT NULL, city text, tags text[]);
CREATE TABLE shop.orders (
    id int PRIMARY KEY,
    customer_id int NOT NULL REFERENCES shop.customers,
    placed date NOT NULL,
    total numeric(10, 2) NOT NULL,
    status text NOT NULL,
    note jsonb
);
CREATE TABLE shop."Order Lines" (order_id int NOT NULL, line int, "Product (cost=1)" text, amount int);
CREATE TABLE shop.events (id int, at date NOT NULL, kind text) PARTITION BY RANGE (at);
CREATE TABLE shop.events_2023 PARTITION OF shop.events FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE shop.events_2024 PARTITION OF shop.events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.small (id int PRIMARY KEY, n int);
INSERT INTO shop.customers
    SELECT n, 'name ' || n, (ARRAY['Oslo', 'Rome', 'Bonn', NULL])[1 + n % 4], ARRAY['a' || n % 5]
    FROM generate_series(1, 500) n;
INSERT INTO shop.orders
    SELECT n, 1 + n % 500, date '2024-01-01' + n % 365, n % 1000, CASE WHEN n % 50 = 0 THEN 'new' ELSE 'sent' END,
        jsonb_build_object('a', n % 7)
    FROM generate_series(1, 8000) n;
INSERT INTO shop."Order Lines" SELECT 1 + n % 8000, n, 'thing, (of) "sorts"', n % 9 FROM generate_series(1, 12000) n;
INSERT INTO shop.events SELECT n, date '2023-01-01' + n % 700, 'kind ' || n % 3 FROM generate_series(1, 3000) n;
INSERT INTO shop.small SELECT n, n % 3 FROM generate_series(1, 30) n;
CREATE INDEX orders_customer ON shop.orders (customer_id);
CREATE INDEX orders_placed ON shop.orders (placed, total);
CREATE INDEX orders_status ON shop.orders (status);
CREATE INDEX "Order Lines idx" ON shop."Order Lines" (order_id);
CREATE INDEX customers_city ON shop.customers (city);
CREATE FUNCTION shop.touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER "notice: small" AFTER UPDATE ON shop.small FOR EACH ROW EXECUTE FUNCTION shop.touched();
CREATE FUNCTION shop.pairs(int) RETURNS TABLE (a int, b int) LANGUAGE sql STABLE ROWS 10
    AS $$ SELECT $1, n FROM generate_series(1, 3) n $$;
CREATE VIEW shop.sent AS SELECT * FROM shop.orders WHERE status = 'sent';
CREATE INDEX events_order ON shop.events (kind, id);
CREATE TABLE shop.wide (a int, b int, c text);
INSERT INTO shop.wide SELECT n % 100, n % 97, repeat('x', 100) FROM generate_series(1, 20000) n;
CREATE INDEX wide_a ON shop.wide (a);
CREATE INDEX wide_b ON shop.wide (b);
