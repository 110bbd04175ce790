"""The index advisor on a large application: 500 tables, 1,000 different queries.

    python bench/advisor_scale.py [--tables 500] [--queries 1000] [--seconds 60] [--profile]

The schema is made up with a fixed seed: keys, foreign keys, columns as applications have them.
Rows are loaded (about a million in all) and analyzed; the counts of the snapshot are then taken
times 100, so that plans are those of a database of 100 million rows. Queries join one to five
tables along foreign keys, filter, group and sort. Limits: under 5 minutes and 2 GB.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import platform
import pstats
import random
import resource
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import Statistics
from dbwright.model.tuning import Tuning
from dbwright.model.workload import Query
from dbwright.sandbox import start
from dbwright.sandbox.server import Server
from dbwright.sandbox.twin.twin import twin
from dbwright.sql.fingerprint import fingerprint
from dbwright.tune.indexes.advise import IndexOptions, advise_indexes
from dbwright.tune.indexes.search import Effort
from dbwright.tune.workload.weighted import weighted

SEED = 20
SCALE = 100
CALLS_PER_QUERY = 40
"""As `dbwright tune` has it."""
COLUMNS = {
    "status": ("text NOT NULL", "(ARRAY['new','open','done','void'])[1 + n % 4]"),
    "kind": ("int NOT NULL", "n % 23"),
    "code": ("text NOT NULL", "'C' || (n::bigint * 7919) % 100000"),
    "name": ("text", "'name ' || md5(n::text)"),
    "amount": ("numeric NOT NULL", "((n::bigint * 104729) % 100000) / 100.0"),
    "priority": ("int NOT NULL", "n % 5"),
    "created_at": ("timestamptz NOT NULL", "timestamptz '2024-01-01' + n * interval '7 min'"),
    "due": ("date", "CASE WHEN n % 3 = 0 THEN date '2024-01-01' + n % 900 END"),
    "active": ("boolean NOT NULL", "n % 10 <> 0"),
    "region": ("text NOT NULL", "'r' || n % 60"),
}


@dataclass(slots=True)
class MadeTable:
    name: str
    rows: int
    columns: list[str]
    parents: list[tuple[str, str]] = field(default_factory=list)
    """Column, and the table that it references."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tables", type=int, default=500)
    arguments.add_argument("--queries", type=int, default=1000)
    arguments.add_argument("--rows", type=int, default=2000, help="of a table on average")
    arguments.add_argument("--seconds", type=float, default=60.0, help="of search")
    arguments.add_argument("--profile", action="store_true")
    options = arguments.parse_args()
    chance = random.Random(SEED)
    tables = make_tables(chance, options.tables, options.rows)
    queries = make_queries(chance, tables, options.queries)
    with start() as server:
        began = time.perf_counter()
        load(server, tables)
        with Session.open(server.url(), 600) as session:
            snapshot = scaled(read(session, values=None))
        loading = time.perf_counter() - began
    rows = sum(table.rows for table in tables)
    print(
        f"PostgreSQL {snapshot.catalog.server.version}; {platform.machine()}, {os.cpu_count()} "
        f"cores; {len(tables)} tables, {rows:,} rows times {SCALE}, {len(queries):,} queries; "
        f"loaded in {loading:.0f} s"
    )
    profile = cProfile.Profile()
    if options.profile:
        profile.enable()
    print(tuned(snapshot, queries, options.seconds))
    if options.profile:
        profile.disable()
        pstats.Stats(profile).sort_stats("cumtime").print_stats("dbwright|psycopg.connection", 60)


def tuned(snapshot: Snapshot, queries: Sequence[Query], seconds: float) -> str:
    """The table of what it took, and what came of it."""
    began = time.perf_counter()
    with twin(snapshot) as copy, memory_of(copy.server) as peak:
        made = time.perf_counter()
        with copy.connect() as connection:
            statements, left = weighted(queries, snapshot, connection)
        ready = time.perf_counter()
        effort = Effort(CALLS_PER_QUERY * len(queries), seconds)
        tuning, _, skipped = advise_indexes(snapshot, statements, copy, IndexOptions(effort=effort))
        ended = time.perf_counter()
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return "\n".join(
        [
            "| what | figure | limit |",
            "| --- | ---: | ---: |",
            f"| seconds in all | {ended - began:.0f} | 300 |",
            f"| of these: twin, workload, advice | {made - began:.1f}, {ready - made:.1f}, "
            f"{ended - ready:.1f} | |",
            f"| memory: this program, MB | {own:.0f} | |",
            f"| memory: the twin's server, MB | {max(peak):.0f} | |",
            f"| memory in all, MB | {own + max(peak):.0f} | 2000 |",
            *(f"| {name} | {value} | |" for name, value in facts(tuning)),
            f"| left out | {len(left) + len(skipped)} | |",
        ]
    )


def facts(tuning: Tuning) -> Iterator[tuple[str, str]]:
    yield "cost after / before", f"{tuning.after / tuning.before:.4f}"
    yield "indexes tried", f"{tuning.tried:,}"
    yield "indexes advised", f"{len(tuning.indexes)}, {tuning.bytes / 1e6:,.0f} MB"
    yield "indexes dropped", f"{len(tuning.drops)}, {tuning.freed_bytes / 1e6:,.0f} MB"
    yield "planner calls", f"{tuning.planner_calls:,}"
    yield "no other set better by more than", f"{tuning.within_share:.1%}"
    yield "search ended by itself", "yes" if tuning.complete else "no"


def make_tables(chance: random.Random, count: int, average: int) -> list[MadeTable]:
    tables: list[MadeTable] = []
    for number in range(count):
        names = chance.sample(sorted(COLUMNS), chance.randint(4, len(COLUMNS)))
        rows = int(average * min(8.0, chance.lognormvariate(-0.5, 1.0))) + 200
        table = MadeTable(f"t{number:03}", rows, sorted(names))
        for parent in chance.sample(tables, min(len(tables), chance.randint(0, 3))):
            table.parents.append((f"{parent.name}_id", parent.name))
        tables.append(table)
    return tables


def load(server: Server, tables: Sequence[MadeTable]) -> None:
    """With keys; every other foreign key has its index, and some columns have two."""
    sizes = {table.name: table.rows for table in tables}
    with psycopg.connect(server.url(), autocommit=True) as connection:
        for number, table in enumerate(tables):
            columns = ["id bigint PRIMARY KEY"]
            columns += [f"{name} {COLUMNS[name][0]}" for name in table.columns]
            columns += [f"{key} bigint NOT NULL REFERENCES {other}" for key, other in table.parents]
            values = ["n", *(COLUMNS[name][1] for name in table.columns)]
            values += [f"1 + (n::bigint * 7919) % {sizes[other]}" for _, other in table.parents]
            lines = [
                f"CREATE TABLE {table.name} ({', '.join(columns)})",
                f"INSERT INTO {table.name} SELECT {', '.join(values)} "
                f"FROM generate_series(1, {table.rows}) n",
            ]
            lines += [f"CREATE INDEX ON {table.name} ({key})" for key, _ in table.parents[::2]]
            if number % 10 == 0:
                first, second = table.columns[:2]
                lines.append(f"CREATE INDEX ON {table.name} ({first})")
                lines.append(f"CREATE INDEX ON {table.name} ({first}, {second})")
            connection.execute("; ".join(lines).encode())
        connection.execute("VACUUM ANALYZE")


def scaled(snapshot: Snapshot) -> Snapshot:
    """As if there were `SCALE` times as many rows."""
    statistics = snapshot.statistics
    assert statistics is not None
    return replace(snapshot, statistics=_scaled(statistics))


def _scaled(statistics: Statistics) -> Statistics:
    def more(value: int | None) -> int | None:
        return None if value is None else value * SCALE

    return replace(
        statistics,
        tables=tuple(
            replace(
                table,
                rows=None if table.rows is None else table.rows * SCALE,
                pages=table.pages * SCALE,
                all_visible_pages=table.all_visible_pages * SCALE,
                heap_bytes=more(table.heap_bytes),
                total_bytes=more(table.total_bytes),
            )
            for table in statistics.tables
        ),
        indexes=tuple(
            replace(
                index,
                rows=None if index.rows is None else index.rows * SCALE,
                pages=index.pages * SCALE,
                bytes=more(index.bytes),
            )
            for index in statistics.indexes
        ),
    )


def make_queries(chance: random.Random, tables: Sequence[MadeTable], count: int) -> list[Query]:
    """All different, by fingerprint."""
    by_name = {table.name: table for table in tables}
    found: dict[str, Query] = {}
    while len(found) < count:
        text = make_query(chance, by_name, chance.choice(tables))
        calls = int(10 ** chance.uniform(0, 4))
        key = fingerprint(text)
        found.setdefault(key, Query(text=text, fingerprint=key, calls=calls, example=text))
    return list(found.values())


def make_query(chance: random.Random, by_name: dict[str, MadeTable], first: MadeTable) -> str:
    joined = [("a0", first)]
    lines: list[str] = []
    for _ in range(chance.choice((0, 0, 1, 1, 2, 3, 4))):
        alias, table = chance.choice(joined)
        if table.parents:
            key, other = chance.choice(table.parents)
            name = f"a{len(joined)}"
            joined.append((name, by_name[other]))
            lines.append(f"JOIN {other} {name} ON {name}.id = {alias}.{key}")
    filters = [filter_on(chance, *chance.choice(joined)) for _ in range(chance.randint(1, 3))]
    alias, table = chance.choice(joined)
    shown = [f"{alias}.{chance.choice(table.columns)}", "a0.id"]
    tail = ""
    form = chance.random()
    if form < 0.25:
        grouped = f"{alias}.{chance.choice(table.columns)}"
        shown, tail = [grouped, "count(*)"], f" GROUP BY {grouped}"
    elif form < 0.6:
        tail = f" ORDER BY a0.{chance.choice(first.columns)} DESC LIMIT 20"
    return (
        f"SELECT {', '.join(dict.fromkeys(shown))} FROM {first.name} a0 {' '.join(lines)} "
        f"WHERE {' AND '.join(dict.fromkeys(filters))}{tail}"
    )


def filter_on(chance: random.Random, alias: str, table: MadeTable) -> str:
    name = chance.choice([*table.columns, *(key for key, _ in table.parents)])
    column, n = f"{alias}.{name}", chance.randint(1, 5000)
    values = {
        "status": f"{column} = '{chance.choice(('new', 'open', 'done'))}'",
        "kind": f"{column} IN ({n % 23}, {(n + 1) % 23})",
        "code": f"{column} = 'C{n}'",
        "name": f"{column} LIKE 'name {n % 100}%'",
        "amount": f"{column} > {900 + n % 90}",
        "priority": f"{column} = {n % 5}",
        "created_at": f"{column} >= '2024-01-{1 + n % 28:02}' AND {column} < '2024-02-01'",
        "due": f"{column} BETWEEN '2024-02-01' AND '2024-02-{2 + n % 20:02}'",
        "active": f"NOT {column}",
        "region": f"{column} = 'r{n % 60}'",
    }
    return values.get(name, f"{column} = {n}")


@contextmanager
def memory_of(server: Server) -> Iterator[list[float]]:
    """The memory of the server's processes in MB, looked at ten times a second; pages that they
    share are counted once."""
    seen = [0.0]
    ended = threading.Event()
    root = int((server.data_directory / "postmaster.pid").read_text().split()[0])

    def watch() -> None:
        while not ended.wait(0.1):
            seen.append(sum(proportional(pid) for pid in (root, *children(root))))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def children(root: int) -> list[int]:
    try:
        text = Path(f"/proc/{root}/task/{root}/children").read_text()
    except OSError:
        return []
    return [int(pid) for pid in text.split()]


def proportional(pid: int) -> float:
    """Of one process; 0 where it has gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    main()
