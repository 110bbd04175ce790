"""A small shop for the examples."""

from __future__ import annotations

__all__ = ["SALES", "SHOP"]

SHOP = """
CREATE TABLE customers (
    id int PRIMARY KEY, email text NOT NULL UNIQUE, name text NOT NULL, referrer int,
    joined timestamp NOT NULL
);
CREATE TABLE orders (
    id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, coupon_id int,
    status varchar(10) NOT NULL, total numeric(10,2), placed timestamp, due date
);
INSERT INTO customers SELECT n, 'c' || n, 'name ' || n % 100, nullif(n % 7, 0),
    timestamp '2024-01-01' + n * interval '1 hour' FROM generate_series(1, 2000) n;
INSERT INTO orders SELECT n, n % 1500 + 1, nullif(n % 11, 0),
    (ARRAY['new', 'paid', 'sent'])[n % 3 + 1], n % 97,
    timestamp '2023-01-01' + n * interval '1 hour', date '2023-01-01' + n / 24
    FROM generate_series(1, 20000) n;
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_placed ON orders (placed);
CREATE INDEX orders_due ON orders (due);
ANALYZE;
"""
"""2,000 customers with 20,000 orders; 500 customers have none."""

SALES = """
CREATE TABLE regions (id int PRIMARY KEY);
INSERT INTO regions SELECT n FROM generate_series(1, 20) n;
CREATE TABLE sales (id int PRIMARY KEY, region_id int NOT NULL REFERENCES regions, at timestamp,
    amount int);
INSERT INTO sales SELECT n, n % 20 + 1, timestamp '2024-01-01' + n * interval '1 minute', n % 9
    FROM generate_series(1, 20000) n;
CREATE INDEX sales_last ON sales (region_id, at DESC, id);
ANALYZE;
"""
"""20 regions with 1,000 sales each, and an index for the last ones of each."""
