"""A backfill in batches beside one plain UPDATE, while an application works.

    python bench/migrate_backfill.py [--rows 5000000] [--rate 200] [--batch-time 30ms]
    python bench/migrate_backfill.py --rate 0      as many transactions as the machine can do

A table of so many rows gets a column filled from another one, three times from the same start:
with nobody else there, by one UPDATE and by `dbwright migrate up` with `-- batches:`; and with a
load of 8 clients beside it. The load is pgbench's: a transaction updates one row of the table,
chosen at random, and reads another. With a rate, the time of a transaction counts from when it was
due, so that one that waits delays those behind it here too; at rate 0 a client begins the next one
when the last has ended. The baseline is the same load with nothing beside it, before and
after.

The log's segments are of 16 MB, and there from before (min_wal_size, as PostgreSQL's manual advises
for batch jobs): making one stops all commits for tens of milliseconds, whoever writes.

Prints rows a second of both and their ratio (limit: at least 0.6), and the load's median, 99th
percentile and longest time (limit: 99th percentile at most 2 times the baseline's). The server
writes durably (fsync), and autovacuum is on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from dbwright.sandbox import Server, start

CLIENTS = 8
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "shared_buffers": "4GB",
    "max_wal_size": "8GB",
    "min_wal_size": "4GB",
    "autovacuum": "on",
}
TABLE = """
DROP TABLE IF EXISTS orders;
CREATE TABLE orders (id bigint PRIMARY KEY, customer int NOT NULL, total int NOT NULL,
  touched int NOT NULL, note text NOT NULL, total_new bigint);
"""
FILL = """INSERT INTO orders
SELECT n, n % 10000, n % 977, 0, repeat('x', 40) FROM generate_series({}, {}) n"""
WARMING = """CREATE TABLE warming AS
SELECT repeat('x', 1000) FROM generate_series(1, 700000)"""
TRANSACTION = """\\set changed random(1, {rows})
\\set read random(1, {rows})
BEGIN;
UPDATE orders SET touched = touched + 1 WHERE id = :changed;
SELECT total FROM orders WHERE id = :read;
END;
"""
MICROSECONDS = 2
"""Column of pgbench's log."""
PLAIN = "UPDATE orders SET total_new = total WHERE total_new IS NULL"
FILE = """-- batches: orders
-- batch-time: {time}
-- UP
UPDATE orders SET total_new = total WHERE total_new IS NULL;
"""


@dataclass
class Load:
    """What a load saw: seconds of each transaction."""

    seconds: list[float] = field(default_factory=list)

    def row(self, name: str) -> str:
        found = sorted(self.seconds)
        p99 = found[int(0.99 * len(found))]
        figures = (statistics.median(found), p99, found[-1])
        return (
            f"| {name} | {len(found):,} | " + " | ".join(f"{1000 * f:,.1f}" for f in figures) + " |"
        )

    @property
    def p99(self) -> float:
        return sorted(self.seconds)[int(0.99 * len(self.seconds))]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=5_000_000)
    arguments.add_argument("--rate", type=int, default=200, help="transactions a second")
    arguments.add_argument("--batch-time", default="30ms")
    arguments.add_argument("--baseline", type=float, default=30.0, help="seconds")
    options = arguments.parse_args()
    with start(settings=SETTINGS) as server:
        as_initdb_makes(server)
        fill_log(server)
        print(
            f"PostgreSQL {server.version}; {platform.machine()}, {os.cpu_count()} cores, load "
            f"{os.getloadavg()[0]:.1f} at the beginning; {options.rows:,} rows; {CLIENTS} clients, "
            f"{options.rate or 'as many as they can'} transactions/s; batch-time "
            f"{options.batch_time}"
        )
        measure(server, options.rows, options.rate, options.batch_time, options.baseline)


def as_initdb_makes(server: Server) -> None:
    """Segments of the log of 16 MB, as every server has that nobody asked for others. Throw-away
    servers have some of 1 MB: with those a file is made and synced for each MB that is written, and
    commits wait for it."""
    with server.offline() as data:
        command = [server.programs.bin / "pg_resetwal", "--wal-segsize=16", "-D", data]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **account(data))


def fill_log(server: Server) -> None:
    """As many segments of the log as min_wal_size keeps, as a server has them that wrote before:
    making one takes tens of milliseconds, in which nobody commits."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        for _ in range(6):
            connection.execute(WARMING)
            connection.execute("DROP TABLE warming")
        connection.execute("CHECKPOINT")


def account(data: Path) -> dict[str, Any]:
    """For `subprocess`: whose the files are, for pg_resetwal won't be run by root."""
    owner = data.stat()
    if owner.st_uid == os.geteuid():
        return {}
    return {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": [], "cwd": data}


def measure(server: Server, rows: int, rate: int, batch_time: str, baseline: float) -> None:
    alone = {}
    for name, work in (("one UPDATE", plain), ("in batches", batches)):
        prepare(server, rows)
        alone[name] = rows / work(server, batch_time)
    loads, beside = {}, {}
    prepare(server, rows)
    with load(server, rows, rate) as before:
        time.sleep(baseline)
    for name, work in (("one UPDATE", plain), ("in batches", batches)):
        prepare(server, rows)
        with load(server, rows, rate) as loads[name]:
            time.sleep(2)
            beside[name] = rows / work(server, batch_time)
            time.sleep(2)
    prepare(server, rows)
    with load(server, rows, rate) as after:
        time.sleep(baseline)
    base = Load(before.seconds + after.seconds)
    print(
        "\n| rows/s | one UPDATE | in batches | ratio | limit |\n| --- | ---: | ---: | ---: | --- |"
    )
    for name, found in (("alone", alone), ("beside the load", beside)):
        one, many = found["one UPDATE"], found["in batches"]
        print(f"| {name} | {one:,.0f} | {many:,.0f} | {many / one:.2f} | at least 0.6 |")
    print(
        "\n| load, ms | transactions | median | p99 | longest |\n"
        "| --- | ---: | ---: | ---: | ---: |"
    )
    print(base.row("nothing beside it"))
    for name, seen in loads.items():
        print(seen.row(name))
    ratio = loads["in batches"].p99 / base.p99
    print(f"\np99 beside the batches: {ratio:.2f} times the baseline's (limit: 2)")


def prepare(server: Server, rows: int) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS schema_migrations")
        connection.execute(TABLE)
        for first in range(1, rows + 1, 500_000):
            last = min(first + 499_999, rows)
            connection.execute(FILL.format(first, last).encode())
        connection.execute("VACUUM (ANALYZE, FREEZE) orders")
        connection.execute("CHECKPOINT")
    os.sync()
    time.sleep(2)


def plain(server: Server, batch_time: str) -> float:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        began = time.monotonic()
        connection.execute(PLAIN)
        return time.monotonic() - began


def batches(server: Server, batch_time: str) -> float:
    """Seconds that the file itself took, as the history says: without Python's start."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "001_fill.sql").write_text(FILE.format(time=batch_time))
        command = [sys.executable, "-m", "dbwright", "migrate", "up", server.url(), "--dir", folder]
        done = subprocess.run([*command, "--format", "json"], capture_output=True, check=True)
    with psycopg.connect(server.url()) as connection:
        row = connection.execute(
            "SELECT count(*) FROM orders WHERE total_new IS DISTINCT FROM total"
        )
        assert row.fetchone() == (0,)
    seconds: float = json.loads(done.stdout)["ran"][0]["seconds"]
    return seconds


@contextmanager
def load(server: Server, rows: int, rate: int) -> Iterator[Load]:
    """A process of its own, that works until the block ends."""
    found = Load()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "transaction.sql").write_text(TRANSACTION.format(rows=rows))
        command = [str(server.programs.bin / "pgbench"), "--no-vacuum", "--protocol=prepared"]
        command += [f"--client={CLIENTS}", "--jobs=2", "--time=3600", "--log"]
        command += [f"--rate={rate}"] if rate else []
        command += ["--file=transaction.sql", server.url()]
        with subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                yield found
                time.sleep(0.5)  # its log is written in blocks of some KB
            finally:
                process.terminate()
        for log in Path(folder).glob("pgbench_log.*"):
            found.seconds += list(latencies(log))


def latencies(log: Path) -> Iterator[float]:
    """Seconds of each transaction. The last line may be cut."""
    for line in log.read_text().splitlines()[:-1]:
        yield int(line.split()[MICROSECONDS]) / 1e6


if __name__ == "__main__":
    main()
