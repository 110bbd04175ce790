"""Rows a second into a database of five tables, beside executemany INSERT, in the same run.

    python bench/seed.py [--rows 200000] [--peer-rows 20000]

The shop has customers, products, orders, lines of orders and payments, with keys, foreign keys,
checks and unique addresses. Seeding is measured whole: reading the catalog, starting the throw-away
server that is asked for what checks let pass, making the rows, COPY, constraints, and the commit.
The peer puts the very same rows into the same empty tables, a statement a row (psycopg's
executemany, which pipelines). Prints rows, seconds, rows a second and the peak of memory.
"""

from __future__ import annotations

import argparse
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from dbwright.configuration import Configuration
from dbwright.design.seed.copy_text import value
from dbwright.design.seed_ import seed
from dbwright.progress import silent
from dbwright.sandbox import start

LIMIT = 100_000
"""Rows a second."""
SHOP = """
CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL UNIQUE, full_name text NOT NULL, phone text, city text,
  country char(2), created_at timestamptz NOT NULL);
CREATE TABLE products (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,
  price numeric(10,2) NOT NULL CHECK (price > 0), description text, active boolean NOT NULL);
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
  CHECK (updated_at >= created_at),
  status text NOT NULL CHECK (status IN ('new', 'paid', 'sent', 'returned')));
CREATE TABLE order_lines (order_id bigint NOT NULL REFERENCES orders, line_no int NOT NULL,
  product_id bigint NOT NULL REFERENCES products,
  quantity int NOT NULL CHECK (quantity BETWEEN 1 AND 99), unit_price numeric(10,2) NOT NULL,
  PRIMARY KEY (order_id, line_no));
CREATE TABLE payments (id uuid PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders,
  amount numeric(12,2) NOT NULL CHECK (amount >= 0), paid_at timestamptz NOT NULL, method text);
"""
TABLES = ("customers", "products", "orders", "order_lines", "payments")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=200_000, help="of each table")
    parser.add_argument("--peer-rows", type=int, default=20_000, help="of each table")
    chosen = parser.parse_args()
    with start() as server, TemporaryDirectory() as folder:
        for name in ("seeded", "peer"):
            server.create_database(name)
            with psycopg.connect(server.url(name), autocommit=True) as connection:
                connection.execute(SHOP.encode())
        print(f"{'':34} {'rows':>10} {'s':>7} {'rows/s':>9}")
        began = time.perf_counter()
        seed(
            server.url("seeded"),
            rows=(str(chosen.rows),),
            apply=True,
            progress=silent,
            configuration=Configuration(),
        )
        _print("design seed --apply", 5 * chosen.rows, time.perf_counter() - began, LIMIT)
        rows = Path(folder, "rows")
        seed(
            server.url("peer"),
            rows=(str(chosen.peer_rows),),
            output=rows,
            progress=silent,
            configuration=Configuration(),
        )
        _print(
            "executemany INSERT, same rows", 5 * chosen.peer_rows, _peer(server.url("peer"), rows)
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process: {peak:.0f} MB")


def _peer(url: str, folder: Path) -> float:
    """Seconds for the statements alone: the rows are in memory before."""
    prepared = []
    for path in sorted(folder.glob("*.sql")):
        if path.name == "load.sql":
            continue
        head, *lines, _ = path.read_text(encoding="utf-8").splitlines()
        into = head.removeprefix("COPY ").removesuffix(" FROM stdin;")
        values = [tuple(map(value, line.split("\t"))) for line in lines]
        marks = ", ".join(["%s"] * len(values[0]))
        prepared.append((f"INSERT INTO {into} OVERRIDING SYSTEM VALUE VALUES ({marks})", values))
    began = time.perf_counter()
    with psycopg.connect(url) as connection:
        for statement, values in prepared:
            connection.cursor().executemany(statement.encode(), values)
    return time.perf_counter() - began


def _print(what: str, rows: int, seconds: float, limit: int | None = None) -> None:
    told = f"   limit {limit:,}" if limit else ""
    print(f"{what:34} {rows:10,} {seconds:7.2f} {rows / seconds:9,.0f}{told}")


if __name__ == "__main__":
    main()
