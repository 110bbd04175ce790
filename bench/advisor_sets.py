"""The index advisor where peers return nothing: redundant indexes, writes, and what is no B-tree.

    python bench/advisor_sets.py [--rows 300000] [--set drops|writes|kinds]

Each set is a database with rows, and a workload. The advice is made on a twin; then its fixes are
run on the original, where cost (EXPLAIN) and time (warm, the median of five) are taken before and
after. Writes are run in a transaction that is rolled back.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.finding import Finding
from dbwright.model.tuning import Tuning
from dbwright.model.workload import Query
from dbwright.sandbox import start
from dbwright.sandbox.server import Server
from dbwright.sandbox.twin.twin import twin
from dbwright.sql.fingerprint import fingerprint
from dbwright.tune.index_findings import index_findings
from dbwright.tune.indexes.advise import IndexOptions, advise_indexes
from dbwright.tune.workload.weighted import weighted

RUNS = 5
SETTINGS = {"autovacuum": "off", "shared_buffers": "256MB", "jit": "off"}


@dataclass(frozen=True, slots=True)
class Set:
    name: str
    schema: str
    """`:rows` stands for the number of rows."""
    workload: tuple[tuple[int, str], ...]


SHOP = """
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, country text NOT NULL);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint NOT NULL REFERENCES users,
    status text NOT NULL, placed_at timestamptz NOT NULL, total numeric NOT NULL, note text);
INSERT INTO users SELECT n, 'user' || n || '@example.com', 'c' || n % 50
    FROM generate_series(1, :rows / 10) n;
INSERT INTO orders SELECT n, 1 + (n::bigint * 7919) % (:rows / 10),
    (ARRAY['new','paid','sent','done'])[1 + n % 4],
    timestamptz '2024-01-01' + n * interval '2 minutes', (n::bigint * 104729) % 5000,
    md5(n::text) FROM generate_series(1, :rows) n;
"""
DROPS = Set(
    "redundant indexes",
    SHOP
    + """
CREATE INDEX users_email ON users (email);
CREATE INDEX orders_user ON orders (user_id);
CREATE INDEX orders_user_again ON orders (user_id);
CREATE INDEX orders_user_placed ON orders (user_id, placed_at);
CREATE INDEX orders_user_placed_down ON orders (user_id DESC, placed_at DESC);
CREATE INDEX orders_placed ON orders (placed_at);
CREATE INDEX orders_status ON orders (status);
CREATE INDEX orders_lower ON orders (lower(note));
CREATE INDEX orders_lower_again ON orders (lower(note));
""",
    (
        (500, "SELECT * FROM orders WHERE user_id = 77"),
        (500, "SELECT id FROM orders WHERE user_id = 78 ORDER BY placed_at DESC LIMIT 5"),
        (100, "SELECT id, total FROM orders WHERE status = 'new' AND placed_at > '2025-02-01'"),
        (50, "SELECT * FROM users WHERE email = 'user7@example.com'"),
        (50, "SELECT id FROM orders WHERE lower(note) = 'c4ca4238a0b923820dcc509a6f75849b'"),
        (10, "SELECT status, sum(total) FROM orders GROUP BY status"),
    ),
)
READS = (
    (300, "SELECT * FROM orders WHERE user_id = 77"),
    (20, "SELECT id FROM orders WHERE total = 4321"),
    (20, "SELECT count(*) FROM orders WHERE placed_at BETWEEN '2024-02-01' AND '2024-02-03'"),
    (5, "SELECT id FROM orders WHERE note = 'c4ca4238a0b923820dcc509a6f75849b'"),
)
INSERT = (
    "INSERT INTO orders SELECT 100000000 + n, 1 + n % 999, 'new', now(), n % 5000, md5(n::text) "
    "FROM generate_series(1, 100) n"
)
UPDATE = "UPDATE orders SET total = total + 1 WHERE id = 4242"
READ_ONLY = Set("reads only", SHOP, READS)
WRITES = Set("the same reads, and writes", SHOP, (*READS, (20_000, INSERT), (500_000, UPDATE)))
KINDS = Set(
    "jsonb, arrays, texts, ranges, expressions, parts",
    """
CREATE TABLE docs (id bigint PRIMARY KEY, data jsonb NOT NULL, tags text[] NOT NULL,
    body text NOT NULL, words tsvector NOT NULL, during tstzrange NOT NULL, email text NOT NULL,
    state text NOT NULL, deleted_at timestamptz, at timestamptz NOT NULL);
INSERT INTO docs SELECT n,
    jsonb_build_object('kind', n % 3000, 'user', jsonb_build_object('id', n % 9000), 'n', n),
    ARRAY['t' || n % 700, 't' || n % 1100],
    md5(n::text) || ' ' || md5((n * 3)::text),
    to_tsvector('simple', 'w' || n % 2000 || ' x' || n % 3000 || ' y' || n),
    tstzrange(timestamptz '2024-01-01' + n * interval '5 min',
              timestamptz '2024-01-01' + n * interval '5 min' + interval '1 hour'),
    'User' || n || '@Example.com', CASE WHEN n % 500 = 0 THEN 'open' ELSE 'done' END,
    CASE WHEN n % 50 = 0 THEN timestamptz '2025-01-01' + n * interval '1 min' END,
    timestamptz '2024-01-01' + n * interval '5 min'
    FROM generate_series(1, :rows) n;
""",
    (
        (50, """SELECT id FROM docs WHERE data @> '{"kind": 17}'"""),
        (50, "SELECT id FROM docs WHERE data -> 'user' ->> 'id' = '4711'"),
        (50, "SELECT id FROM docs WHERE tags @> ARRAY['t17']"),
        (50, "SELECT id FROM docs WHERE body LIKE '%abcdef%'"),
        (50, "SELECT id FROM docs WHERE email LIKE 'User1234%'"),
        (50, "SELECT id FROM docs WHERE words @@ to_tsquery('simple', 'w17')"),
        (50, "SELECT id FROM docs WHERE during @> timestamptz '2024-03-01 12:00+00'"),
        (50, "SELECT * FROM docs WHERE lower(email) = 'user17@example.com'"),
        (50, "SELECT id FROM docs WHERE state = 'open' ORDER BY at DESC LIMIT 20"),
        (50, "SELECT count(*) FROM docs WHERE deleted_at > '2025-02-01'"),
    ),
)
SETS = {"drops": (DROPS,), "writes": (READ_ONLY, WRITES), "kinds": (KINDS,)}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=300_000)
    arguments.add_argument("--set", choices=sorted(SETS), nargs="*", default=sorted(SETS))
    options = arguments.parse_args()
    with start(settings=SETTINGS) as server:
        print(
            f"PostgreSQL {server.major}; {platform.machine()}, {os.cpu_count()} cores; "
            f"{options.rows:,} rows"
        )
        for number, one in enumerate(one for name in options.set for one in SETS[name]):
            name = f"set_{number}"
            server.create_database(name)
            print("\n".join(tried(server, name, one, options.rows)), flush=True)


def tried(server: Server, name: str, one: Set, rows: int) -> Iterator[str]:
    with psycopg.connect(server.url(name), autocommit=True) as connection:
        connection.execute(one.schema.replace(":rows", str(rows)).encode())
        connection.execute("VACUUM ANALYZE")
        tuning, findings = advice(server.url(name), one)
        before = [measured(connection, text) for _, text in one.workload]
        for finding in findings:
            assert finding.fix is not None
            for line in finding.fix.up.splitlines():
                connection.execute(line.encode())
        connection.execute("VACUUM ANALYZE")
        after = [measured(connection, text) for _, text in one.workload]
    yield f"\n## {one.name}\n"
    yield from (f"- {finding.message}" for finding in findings)
    yield (
        f"\nCost of the workload on the twin {tuning.before:,.0f} -> {tuning.after:,.0f}; new "
        f"indexes {tuning.bytes / 1e6:.1f} MB, freed {tuning.freed_bytes / 1e6:.1f} MB; "
        f"{tuning.planner_calls:,} planner calls\n"
    )
    yield "| calls | query | cost before | after | ms before | after |"
    yield "| ---: | --- | ---: | ---: | ---: | ---: |"
    for (calls, text), (cost, ms), (cost_after, ms_after) in zip(
        one.workload, before, after, strict=True
    ):
        shown = " ".join(text.split())[:70].replace("|", "\\|")
        costs = f"{cost:,.0f} | {cost_after:,.0f}"
        yield f"| {calls:,} | {shown} | {costs} | {ms:.2f} | {ms_after:.2f} |"


def advice(url: str, one: Set) -> tuple[Tuning, list[Finding]]:
    with Session.open(url, 600) as session:
        snapshot = read(session, values=None)
    queries = [
        Query(text=text, fingerprint=fingerprint(text), calls=calls, example=text)
        for calls, text in one.workload
    ]
    with twin(snapshot) as copy:
        with copy.connect() as connection:
            statements, left = weighted(queries, snapshot, connection)
        assert not left, left
        tuning, candidates, _ = advise_indexes(snapshot, statements, copy, IndexOptions())
    return tuning, list(index_findings(snapshot, tuning, candidates))


def measured(connection: psycopg.Connection[Any], text: str) -> tuple[float, float]:
    """The planner's cost, and milliseconds."""
    row = connection.execute(f"EXPLAIN (FORMAT JSON) {text}".encode()).fetchone()
    assert row is not None
    times: Sequence[float] = [timed(connection, text) for _ in range(RUNS + 1)][1:]
    return row[0][0]["Plan"]["Total Cost"], statistics.median(times)


def timed(connection: psycopg.Connection[Any], text: str) -> float:
    with connection.transaction(force_rollback=True):
        began = time.perf_counter()
        connection.execute(text.encode())
        return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
