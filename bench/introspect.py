"""Reading a large catalog, beside pg_dump --schema-only on the same server, in the same run.

    python bench/introspect.py [--tables 1000 10000] [--rounds 3]

Prints a table: seconds of `introspect`, of all reading, of the rules, of pg_dump; the ratio; and
the peak memory of the reading process. Each figure is the median of the rounds; the two programs
take turns, so that a noisy machine is noisy for both.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time

import psycopg

from dbwright.sandbox import Server, start

COLUMNS = """
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int NOT NULL, b text NOT NULL DEFAULT 'x',
    c timestamptz NOT NULL DEFAULT now(), d numeric(12, 2), e boolean, f uuid, g jsonb, h text,
    i int, j int, k date, l varchar(40), m text[], n double precision
"""
"""15 columns; with the three below, 4 indexes a table; in one of ten tables one is partial."""

GENERATE = """
CREATE PROCEDURE generate(tables int) LANGUAGE plpgsql AS $body$
BEGIN
    FOR n IN 1..tables LOOP
        EXECUTE format($table$CREATE TABLE t%1$s ({columns});
            CREATE INDEX t%1$s_a ON t%1$s (a); CREATE INDEX t%1$s_b_c ON t%1$s (b, c);
            CREATE INDEX t%1$s_d ON t%1$s (d)%2$s$table$,
            n, CASE WHEN n % 10 = 0 THEN ' WHERE e' END);
        IF n % 200 = 0 THEN COMMIT; END IF;
    END LOOP;
END $body$
"""

CATALOGS = (
    "pg_class pg_attribute pg_attrdef pg_index pg_constraint pg_depend pg_sequence pg_type "
    "pg_description pg_rewrite pg_namespace"
).split()

READ = """
import json, resource, sys, time
from dbwright.check.engine import run_rules
from dbwright.check.registry import all_rules
from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
rules = all_rules()
with Session.open(sys.argv[1], 600) as session:
    began = time.perf_counter()
    introspect(session)
    introspected = time.perf_counter()
with Session.open(sys.argv[1], 600) as session:
    start = time.perf_counter()
    snapshot = read(session)
    whole = time.perf_counter()
first = time.perf_counter()
run = run_rules(snapshot, rules)
ruled = time.perf_counter()
print(json.dumps({
    "introspect": introspected - began,
    "read": whole - start,
    "rules": ruled - first,
    "count": run.rules_run,
    "findings": len(run.findings),
    "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
}))
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tables", type=int, nargs="+", default=[1000, 10000])
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    # pg_dump of the wheel and its server are of one version.
    with start(settings={"max_locks_per_transaction": "2048"}) as server:
        print(f"PostgreSQL {server.version}; {platform.machine()}, {os.cpu_count()} cores\n")
        print("| tables | introspect | pg_dump | ratio | read all | rules (run) | peak memory |")
        print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
        for tables in options.tables:
            print(row(server, tables, options.rounds), flush=True)


def row(server: Server, tables: int, rounds: int) -> str:
    name = f"tables_{tables}"
    server.create_database(name)
    with psycopg.connect(server.url(name), autocommit=True) as connection:
        connection.execute(GENERATE.replace("{columns}", COLUMNS).encode())
        connection.execute(f"CALL generate({tables})".encode())
        # A database that has grown so large has met autovacuum on its way.
        for catalog in CATALOGS:
            connection.execute(f"VACUUM ANALYZE pg_catalog.{catalog}".encode())
    ours: list[dict[str, float]] = []
    theirs: list[float] = []
    for _ in range(rounds):
        ours.append(read(server.url(name)))
        theirs.append(dump(server, name))

    def median(figure: str) -> float:
        return statistics.median(one[figure] for one in ours)

    dumped = statistics.median(theirs)
    return (
        f"| {tables:,} | {median('introspect'):.2f} s | {dumped:.2f} s "
        f"| {median('introspect') / dumped:.2f} | {median('read'):.2f} s "
        f"| {median('rules'):.2f} s ({median('count'):.0f}) | {median('memory') / 1e6:.0f} MB |"
    )


def read(url: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", READ, url], check=True, capture_output=True, text=True
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def dump(server: Server, database: str) -> float:
    program = server.programs.bin / "pg_dump"
    began = time.perf_counter()
    subprocess.run(
        [program, "--schema-only", "--file", "/dev/null", server.url(database)], check=True
    )
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
