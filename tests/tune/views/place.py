"""A database with orders, its snapshot, and what is said of queries on it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.tune.rewrites.place import execute, snapshot_of

from dbwright.model.report import Skipped
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.sandbox.twin.twin import Twin
from dbwright.tune.advisors.advisor import Advice
from dbwright.tune.advisors.workbench import Workbench
from dbwright.tune.views.advise import advise_views
from dbwright.tune.views.candidates import Limits
from dbwright.tune.workload.weighted import weighted

__all__ = ["SHOP", "advised", "execute", "snapshot_of"]

SHOP = """
CREATE SCHEMA shop;
CREATE TYPE shop.size AS ENUM ('small', 'large');
CREATE TABLE shop.customers (id int PRIMARY KEY, name text NOT NULL, country text);
CREATE TABLE shop.orders (
    id bigint PRIMARY KEY, customer_id int NOT NULL REFERENCES shop.customers,
    status text, "Size" shop.size, day date NOT NULL, at timestamptz NOT NULL,
    total numeric(10, 2), pieces int, weight double precision
);
CREATE TABLE shop.secrets (id int PRIMARY KEY, kind text, amount int);
ALTER TABLE shop.secrets ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION shop.rate(int) RETURNS int LANGUAGE sql STABLE AS 'SELECT $1';
INSERT INTO shop.customers SELECT n, 'name ' || n % 90, CASE WHEN n % 7 > 0 THEN 'c' || n % 5 END
    FROM generate_series(1, 100) n;
INSERT INTO shop.orders SELECT n, 1 + n % 100,
    CASE n % 4 WHEN 0 THEN NULL WHEN 1 THEN 'open' ELSE 'paid' END,
    CASE WHEN n % 3 > 0 THEN 'small' ELSE 'large' END::shop.size,
    date '2025-01-01' + n % 40, timestamptz '2025-01-01 00:00+00' + n * interval '7 minutes',
    CASE WHEN n % 11 > 0 THEN n % 500 END, n % 9, n / 7.0 FROM generate_series(1, 20000) n;
INSERT INTO shop.secrets SELECT n, 'k' || n % 3, n FROM generate_series(1, 5000) n;
VACUUM ANALYZE;
"""
LIMITS = Limits(cost=50.0, rows_share=0.5, refreshes=2.0, cheaper=0.9)


def advised(
    snapshot: Snapshot, twin: Twin, queries: Sequence[str | Query], limits: Limits = LIMITS
) -> tuple[list[Advice], list[Skipped]]:
    """What is said of these queries, each called a hundred times."""
    known = [
        Query(query, calls=100, example=query) if isinstance(query, str) else query
        for query in queries
    ]
    with twin.connect() as connection:
        statements, left = weighted(known, snapshot, connection)
    assert left == []
    told = list(advise_views(Workbench(snapshot, tuple(statements), twin), limits))
    return (
        [one for one in told if isinstance(one, Advice)],
        [one for one in told if isinstance(one, Skipped)],
    )
