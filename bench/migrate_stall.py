"""How long an application's writes wait for a migration: as it is written, and as it is planned.

    python bench/migrate_stall.py [--rows 5000000] [--rate 200] [--only NAME]

A table of so many rows, and a load of 8 clients beside it like pgbench's simple one: a transaction
updates one row, chosen at random, and every tenth inserts one. The server itself tells how long a
session waited for a lock (log_lock_waits), so that what the machine does besides does not count.
Each migration is run as one statement, and then, from the same start, as the files that
`dbwright migrate plan` writes, by `dbwright migrate up`. Prints the longest wait of a write for
each, and for each file of the plan (limit: 50 ms), with the longest time of a whole transaction.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import psycopg

from dbwright.sandbox import Server, start

CLIENTS = 8
LIMIT = 50.0
SETTINGS = {
    "fsync": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "autovacuum": "on",
    "log_lock_waits": "on",
    "deadlock_timeout": "1ms",
    "logging_collector": "off",
    "log_line_prefix": "%a|",
}
SCHEMA = """CREATE TABLE customers (id int PRIMARY KEY);
CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL, total int NOT NULL,
  touched int NOT NULL DEFAULT 0);
CREATE SEQUENCE more START WITH 100000000;
"""
FILL = "INSERT INTO orders SELECT n, n % 10000 + 1, n % 977 FROM generate_series({}, {}) n"
CASES = {
    "NOT NULL column with a volatile default": (
        "ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();"
    ),
    "foreign key": "ALTER TABLE orders ADD FOREIGN KEY (customer) REFERENCES customers;",
    "index": "CREATE INDEX ON orders (total);",
    "int to bigint": "ALTER TABLE orders ALTER COLUMN id TYPE bigint;",
}
WAITED = re.compile(r"^load\|.*process \d+ acquired \w+ on .* after ([\d.]+) ms", re.MULTILINE)


@dataclass
class Seen:
    """Milliseconds: of each wait for a lock, and of the longest transaction."""

    waits: list[float] = field(default_factory=list)
    longest: float = 0.0
    took: float = 0.0

    @property
    def wait(self) -> float:
        return max(self.waits, default=0.0)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=5_000_000)
    arguments.add_argument("--rate", type=float, default=200.0, help="transactions a second")
    arguments.add_argument("--only", default="", help="a part of a migration's name")
    options = arguments.parse_args()
    with start(settings=SETTINGS) as server:
        print(
            f"PostgreSQL {server.version}; {platform.machine()}, {os.cpu_count()} cores, load "
            f"{os.getloadavg()[0]:.1f} at the beginning; {options.rows:,} rows; {CLIENTS} clients, "
            f"{options.rate:g} transactions/s"
        )
        print(
            "\n| migration | run | longest wait of a write, ms | limit | longest transaction, ms "
            "| took, s |\n| --- | --- | ---: | ---: | ---: | ---: |"
        )
        for name, sql in CASES.items():
            if options.only in name:
                measure(server, name, sql, options.rows, options.rate)


def measure(server: Server, name: str, sql: str, rows: int, rate: float) -> None:
    prepare(server, rows)
    with load(server, rows, rate) as seen:
        time.sleep(2)
        began = time.monotonic()
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(sql.encode())
        seen.took = time.monotonic() - began
        time.sleep(1)
    row(name, "as it is", seen, "")
    prepare(server, rows)
    with tempfile.TemporaryDirectory() as folder:
        for path in planned(folder, sql):
            with load(server, rows, rate) as seen:
                time.sleep(1)
                began = time.monotonic()
                dbwright("up", server.url(), path.name.partition("_")[0], "--dir", folder)
                seen.took = time.monotonic() - began
                time.sleep(1)
            row(name, path.stem, seen, f"{LIMIT:g}")


def row(name: str, run: str, seen: Seen, limit: str) -> None:
    print(
        f"| {name} | {run} | {seen.wait:,.0f} | {limit} | {seen.longest:,.0f} | {seen.took:,.1f} |",
        flush=True,
    )


def planned(folder: str, sql: str) -> list[Path]:
    with tempfile.TemporaryDirectory() as elsewhere:
        alone = Path(elsewhere, "change", "of", "one")
        alone.mkdir(parents=True)
        schema, change = alone / "schema.sql", alone / "change.sql"
        schema.write_text(SCHEMA)
        change.write_text(f"-- UP\n{sql}\n-- DOWN\n")
        dbwright("plan", str(change), str(schema), "--dir", folder)
    return sorted(Path(folder).glob("*.sql"))


def dbwright(*arguments: str) -> None:
    command = [sys.executable, "-m", "dbwright", "migrate", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


def prepare(server: Server, rows: int) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        connection.execute(SCHEMA)
        connection.execute("INSERT INTO customers SELECT generate_series(1, 10000)")
        for first in range(1, rows + 1, 500_000):
            last = min(first + 499_999, rows)
            connection.execute(FILL.format(first, last).encode())
        connection.execute("VACUUM (ANALYZE, FREEZE) orders")
        connection.execute("CHECKPOINT")


@contextmanager
def load(server: Server, rows: int, rate: float) -> Iterator[Seen]:
    """A process of its own, that works until the block ends."""
    seen = Seen()
    begin = log_of(server).stat().st_size
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=be_the_load, args=(server.url(), rows, rate, there))
    process.start()
    try:
        yield seen
    finally:
        here.send("end")
        seen.longest = here.recv()
        process.join()
    with log_of(server).open("rb") as file:
        file.seek(begin)
        text = file.read().decode(errors="replace")
    seen.waits = [float(found) for found in WAITED.findall(text)]


def log_of(server: Server) -> Path:
    return server.data_directory.parent / "log"


def be_the_load(url: str, rows: int, rate: float, pipe: Connection) -> None:
    ended = threading.Event()
    longest = [0.0] * CLIENTS
    threads = [
        threading.Thread(target=client, args=(url, rows, CLIENTS / rate, ended, longest, number))
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    pipe.recv()
    ended.set()
    for thread in threads:
        thread.join()
    pipe.send(1000 * max(longest))


def client(
    url: str, rows: int, every: float, ended: threading.Event, longest: list[float], number: int
) -> None:
    with psycopg.connect(url, autocommit=True, application_name="load") as connection:
        while not ended.wait(random.expovariate(1 / every)):
            began = time.monotonic()
            if random.random() < 0.1:
                connection.execute(
                    "INSERT INTO orders (id, customer, total) VALUES (nextval('more'), 1, 1)"
                )
            else:
                connection.execute(
                    "UPDATE orders SET touched = touched + 1 WHERE id = %s",
                    [random.randint(1, rows)],
                )
            longest[number] = max(longest[number], time.monotonic() - began)


if __name__ == "__main__":
    main()
