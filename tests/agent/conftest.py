"""A shop, and what a model may reach of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dbwright.agent.tool.context import Context, with_targets
from dbwright.configuration import Configuration
from servers.postgresql import Database

SHOP = """
CREATE TABLE customers (id bigint PRIMARY KEY, name text NOT NULL, email text NOT NULL);
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  total numeric(12, 2) NOT NULL CHECK (total >= 0)
);
COMMENT ON TABLE orders IS 'what was bought';
CREATE VIEW big_orders AS SELECT * FROM orders WHERE total > 100;
INSERT INTO customers SELECT n, 'name ' || n, 'a' || n || '@example.org' FROM generate_series(1, 500) n;
INSERT INTO orders (customer_id, total) SELECT n % 500 + 1, n FROM generate_series(1, 2000) n;
ANALYZE;
"""


@pytest.fixture
def shop(database: Database) -> Database:
    database.execute(SHOP)
    return database


@pytest.fixture
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "migrations").mkdir()
    (tmp_path / "migrations" / "001_orders.sql").write_text(
        "-- UP\nCREATE INDEX ON orders (customer_id);\n-- DOWN\nDROP INDEX orders_customer_id_idx;\n"
    )
    (tmp_path / "schema.sql").write_text(
        "CREATE TABLE parts (id bigint PRIMARY KEY, kind char(3));\n"
    )
    yield tmp_path


@pytest.fixture
def context(shop: Database, working_folder: Path) -> Context:
    return Context(with_targets(Configuration(), {"shop": shop.url}), working_folder)
