"""The index advisor on TPC-H, beside recorded figures of peers and a one-pass advisor of its own.

    pip install tpchgen-cli duckdb duckdb-extension-tpch
    python bench/advisor.py [--scale 1] [--budgets 250 500 1000 2000] [--no-partial] [--runs 5]
        [--postgres-mcp PYTHON]

The setting of the VLDB 2020 comparison: no key or index at the start, queries 2, 17 and 20 left
out, weight 1 each, jit off, PostgreSQL 15. Budgets are in MB as HypoPG counts them. `relative` is
the planner's cost with the set, real indexes built from it, over that without any.

`--postgres-mcp` runs that advisor in the same run, from an environment that has it (Python 3.12);
PostgreSQL 15 needs HypoPG then. Its budget is in MiB by an estimate of its own. It gives a column
without its table to the first table of the query, so it is given the queries with tables named.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.snapshot import Snapshot
from dbwright.model.tuning import Tuning
from dbwright.model.workload import Query
from dbwright.sandbox import start
from dbwright.sandbox.copy.copy import copy
from dbwright.sandbox.twin.hypothetical import Hypothetical, IndexFigures
from dbwright.sandbox.twin.twin import twin
from dbwright.sandbox.twin.what_if import WhatIf
from dbwright.sql.fingerprint import fingerprint
from dbwright.sql.scope import CatalogRelations, analyse
from dbwright.tune.indexes.advise import IndexOptions, advise_indexes
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.indexes.candidates import candidates
from dbwright.tune.indexes.estimate import candidate_size
from dbwright.tune.indexes.search import Effort
from dbwright.tune.measured.measure import measure
from dbwright.tune.workload.weighted import Weighted

TABLES = {
    "nation": "n_nationkey int, n_name char(25), n_regionkey int, n_comment varchar(152)",
    "region": "r_regionkey int, r_name char(25), r_comment varchar(152)",
    "supplier": """s_suppkey int, s_name char(25), s_address varchar(40), s_nationkey int,
        s_phone char(15), s_acctbal numeric(15,2), s_comment varchar(101)""",
    "customer": """c_custkey int, c_name varchar(25), c_address varchar(40), c_nationkey int,
        c_phone char(15), c_acctbal numeric(15,2), c_mktsegment char(10), c_comment varchar(117)""",
    "part": """p_partkey int, p_name varchar(55), p_mfgr char(25), p_brand char(10),
        p_type varchar(25), p_size int, p_container char(10), p_retailprice numeric(15,2),
        p_comment varchar(23)""",
    "partsupp": """ps_partkey int, ps_suppkey int, ps_availqty int, ps_supplycost numeric(15,2),
        ps_comment varchar(199)""",
    "orders": """o_orderkey int, o_custkey int, o_orderstatus char(1), o_totalprice numeric(15,2),
        o_orderdate date, o_orderpriority char(15), o_clerk char(15), o_shippriority int,
        o_comment varchar(79)""",
    "lineitem": """l_orderkey int, l_partkey int, l_suppkey int, l_linenumber int,
        l_quantity numeric(15,2), l_extendedprice numeric(15,2), l_discount numeric(15,2),
        l_tax numeric(15,2), l_returnflag char(1), l_linestatus char(1), l_shipdate date,
        l_commitdate date, l_receiptdate date, l_shipinstruct char(25), l_shipmode char(10),
        l_comment varchar(44)""",
}
LEFT_OUT = (2, 17, 20)
PEERS = {250: 0.6390, 500: 0.5521, 1000: 0.5078, 2000: 0.4675}
"""The best of Extend, DB2Advis, DTA and Relaxation, measured in the same setting."""
LIMITS = {250: 0.642, 500: 0.553, 1000: 0.495, 2000: 0.435}
REAL_LIMITS = {850: 0.44}
NO_LIMIT = 0.31
SETTINGS = {
    # Of what is not flushed VACUUM marks no page as all-visible.
    "synchronous_commit": "on",
    "jit": "off",
    "autovacuum": "off",
    "shared_buffers": "512MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
}
BATCH = 1 << 20
PEER_PATIENCE = 1800
"""It looks at its time limit between rounds only, so it can take much longer."""
INDEX_BYTES = (
    "SELECT coalesce(sum(pg_relation_size(c.oid)), 0)::float8 FROM pg_class c "
    "JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'i' AND nspname = 'public'"
)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--scale", default="1")
    arguments.add_argument("--budgets", type=int, nargs="*", default=[250, 500, 1000, 2000])
    arguments.add_argument("--runs", type=int, default=2, help="of each budget, to compare answers")
    arguments.add_argument("--no-partial", action="store_true", help="without partial indexes")
    arguments.add_argument("--execute", action="store_true", help="run the queries as well")
    arguments.add_argument("--real", type=int, nargs="*", default=[], help="budgets in real MB")
    arguments.add_argument(
        "--prove",
        type=int,
        nargs="*",
        default=[],
        help="real MB to prove on a copy, as `tune` does",
    )
    arguments.add_argument("--postgres-mcp", metavar="PYTHON", help="its interpreter, to run it")
    arguments.add_argument("--peer-seconds", type=int, default=120, help="its time limit; 0: none")
    arguments.add_argument("--no-limit", action="store_true", help="without a budget, too")
    options = arguments.parse_args()
    queries = [(n, text) for n, text in texts() if n not in LEFT_OUT]
    with (
        tempfile.TemporaryDirectory(prefix="tpch-") as folder,
        loaded(options.scale, folder) as url,
    ):
        with Session.open(url, 600) as session:
            snapshot = read(session, values=None)
        print(
            f"PostgreSQL {snapshot.catalog.server.version}; {platform.machine()}, "
            f"{os.cpu_count()} cores; TPC-H scale {options.scale}\n"
        )
        print(
            "| budget | relative | limit | best peer | one pass | real MB | indexes "
            "| planner calls | seconds | within | same answer | slower than 1.1x |"
        )
        print("| ---: " * 12 + "|")
        with psycopg.connect(url, autocommit=True) as connection:
            wanted: list[tuple[int | None, bool]] = [(budget, False) for budget in options.budgets]
            wanted += [(budget, True) for budget in options.real]
            wanted += [(None, False)] * options.no_limit
            ours: dict[int, float] = {}
            for budget, real in wanted:
                text, relative = row(connection, snapshot, queries, budget, real, options)
                print(text, flush=True)
                if budget is not None and not real:
                    ours[budget] = relative
            if options.postgres_mcp:
                print("\n| budget | dbwright | postgres-mcp | its indexes | its real MB ", end="")
                print("| its own estimate | its seconds | notes |\n" + "| ---: " * 8 + "|")
                connection.execute("CREATE EXTENSION hypopg")
                asked = [with_tables(connection, text) for _, text in queries]
                for budget, relative in ours.items():
                    found = peer(url, asked, budget, options)
                    print(peer_row(connection, queries, budget, relative, found), flush=True)
        for budget in options.prove:
            print(proven(url, snapshot, queries, budget, options), flush=True)


def row(
    connection: psycopg.Connection[Any],
    snapshot: Snapshot,
    queries: Sequence[tuple[int, str]],
    budget: int | None,
    real: bool,
    options: argparse.Namespace,
) -> tuple[str, float]:
    answers: list[tuple[Tuning, float]] = []
    for _ in range(options.runs):
        began = time.perf_counter()
        tuning, _ = advice(snapshot, queries, budget, options.no_partial, real=real)
        answers.append((tuning, time.perf_counter() - began))
    tuning, seconds = answers[0]
    sets = {tuple(sorted((i.table, i.definition) for i in one.indexes)) for one, _ in answers}
    before = total(connection, queries)
    times = run_times(connection, queries) if options.execute else {}
    for index in tuning.indexes:
        connection.execute(
            f"CREATE INDEX {index.name} ON {index.table} {index.definition}".encode()
        )
    connection.execute("VACUUM ANALYZE")
    after = total(connection, queries)
    later = run_times(connection, queries) if options.execute else {}
    simple = one_pass(snapshot, queries) if budget is None else ""
    taken = one_value(connection, INDEX_BYTES)
    for index in tuning.indexes:
        connection.execute(f"DROP INDEX {index.name}".encode())
    slower = [str(n) for n in times if later[n] > 1.1 * times[n] + 0.02]
    limit = REAL_LIMITS.get(budget or 0, "") if real else LIMITS.get(budget or 0, NO_LIMIT)
    peer = "" if real else PEERS.get(budget or 0, "")
    text = (
        f"| {budget or 'none'}{' real' if real else ''} | {after / before:.4f} | {limit} "
        f"| {peer} | {simple} "
        f"| {taken / 1e6:.0f} | {len(tuning.indexes)} | {tuning.planner_calls:,} | {seconds:.1f} "
        f"| {tuning.within_share:.1%} | {'yes' if len(sets) == 1 else 'NO'} "
        f"| {', '.join(slower) or ('none' if times else 'not run')} |"
    )
    return text, after / before


def with_tables(connection: psycopg.Connection[Any], text: str) -> str:
    """The query with its columns' tables named, where that is the same to the planner."""
    tables = {
        column.split()[0]: table
        for table, columns in TABLES.items()
        for column in re.split(r",\s*(?=[a-z])", columns)
    }
    names = re.compile(rf"(?<![.\w])(?:{'|'.join(tables)})\b")
    changed = names.sub(lambda found: f"{tables[found[0]]}.{found[0]}", text)
    try:
        same = total(connection, [(0, changed)]) == total(connection, [(0, text)])
    except psycopg.ProgrammingError:
        same = False
    return changed if same else text


def peer(
    url: str, queries: Sequence[str], budget: int, options: argparse.Namespace
) -> dict[str, Any]:
    program = Path(__file__).with_name("postgres_mcp_peer.py")
    try:
        done = subprocess.run(
            [options.postgres_mcp, program, url, str(budget), str(options.peer_seconds)],
            input=json.dumps(queries),
            stdout=subprocess.PIPE,
            text=True,
            timeout=PEER_PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return {"error": f"no answer in {PEER_PATIENCE} s"}
    if done.returncode:
        return {"error": f"ended with {done.returncode}"}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def peer_row(
    connection: psycopg.Connection[Any],
    queries: Sequence[tuple[int, str]],
    budget: int,
    ours: float,
    found: dict[str, Any],
) -> str:
    if found["error"]:
        return f"| {budget} | {ours:.4f} | | | | | | {found['error']} |"
    before = total(connection, queries)
    for statement in found["statements"]:
        connection.execute(statement.encode())
    connection.execute("VACUUM ANALYZE")
    after = total(connection, queries)
    taken = one_value(connection, INDEX_BYTES)
    for (name,) in connection.execute(
        "SELECT format('%I', indexname) FROM pg_indexes WHERE schemaname = 'public'"
    ).fetchall():
        connection.execute(f"DROP INDEX {name}".encode())
    notes = [f"{name} {version}" for name, version in found["versions"].items()]
    if found["queries"] != len(queries):
        notes.append(f"took {found['queries']} of {len(queries)} queries")
    if found["dropped"]:
        notes.append(f"{found['dropped']} candidates on what is no column dropped for it")
    if found["out_of_time"]:
        notes.append("stopped by its time limit")
    return (
        f"| {budget} | {ours:.4f} | {after / before:.4f} | {len(found['statements'])} "
        f"| {taken / 1e6:.0f} | {found['estimated_bytes'] / 1e6:.3g} | {found['seconds']:.1f} "
        f"| {', '.join(notes)} |"
    )


def advice(
    snapshot: Snapshot,
    queries: Sequence[tuple[int, str]],
    budget: int | None,
    whole: bool,
    *,
    real: bool = False,
) -> tuple[Tuning, tuple[CandidateIndex, ...]]:
    """As `dbwright tune` does it, with the budget in HypoPG's MB, or in real ones."""
    options = IndexOptions(
        budget_bytes=None if budget is None else budget * 1e6,
        hypopg_unit=not real,
        effort=Effort(3000, 12.5),
        partial=not whole,
        available=(),  # the peers have b-trees only
    )
    with twin(snapshot, major=15) as copied:
        tuning, chosen, _ = advise_indexes(snapshot, statements(snapshot, queries), copied, options)
    return tuning, chosen


def statements(snapshot: Snapshot, queries: Sequence[tuple[int, str]]) -> list[Weighted]:
    relations = CatalogRelations(snapshot.catalog)
    return [
        Weighted(text, Query(text=text, fingerprint=fingerprint(text)), analyse(text, relations))
        for _, text in queries
    ]


def proven(
    url: str,
    snapshot: Snapshot,
    queries: Sequence[tuple[int, str]],
    budget: int,
    options: argparse.Namespace,
) -> str:
    """The set tried and mended on a copy, as `dbwright tune --prove measured` does it."""
    tuning, chosen = advice(snapshot, queries, budget, options.no_partial, real=True)
    numbers = {text: number for number, text in queries}
    with copy(snapshot, url, [f"public.{name}" for name in TABLES], major=15) as copied:
        found, _ = measure(copied, statements(snapshot, queries), tuning, chosen, seconds=1800)
    lines = ["", f"{budget} real MB, measured on a copy:", ""]
    lines += ["| query | seconds before | after | same rows | note |", "| ---: " * 5 + "|"]
    for query in sorted(found.queries, key=lambda query: numbers[query.text]):
        lines.append(
            f"| {numbers[query.text]} | {query.before or ''} | {query.after or ''} "
            f"| {'' if query.equal is None else 'yes' if query.equal else 'NO'} "
            f"| {'SLOWER ' if query.slower else ''}{query.note} |"
        )
    lines += [
        "",
        f"kept {len(found.kept)} of {len(tuning.indexes)} indexes in {found.seconds:.0f} s",
    ]
    lines += [f"- left out: {one.name} on {one.table}: {one.reason}" for one in found.dropped]
    if found.refused:
        lines.append(f"- refused: {found.reason}")
    if found.constants is not None:
        lines.append(f"- constants: {dict(found.constants.fitted)} {found.constants.reason}")
    return "\n".join(lines)


def one_pass(snapshot: Snapshot, queries: Sequence[tuple[int, str]]) -> str:
    """Each query once with all single columns indexed; what the plans use is kept."""
    relations = CatalogRelations(snapshot.catalog)
    assert snapshot.statistics is not None
    wanted = {
        candidate
        for _, text in queries
        for candidate in candidates(analyse(text, relations), snapshot.catalog, snapshot.statistics)
        if len(candidate.keys) == 1 and not candidate.include and candidate.partial is None
    }
    indexes = sorted(wanted, key=lambda candidate: candidate.signature)
    names = {f"one_{n}": candidate for n, candidate in enumerate(indexes)}
    sizes = {
        name: candidate_size(
            candidate,
            snapshot.catalog.table(candidate.qualified),
            snapshot.catalog,
            snapshot.statistics,
        )
        for name, candidate in names.items()
    }
    with twin(snapshot, major=15) as copied, WhatIf(copied) as what_if:
        what_if.add(
            (Hypothetical(n, c.definition(n), c.schema, c.table) for n, c in names.items()),
            lambda index, _: IndexFigures(
                sizes[index.name].pages, sizes[index.name].tuples, sizes[index.name].height
            ),
        )
        asked = [text for _, text in queries]
        before = sum(answer.cost for answer in what_if.ask(asked, []))
        used = frozenset[str]().union(
            *(answer.used for answer in what_if.ask(asked, what_if.known))
        )
        after = sum(answer.cost for answer in what_if.ask(asked, used))
    size = sum(sizes[name.partition(".")[2]].bytes for name in used)
    return f"{after / before:.4f} ({len(used)} indexes, {size / 1e6:.0f} MB)"


def total(connection: psycopg.Connection[Any], queries: Sequence[tuple[int, str]]) -> float:
    costs = (one_value(connection, f"EXPLAIN (FORMAT JSON) {text}") for _, text in queries)
    return float(sum(plan[0]["Plan"]["Total Cost"] for plan in costs))


def run_times(
    connection: psycopg.Connection[Any], queries: Sequence[tuple[int, str]]
) -> dict[int, float]:
    """Seconds of each query, the better of two runs; at most a minute each."""
    found: dict[int, float] = {}
    connection.execute("SET statement_timeout = '60s'")
    for number, text in queries:
        best = 60.0
        for _ in range(2):
            began = time.perf_counter()
            try:
                connection.execute(text.encode()).fetchall()
            except psycopg.errors.QueryCanceled:
                break
            best = min(best, time.perf_counter() - began)
        found[number] = best
    connection.execute("RESET statement_timeout")
    return found


def one_value(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def texts() -> list[tuple[int, str]]:
    """The 22 queries, from DuckDB's extension."""
    import duckdb  # type: ignore[import-untyped,unused-ignore]
    import duckdb_extension_tpch  # type: ignore[import-untyped,unused-ignore]

    place = Path(duckdb_extension_tpch.__file__).parent
    (extension,) = place.glob("extensions/*/tpch.duckdb_extension")
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    connection.execute(f"LOAD '{extension}'")
    rows = connection.execute("SELECT query_nr, query FROM tpch_queries() ORDER BY 1").fetchall()
    return [(number, text.strip().rstrip(";")) for number, text in rows]


@contextmanager
def loaded(scale: str, folder: str) -> Iterator[str]:
    """A server of 15 with the data."""
    generate = Path(sys.executable).with_name("tpchgen-cli")
    with start(15, settings=SETTINGS) as server:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            for name, columns in TABLES.items():
                subprocess.run(
                    [generate, "csv", "-s", scale, f"--tables={name}", f"--output-dir={folder}"],
                    check=True,
                    stdout=subprocess.DEVNULL,
                )
                fill(connection, name, columns, Path(folder) / f"{name}.csv")
            connection.execute("VACUUM ANALYZE")
        yield server.url()


def fill(connection: psycopg.Connection[Any], name: str, columns: str, file: Path) -> None:
    connection.execute(f"CREATE TABLE {name} ({columns})".encode())
    copy_from = f"COPY {name} FROM STDIN WITH (FORMAT csv, HEADER)"
    with file.open("rb") as opened, connection.cursor().copy(copy_from.encode()) as writing:
        while block := opened.read(BATCH):
            writing.write(block)
    file.unlink()


if __name__ == "__main__":
    main()
