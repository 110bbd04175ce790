CREATE SCHEMA shop;
CREATE TABLE shop.customers (id integer PRIMARY KEY, name text NOT NULL, country text NOT NULL);
INSERT INTO shop.customers SELECT i, 'customer ' || i, 'c' || i % 50 FROM generate_series(1, 2000) i;
CREATE TABLE shop.events (
    id integer PRIMARY KEY,
    customer_id integer NOT NULL REFERENCES shop.customers,
    status text NOT NULL,
    created integer NOT NULL,
    amount double precision NOT NULL,
    token integer NOT NULL UNIQUE,
    note text NOT NULL
);
-- created is in no order on disk, and the rare ones are all at its end.
INSERT INTO shop.events
SELECT i, 1 + i % 2000, CASE WHEN (i * 7919::bigint) % 60000 > 59400 THEN 'rare' ELSE 'usual' END,
       (i * 7919::bigint) % 60000, i / 7.0, i, repeat('x', 100)
FROM generate_series(1, 60000) i;
