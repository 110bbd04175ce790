"""Sizes of indexes of all kinds, beside real builds: what statistics tell, and what a count of a
sample of rows adds to it.

    python bench/index_size_kinds.py [--rows 1000 100000 1000000] [--major 18] [--only TEXT]

Documents (words that fall off as those of a language do; texts of unique words), arrays, jsonb,
and columns of many types. Prints a table for each number of rows: MB as built, by statistics alone,
and with counts (`dbwright tune` asks a live target for them), the error, and which of them `rough`
marks. Then how many are within 15 % of those that have at least 20 pages: of fewer, one page more
or less is more than that.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import psycopg

from dbwright.engines.postgresql.entries import EntryCounter
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.snapshot import Snapshot
from dbwright.sandbox import start
from dbwright.tune.indexes.asked import asked_index, with_share
from dbwright.tune.indexes.counted import counted
from dbwright.tune.indexes.expression_statistics import Expressions
from dbwright.tune.indexes.sized import Sized, sized_candidate

TABLES = """
CREATE TABLE documents AS
SELECT i AS id, body, left(body, 25) AS title, to_tsvector('simple', body) AS words,
       to_tsvector('simple', md5(i::text) || ' ' || md5((i * 3)::text) || ' ' || left(body, 60))
           AS unique_words
FROM (SELECT i, (SELECT string_agg(substr(md5(k::text), 1, 3 + k % 8), ' ')
                 FROM (SELECT floor(power(60000, random() + 0 * i))::int AS k
                       FROM generate_series(1, 20 + i % 60)) drawn) AS body
      FROM generate_series(1, {rows} / 4) i OFFSET 0) texts;
CREATE TABLE arrays AS
SELECT i AS id,
       ARRAY(SELECT (random() * random() * 500 + 0 * i)::int FROM generate_series(1, 1 + i % 4))
           AS few,
       ARRAY(SELECT 'tag-' || (random() * 40 + 0 * i)::int FROM generate_series(1, i % 6)) AS tags,
       ARRAY(SELECT (random() * 1e6 + 0 * i)::int FROM generate_series(1, 10)) AS many,
       ARRAY[gen_random_uuid(), gen_random_uuid()] AS uuids,
       ARRAY(SELECT (random() * 30 + 0 * i)::int + i / 1000 FROM generate_series(1, 3)) AS near
FROM generate_series(1, {rows}) i;
CREATE TABLE json AS
SELECT i AS id,
       jsonb_build_object('id', i, 'status', (ARRAY['new', 'paid', 'sent'])[1 + i % 3],
           'user', jsonb_build_object('id', (random() * {rows} / 20)::int,
                                      'name', 'user ' || (random() * {rows} / 20)::int),
           'tags', to_jsonb(ARRAY(SELECT 't' || (random() * 200 + 0 * i)::int
                                  FROM generate_series(1, 1 + i % 3))),
           'total', round((random() * 10000)::numeric, 2)) AS paid,
       jsonb_build_object('tenant', i % greatest({rows} / 100, 1),
           'sku', 'sku-' || i % greatest({rows} / 100, 1) * 3,
           'note', repeat(md5(i::text), 1 + i % 40)) AS stock,
       jsonb_build_object('event', (ARRAY['click', 'view', 'buy'])[1 + (random() * 2)::int],
           'session', gen_random_uuid(),
           'props', jsonb_build_object('a', (random() * 10)::int, 'b', (random() * 1000)::int,
                                       'c', i % 2 = 0)) AS event
FROM generate_series(1, {rows}) i;
CREATE TYPE mood AS ENUM ('sad', 'fine', 'happy', 'great');
CREATE TABLE mixed AS
SELECT i AS id, gen_random_uuid() AS key, (random() * 1e6)::numeric(12, 2) AS amount,
       ('Name' || (random() * {rows} / 3)::int)::citext AS name, random() < 0.3 AS flag,
       (enum_range(NULL::mood))[1 + (random() * 3)::int] AS mood,
       CASE WHEN random() < 0.08 THEN (random() * {rows})::int END AS seldom,
       CASE WHEN random() < 0.5 THEN md5(random()::text) END AS half,
       now() - random() * interval '300 days' AS at,
       timestamp '2020-01-01' + i * interval '1 second' AS seq, ARRAY[i % 7, i % 11] AS pair,
       (random() * {rows} / 50)::int AS customer, int4range(i, i + (random() * 50)::int) AS span,
       'user' || i || '@example' || i % 17 || '.com' AS mail, repeat('x', i % 50) || i AS padded,
       repeat(md5(i::text), 1 + i % 40) AS long, repeat('abc ' || i % 100, 400) AS compressed,
       random() AS number, (i % 20)::smallint AS small, inet '10.0.0.0' + i % 65536 AS address,
       point(random() * 1000, random() * 1000) AS place
FROM generate_series(1, {rows}) i;
CREATE TABLE parts (id int, at date, kind text, amount int) PARTITION BY RANGE (at);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2024-04-01');
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM ('2024-04-01') TO ('2025-01-02');
INSERT INTO parts SELECT i, date '2024-01-01' + (random() * 365)::int, 'kind' || i % 5,
                         (random() * 1000)::int FROM generate_series(1, {rows}) i;
"""
EXTENSIONS = ("pg_trgm", "btree_gin", "btree_gist", "citext")
INDEXES = """
documents USING gin (words)
documents USING gin (unique_words)
documents USING gin (to_tsvector('simple', body))
documents USING gin (body gin_trgm_ops)
documents USING gin (title gin_trgm_ops)
documents USING gin (lower(title) gin_trgm_ops)
arrays USING gin (few)
arrays USING gin (tags)
arrays USING gin (many)
arrays USING gin (uuids)
arrays USING gin (near)
json USING gin (paid)
json USING gin (paid jsonb_path_ops)
json USING gin ((paid -> 'tags'))
json USING gin ((paid -> 'user') jsonb_path_ops)
json USING gin (stock)
json USING gin (stock jsonb_path_ops)
json USING gin (event)
json USING gin (event jsonb_path_ops)
mixed USING gin (customer, pair)
mixed USING gin (mail gin_trgm_ops)
json ((paid ->> 'status'))
json (((paid -> 'user' ->> 'id')::int))
json ((stock ->> 'tenant'), (stock ->> 'sku'))
json ((paid ->> 'status'), (paid -> 'user' ->> 'id'))
mixed (key)
mixed (amount)
mixed (name)
mixed (flag)
mixed (mood)
mixed (seldom)
mixed (seldom) WHERE seldom IS NOT NULL
mixed (half)
mixed (at)
mixed (seq)
mixed (pair)
mixed (customer)
mixed (customer, at)
mixed (mail)
mixed (padded)
mixed (long)
mixed (compressed)
mixed (number)
mixed (small)
mixed (address)
mixed (small, flag, mood)
mixed (customer) INCLUDE (amount, mail)
mixed (customer) WHERE flag
mixed (lower(mail))
mixed (md5(mail))
mixed (left(long, 700))
mixed (id) WITH (fillfactor = 70)
mixed USING hash (mail)
mixed USING hash (customer)
mixed USING hash (mood)
mixed USING brin (seq)
mixed USING brin (seq, id) WITH (pages_per_range = 4)
mixed USING gist (span)
mixed USING gist (customer, span)
mixed USING gist (place)
documents USING gist (title gist_trgm_ops)
parts (at)
parts (kind, amount)
parts (id)
""".strip().splitlines()
FEW_PAGES = 20
PAGE = 8192
WITHIN = 0.15


@dataclass(frozen=True, slots=True)
class Compared:
    definition: str
    real: int
    alone: Sized
    with_counts: Sized

    def error(self, sized: Sized) -> float:
        return sized.size.bytes / self.real - 1


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, nargs="+", default=[1000, 100_000, 1_000_000])
    arguments.add_argument("--major", type=int, default=None)
    arguments.add_argument("--only", default="", help="the indexes whose text holds this")
    options = arguments.parse_args()
    settings = {"autovacuum": "off", "max_wal_size": "16GB", "fsync": "off"}
    with start(options.major, settings=settings) as server:
        print(f"PostgreSQL {server.version}")
        for rows in options.rows:
            name = f"rows_{rows}"
            server.create_database(name)
            chosen = [one for one in INDEXES if options.only in one]
            show(rows, compared(server.url(name), rows, chosen))


def compared(url: str, rows: int, indexes: list[str]) -> list[Compared]:
    with psycopg.connect(url, autocommit=True) as connection:
        for extension in EXTENSIONS:
            connection.execute(f"CREATE EXTENSION {extension}".encode())
        connection.execute("SELECT setseed(0.42)")
        connection.execute(TABLES.replace("{rows}", str(rows)).encode())
        connection.execute("VACUUM ANALYZE")
        with Session.open(url, 300) as session:
            snapshot = read(session, values=None)
        return [one(connection, url, snapshot, definition) for definition in indexes]


def one(connection: psycopg.Connection, url: str, snapshot: Snapshot, definition: str) -> Compared:
    catalog, statistics = snapshot.catalog, snapshot.statistics
    assert statistics is not None
    candidate = asked_index(definition, catalog)
    table = next(table for table in catalog.tables if table.oid == candidate.table_oid)
    candidate = with_share(candidate, table, catalog, statistics)
    candidate = Expressions(statistics, connection).described(candidate, table)
    alone = sized_candidate(candidate, table, catalog, statistics, False)
    with EntryCounter(url) as count:
        _, (with_counts,), skipped = counted(snapshot, [alone], count, hypopg_unit=False)
    for part in skipped:
        print(part.reason)
    connection.execute(f"CREATE INDEX measured ON {definition}".encode())
    # Of an index on partitions, those of the parts.
    found = connection.execute(
        "SELECT sum(pg_relation_size(relid)) FROM pg_partition_tree('measured')"
    ).fetchone()
    plain = connection.execute("SELECT pg_relation_size('measured')").fetchone()
    connection.execute("DROP INDEX measured")
    assert found is not None and plain is not None
    return Compared(definition, int(found[0] or plain[0]), alone, with_counts)


def show(rows: int, found: list[Compared]) -> None:
    print(f"\n{rows:,} rows\n")
    print("| index | real MB | statistics | error | counted | error | rough |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | --- |")
    for row in found:
        print(
            f"| {row.definition} | {row.real / 2**20:.1f} "
            f"| {row.alone.size.bytes / 2**20:.1f} | {row.error(row.alone):+.0%} "
            f"| {row.with_counts.size.bytes / 2**20:.1f} | {row.error(row.with_counts):+.0%} "
            f"| {'yes' if row.with_counts.size.rough else ''} |"
        )
    large = [row for row in found if row.real >= FEW_PAGES * PAGE]
    for words, errors in (
        ("statistics alone", [abs(row.error(row.alone)) for row in large]),
        ("with counts", [abs(row.error(row.with_counts)) for row in large]),
    ):
        ordered = sorted(errors)
        within = sum(error <= WITHIN for error in errors)
        print(
            f"\n{words}: {within} of {len(errors)} within {WITHIN:.0%}, median "
            f"{ordered[len(ordered) // 2]:.1%}, worst {ordered[-1]:.0%}"
        )
    honest = sum(_inside(row.alone, row.real) for row in large)
    print(f"\nwithin the range that is told, by statistics alone: {honest} of {len(large)}")


def _inside(sized: Sized, real: int) -> bool:
    return sized.size.least_bytes <= real <= sized.size.most_bytes


if __name__ == "__main__":
    main()
