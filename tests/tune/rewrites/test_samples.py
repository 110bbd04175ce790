"""Rows of real tables hang together: a database with all constraints takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from tests.tune.rewrites.place import execute, snapshot_of

from dbwright.model.names import quote
from dbwright.model.snapshot import Snapshot
from dbwright.sandbox import Server
from dbwright.sandbox.copy.copy import Copy, copy
from dbwright.tune.rewrites.data import Row
from dbwright.tune.rewrites.proof import Prover
from dbwright.tune.rewrites.samples import sample_rows
from dbwright.tune.rewrites.verdict import Outcome

TABLES = """
CREATE TYPE tier AS ENUM ('free', 'paid');
CREATE TABLE regions (code varchar(8) PRIMARY KEY, name text NOT NULL);
CREATE TABLE customers (
    id int PRIMARY KEY, email text NOT NULL UNIQUE, region varchar(8) NOT NULL REFERENCES regions,
    tier tier NOT NULL, upper_email text GENERATED ALWAYS AS (upper(email)) STORED, note text
);
CREATE TABLE orders (
    id int PRIMARY KEY, customer int NOT NULL REFERENCES customers, placed timestamptz, total numeric(10, 2)
);
CREATE TABLE lines (
    "Order" int REFERENCES orders, place smallint, item text, PRIMARY KEY ("Order", place)
);
CREATE TABLE staff (id int PRIMARY KEY, boss int REFERENCES staff, name text);
CREATE TABLE events (id int, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
"""
ROWS = """
INSERT INTO regions SELECT 'r' || n, 'it''s \\ "' || n FROM generate_series(1, 200) n;
INSERT INTO customers (id, email, region, tier, note) SELECT n, 'c' || n || '@example.com', 'r' || n % 200 + 1, 'paid',
    CASE WHEN n % 3 = 0 THEN repeat('x', 30000) END FROM generate_series(1, 900) n;
INSERT INTO orders SELECT n, n % 900 + 1, now(), n / 7.0 FROM generate_series(1, 3000) n;
INSERT INTO lines SELECT n / 3 + 1, n % 3, 'item ' || n FROM generate_series(1, 8000) n;
INSERT INTO staff SELECT n, nullif(n / 2, 0), 'name ' || n FROM generate_series(1, 1000) n;
INSERT INTO events SELECT n, date '2024-01-01' + n % 360 FROM generate_series(1, 500) n;
"""


@dataclass(frozen=True)
class Source:
    snapshot: Snapshot
    url: str
    empty: str
    """A database with the same tables, and no rows."""


@pytest.fixture(scope="module")
def source(postgresql: Server) -> Iterator[Source]:
    for name, sql in (("sampled", TABLES + ROWS), ("empty", TABLES)):
        postgresql.create_database(name)
        execute(postgresql.url(name), sql)
    execute(postgresql.url("sampled"), "ANALYZE")
    url = postgresql.url("sampled")
    yield Source(snapshot_of(url), url, postgresql.url("empty"))


@contextmanager
def copied(source: Source, *tables: str, rows: int | None = None) -> Iterator[Copy]:
    names = [f"public.{name}" for name in tables]
    with copy(source.snapshot, source.url, names, rows=rows) as found:
        yield found


def taken_by(url: str, rows: Mapping[str, Sequence[Row]]) -> dict[str, int]:
    """How many rows of each table a database with all constraints takes."""
    counts: dict[str, int] = {}
    with psycopg.connect(url) as connection:
        for table, own in rows.items():
            names = ", ".join(map(quote, own[0]))
            line = f"({', '.join(['%s'] * len(own[0]))})"
            values = [value for row in own for value in row.values()]
            sql = f"INSERT INTO {table} ({names}) VALUES {', '.join([line] * len(own))}"
            counts[table] = psycopg.ClientCursor(connection).execute(sql.encode(), values).rowcount
        connection.rollback()
    return counts


def test_rows_hang_together(source: Source) -> None:
    every = ("lines", "orders", "customers", "regions", "staff", "events")
    with copied(source, *every) as there:
        rows = sample_rows(there)
        assert rows == sample_rows(there)
    # Each table after those that it refers to, and all of it is taken.
    assert taken_by(source.empty, rows) == {table: len(own) for table, own in rows.items()}
    assert list(rows).index("public.customers") < list(rows).index("public.orders")
    assert set(rows) == {f"public.{name}" for name in every}
    counts = {table: len(own) for table, own in rows.items()}
    assert 60 <= counts.pop("public.staff") < 400  # with the bosses of all of them
    assert set(counts.values()) == {60}
    lines = {row["Order"] for row in rows["public.lines"]}
    orders = {row["customer"] for row in rows["public.orders"]}
    customers = {row["id"] for row in rows["public.customers"]}
    assert orders <= customers
    assert lines <= {row["id"] for row in rows["public.orders"]}
    assert all("upper_email" not in row for row in rows["public.customers"])


def test_wide_rows_are_stood_in_for(source: Source) -> None:
    with copied(source, "orders", "customers") as there:
        rows = sample_rows(there)
    assert all(len(row["note"] or "") < 30000 for row in rows["public.customers"])
    assert taken_by(source.empty, rows) == {table: len(own) for table, own in rows.items()}


@pytest.mark.parametrize("rows", [None, 500])
def test_a_table_that_was_not_copied_is_stood_in_for(source: Source, rows: int | None) -> None:
    with copied(source, "lines", rows=rows) as there:
        found = sample_rows(there)
    assert set(found) == {f"public.{name}" for name in ("lines", "orders", "customers", "regions")}
    assert taken_by(source.empty, found) == {table: len(own) for table, own in found.items()}


def test_rewrites_are_tried_on_them(source: Source, postgresql: Server) -> None:
    with copied(source, "orders", "customers") as there:
        rows = sample_rows(there)
    with Prover(source.snapshot, postgresql) as prover:
        # Only a real row tells these apart.
        real = rows["public.orders"][7]["total"]
        verdict = prover.prove(
            "SELECT id FROM orders WHERE total > 0",
            f"SELECT id FROM orders WHERE total > 0 AND total::text <> reverse('{(real or '')[::-1]}')",
            samples=rows,
        )
    assert verdict.outcome is Outcome.DIFFERENT
    assert "rows of the database" in verdict.reason
