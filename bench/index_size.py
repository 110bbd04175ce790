"""Sizes of indexes from statistics, beside real builds and HypoPG's formula, on TPC-H.

    pip install tpchgen-cli
    python bench/index_size.py [--scale 1] [--major 18] [--data FOLDER]

Prints a table: MB as built, ours, HypoPG's (1.3.1, by its formula), the errors, and the seconds
that the build took beside our estimate of them (of CREATE INDEX without CONCURRENTLY). Statistics
are those of one ANALYZE at the default target, with the 20 values a column that commands read.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import Index, Table
from dbwright.model.snapshot import Snapshot
from dbwright.sandbox import start
from dbwright.tune.indexes.build_time import build_seconds
from dbwright.tune.indexes.estimate import estimated_size, index_widths
from dbwright.tune.indexes.hypopg_size import hypopg_size

TABLES = {
    "lineitem": """l_orderkey int, l_partkey int, l_suppkey int, l_linenumber int,
        l_quantity numeric(15,2), l_extendedprice numeric(15,2), l_discount numeric(15,2),
        l_tax numeric(15,2), l_returnflag char(1), l_linestatus char(1), l_shipdate date,
        l_commitdate date, l_receiptdate date, l_shipinstruct char(25), l_shipmode char(10),
        l_comment varchar(44)""",
    "orders": """o_orderkey int, o_custkey int, o_orderstatus char(1), o_totalprice numeric(15,2),
        o_orderdate date, o_orderpriority char(15), o_clerk char(15), o_shippriority int,
        o_comment varchar(79)""",
    "partsupp": """ps_partkey int, ps_suppkey int, ps_availqty int, ps_supplycost numeric(15,2),
        ps_comment varchar(199)""",
    "part": """p_partkey int, p_name varchar(55), p_mfgr char(25), p_brand char(10),
        p_type varchar(25), p_size int, p_container char(10), p_retailprice numeric(15,2),
        p_comment varchar(23)""",
    "customer": """c_custkey int, c_name varchar(25), c_address varchar(40), c_nationkey int,
        c_phone char(15), c_acctbal numeric(15,2), c_mktsegment char(10), c_comment varchar(117)""",
}
INDEXES = """
lineitem (l_orderkey)
lineitem (l_shipdate)
lineitem (l_partkey, l_shipmode)
orders (o_custkey)
orders (o_orderkey, o_orderpriority)
orders (o_orderdate) INCLUDE (o_custkey, o_orderkey)
partsupp (ps_partkey) INCLUDE (ps_suppkey, ps_supplycost)
customer (c_custkey)
lineitem (l_orderkey) WITH (deduplicate_items = off)
lineitem (l_orderkey, l_linenumber)
lineitem (l_suppkey)
lineitem (l_suppkey, l_partkey)
lineitem (l_shipdate, l_discount, l_quantity)
lineitem (l_returnflag, l_linestatus)
lineitem (l_shipmode, l_receiptdate)
lineitem (l_receiptdate, l_commitdate)
lineitem (l_extendedprice)
lineitem (l_orderkey) INCLUDE (l_suppkey) WHERE l_receiptdate > l_commitdate
lineitem (l_comment)
orders (o_orderdate, o_orderkey)
orders (o_orderpriority)
orders (o_clerk)
orders (o_comment)
orders (lower(o_clerk))
orders (o_custkey) WHERE o_orderstatus = 'P'
partsupp (ps_partkey, ps_suppkey)
partsupp (ps_suppkey)
part (p_type, p_size)
part (p_brand, p_container)
part (p_name)
customer (c_nationkey, c_mktsegment)
customer (c_phone)
lineitem USING hash (l_partkey)
lineitem USING brin (l_shipdate)
""".strip().splitlines()
DEPENDENT = ["lineitem (l_suppkey, l_partkey)", "lineitem (l_receiptdate, l_commitdate)"]
COMBINATIONS = """
CREATE STATISTICS suppliers (ndistinct) ON l_suppkey, l_partkey FROM lineitem;
CREATE STATISTICS dates (ndistinct) ON l_receiptdate, l_commitdate FROM lineitem
"""


@dataclass(frozen=True)
class Measured:
    definition: str
    index: Index
    table: Table
    real: int
    seconds: float
    share: float | None


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--scale", type=float, default=1.0)
    arguments.add_argument("--major", type=int, default=None)
    arguments.add_argument("--data", type=Path, default=None, help="a folder to keep the data in")
    arguments.add_argument("--only", default="", help="the indexes whose text holds this")
    options = arguments.parse_args()
    settings = {
        "maintenance_work_mem": "512MB",
        "max_parallel_maintenance_workers": "0",
        "autovacuum": "off",
        "max_wal_size": "16GB",
    }
    with (
        tempfile.TemporaryDirectory() as folder,
        start(options.major, settings=settings) as server,
        psycopg.connect(server.url(), autocommit=True) as connection,
    ):
        data = options.data or Path(folder)
        generate(data, options.scale)
        load(connection, data)
        print(f"PostgreSQL {server.version}; {platform.machine()}, {os.cpu_count()} cores; TPC-H")
        print(f"scale factor {options.scale:g}")
        chosen = [one for one in INDEXES if options.only in one]
        table(connection, server.url(), chosen, values=20)
        print("\nWith extended statistics on columns that depend on one another:")
        connection.execute(COMBINATIONS.encode())
        connection.execute("ANALYZE lineitem")
        table(connection, server.url(), [one for one in DEPENDENT if options.only in one])


def table(
    connection: psycopg.Connection, url: str, indexes: list[str], values: int | None = None
) -> None:
    with Session.open(url, 120) as session:
        snapshot = read(session, values=values)
    print("\n| index | real MB | ours | error | HypoPG | error | built in | ours |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    errors = [(one, row(connection, url, snapshot, one)) for one in indexes]
    btrees = [error for one, error in errors if " USING " not in one]
    if btrees:
        ordered = sorted(btrees)
        print(
            f"\n{len(btrees)} B-trees: median error {ordered[len(ordered) // 2]:.1%}, "
            f"{sum(error <= 0.15 for error in btrees)} within 15 %, worst {ordered[-1]:.1%}"
        )


def generate(data: Path, scale: float) -> None:
    data.mkdir(parents=True, exist_ok=True)
    if (data / "lineitem.csv").exists():
        return
    program = Path(sys.executable).with_name("tpchgen-cli")
    subprocess.run(
        [program, "csv", "-s", f"{scale:g}", "--output-dir", data, "--tables", ",".join(TABLES)],
        check=True,
    )


def load(connection: psycopg.Connection, data: Path) -> None:
    for table, columns in TABLES.items():
        connection.execute(f"CREATE UNLOGGED TABLE {table} ({columns})".encode())
        statement = f"COPY {table} FROM STDIN (FORMAT csv, HEADER)".encode()
        with (
            (data / f"{table}.csv").open("rb") as file,
            connection.cursor().copy(statement) as copy,
        ):
            while block := file.read(1 << 20):
                copy.write(block)
    connection.execute("VACUUM ANALYZE")


def row(connection: psycopg.Connection, url: str, snapshot: Snapshot, definition: str) -> float:
    found = build(connection, url, snapshot, definition)
    catalog, statistics = snapshot.catalog, snapshot.statistics
    assert statistics is not None
    size = estimated_size(found.index, found.table, catalog, statistics, share=found.share)
    theirs = hypopg_size(found.index, found.table, catalog, statistics, share=found.share or 1.0)
    counted = statistics.of(found.table)
    assert counted is not None
    seconds = build_seconds(
        found.index.method,
        size,
        index_widths(found.index, found.table, catalog, statistics).keys,
        rows=counted.best_rows,
        table_bytes=counted.heap_bytes or 0,
        maintenance_work_mem=512 * 2**20,
        concurrently=False,
    )
    error = size.bytes / found.real - 1
    print(
        f"| {definition} | {found.real / 2**20:.1f} | {size.bytes / 2**20:.1f} | {error:+.1%} "
        f"| {theirs / 2**20:.1f} | {theirs / found.real - 1:+.0%} "
        f"| {found.seconds:.1f} s | {seconds:.1f} s |",
        flush=True,
    )
    return abs(error)


def build(
    connection: psycopg.Connection, url: str, snapshot: Snapshot, definition: str
) -> Measured:
    """The index as it was built, and the table as it was before."""
    began = time.perf_counter()
    connection.execute(f"CREATE INDEX measured ON {definition}".encode())
    seconds = time.perf_counter() - began
    with Session.open(url, 120) as session:
        now = read(session)
    connection.execute("DROP INDEX measured")
    assert now.statistics is not None
    name = definition.split()[0]
    (index,) = now.catalog.table(f"public.{name}").indexes
    held = now.statistics.of_index(index)
    rows = now.statistics.of(now.catalog.table(f"public.{name}"))
    assert held is not None and rows is not None and held.bytes is not None
    share = (held.rows or 0.0) / rows.best_rows if index.partial else None
    table = snapshot.catalog.table(f"public.{name}")
    return Measured(definition, index, table, held.bytes, seconds, share)


if __name__ == "__main__":
    main()
