"""Candidates are indexes that the server makes and the planner uses for what they were made for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.snapshot import Snapshot
from dbwright.sandbox import Server
from dbwright.sql.scope import CatalogRelations, analyse
from dbwright.tune.indexes.candidate import CandidateIndex
from dbwright.tune.indexes.candidates import Limits, candidates
from dbwright.tune.indexes.existing import exists
from servers.postgresql import Database
from sql.scope.place import FOLDER, queries_in

# Each with the candidate that a specialist would expect, and which conditions its scan answers.
EXPECTED = [
    ("SELECT * FROM shop.orders WHERE customer_id = 5", "shop.orders USING btree (customer_id)", "customer_id"),
    ("SELECT * FROM shop.orders WHERE customer_id = $1", "shop.orders USING btree (customer_id)", "customer_id"),
    ("SELECT * FROM shop.orders WHERE customer_id IN (1, 2) AND total > 5", "shop.orders USING btree (customer_id, total)", "total"),
    ("SELECT * FROM shop.orders WHERE total > 100 AND customer_id = 5", "shop.orders USING btree (customer_id, total)", "total"),
    ("SELECT * FROM shop.orders WHERE customer_id = 5 ORDER BY placed_at DESC LIMIT 10", "shop.orders USING btree (customer_id, placed_at)", "customer_id"),
    ("SELECT id FROM shop.orders ORDER BY total DESC, placed_at LIMIT 10", "shop.orders USING btree (total, placed_at DESC) INCLUDE (id)", ""),
    ("SELECT id FROM shop.orders ORDER BY shipped_on DESC NULLS LAST LIMIT 10", "shop.orders USING btree (shipped_on NULLS FIRST) INCLUDE (id)", ""),
    ("SELECT total FROM shop.orders WHERE customer_id = 5", "shop.orders USING btree (customer_id) INCLUDE (total)", "customer_id"),
    ("SELECT max(total) FROM shop.orders WHERE customer_id = 5", "shop.orders USING btree (customer_id, total)", "customer_id"),
    ("SELECT channel, count(*) FROM shop.orders GROUP BY channel", "shop.orders USING btree (channel)", ""),
    ("SELECT DISTINCT ON (customer_id) customer_id, total FROM shop.orders ORDER BY customer_id, placed_at DESC", "shop.orders USING btree (customer_id, placed_at DESC) INCLUDE (total)", ""),
    ("SELECT * FROM shop.orders WHERE status = 'open' AND total > 100", "shop.orders USING btree (total) WHERE (status = 'open')", "total"),
    ("SELECT * FROM shop.orders WHERE status = 'open' ORDER BY total LIMIT 5", "shop.orders USING btree (total) WHERE (status = 'open')", ""),
    ("SELECT * FROM shop.open_orders WHERE customer = 5", "shop.orders USING btree (customer_id) WHERE (status = 'open'::text)", "customer_id"),
    ("SELECT email FROM shop.customers WHERE deleted_at IS NULL AND NOT active AND country = 'de'", "shop.customers USING btree (country) WHERE (NOT active)", "country"),
    ("SELECT * FROM shop.customers WHERE NOT active AND created_at > '2021-01-01'", "shop.customers USING btree (created_at) WHERE (NOT active)", "created_at"),
    ("SELECT * FROM shop.customers WHERE referrer_id = 25", "shop.customers USING btree (referrer_id) WHERE (referrer_id IS NOT NULL)", "referrer_id"),
    ("SELECT * FROM shop.customers WHERE lower(email) = 'x'", "shop.customers USING btree (lower(email))", "lower"),
    ("SELECT * FROM shop.customers WHERE settings ->> 'plan' = 'p1' AND country = 'de'", "shop.customers USING btree ((settings ->> 'plan'), country)", "country"),
    ("SELECT * FROM shop.customers WHERE (settings ->> 'seats')::int > 98", "shop.customers USING btree (((settings ->> 'seats')::int))", "seats"),
    ("SELECT * FROM shop.orders WHERE date_trunc('day', placed_at) = '2021-02-01'", "shop.orders USING btree (date_trunc('day', placed_at))", "date_trunc"),
    ("SELECT * FROM shop.customers WHERE shop.tidy(email) = 'x'", "shop.customers USING btree (shop.tidy(email))", "email"),
    ("SELECT * FROM shop.customers WHERE email LIKE 'customer77%'", "shop.customers USING btree (email text_pattern_ops)", "~>=~"),
    ("SELECT * FROM shop.customers WHERE name LIKE 'Name 77%'", "shop.customers USING btree (name varchar_pattern_ops)", "~>=~"),
    ("SELECT * FROM shop.customers WHERE code LIKE 'c0001%'", "shop.customers USING btree (code)", ">="),
    ("SELECT * FROM shop.customers WHERE lower(email) LIKE 'customer77%'", "shop.customers USING btree (lower(email) text_pattern_ops)", "~>=~"),
    ("SELECT * FROM shop.customers WHERE email LIKE '%r77@%'", "shop.customers USING gin (email gin_trgm_ops)", "~~"),
    ("SELECT * FROM shop.customers WHERE name ILIKE '%me 77%'", "shop.customers USING gin (name gin_trgm_ops)", "~~*"),
    ("SELECT * FROM shop.customers WHERE tags @> ARRAY['t7']", "shop.customers USING gin (tags)", "@>"),
    ("SELECT * FROM shop.customers WHERE tags && ARRAY['t7', 't8']", "shop.customers USING gin (tags)", "&&"),
    ("SELECT * FROM shop.customers WHERE settings @> '{\"seats\": 7}'", "shop.customers USING gin (settings jsonb_path_ops)", "@>"),
    ("SELECT * FROM shop.customers WHERE settings ? 'nothing'", "shop.customers USING gin (settings)", "?"),
    ("SELECT * FROM shop.customers WHERE document @@ to_tsquery('simple', 'word7')", "shop.customers USING gin (document)", "@@"),
    ("SELECT * FROM shop.customers WHERE to_tsvector('simple', email) @@ to_tsquery('simple', 'x')", "shop.customers USING gin (to_tsvector('simple', email))", "@@"),
    ("SELECT * FROM shop.customers WHERE visit && tstzrange('2020-02-01', '2020-02-02')", "shop.customers USING gist (visit)", "&&"),
    ("SELECT * FROM shop.customers WHERE note = 'x'", "shop.customers USING hash (note)", "note"),
    ("SELECT c.email FROM shop.customers c JOIN shop.orders o ON o.customer_id = c.id WHERE c.email = 'x'", "shop.orders USING btree (customer_id)", "customer_id"),
    ("SELECT 1 FROM shop.orders o JOIN shop.items i ON i.product_id = o.channel WHERE o.id = 5", "shop.items USING btree (product_id)", "product_id"),
    ("SELECT email FROM shop.customers c WHERE email = 'x' AND EXISTS (SELECT 1 FROM shop.orders o WHERE o.customer_id = c.id AND o.total > 140)", "shop.orders USING btree (customer_id, total)", "customer_id"),
    ("SELECT * FROM shop.orders WHERE customer_id IN (SELECT id FROM shop.customers WHERE email = 'x')", "shop.orders USING btree (customer_id)", "customer_id"),
    ("SELECT (SELECT max(total) FROM shop.orders o WHERE o.customer_id = c.id) FROM shop.customers c", "shop.orders USING btree (customer_id, total)", "customer_id"),
    ("SELECT * FROM shop.orders o, LATERAL (SELECT * FROM shop.items i WHERE i.product_id = o.id ORDER BY price DESC LIMIT 1) x WHERE o.id < 9", "shop.items USING btree (product_id, price)", "product_id"),
    ("SELECT x.placed_at FROM shop.customers c, LATERAL (SELECT * FROM shop.orders o WHERE o.customer_id = c.id AND o.channel = 1 ORDER BY placed_at DESC LIMIT 1) x WHERE c.id < 9", "shop.orders USING btree (customer_id, channel, placed_at)", "channel"),
    ("SELECT * FROM shop.orders WHERE customer_id = 5 AND channel = 1 AND (total, id) < (100, 7) ORDER BY total DESC, id DESC LIMIT 10", "shop.orders USING btree (customer_id, channel, total, id)", "channel"),
    ("SELECT c.* FROM shop.customers c, to_tsquery('simple', 'word7') q WHERE c.document @@ q", "shop.customers USING gin (document)", "@@"),
    ("WITH c AS (SELECT * FROM shop.orders) SELECT * FROM c WHERE customer_id = 7", "shop.orders USING btree (customer_id)", "customer_id"),
    ("SELECT * FROM shop.orders WHERE (channel = 1 AND total = 3) OR (channel = 2 AND customer_id = 9)", "shop.orders USING btree (customer_id, channel)", "customer_id"),
    ("SELECT * FROM shop.orders WHERE (customer_id, placed_at) < (9, '2022-01-01') ORDER BY customer_id DESC, placed_at DESC LIMIT 5", "shop.orders USING btree (customer_id, placed_at)", "ROW"),
    ('SELECT "productName" FROM shop."Product" WHERE "order" = 7', 'shop."Product" USING btree ("order") INCLUDE ("productName")', "order"),
    ("UPDATE shop.orders SET total = 1 WHERE customer_id = 5", "shop.orders USING btree (customer_id)", "customer_id"),
    ("DELETE FROM shop.items WHERE product_id = 5", "shop.items USING btree (product_id)", "product_id"),
    ("SELECT DISTINCT channel FROM shop.orders", "shop.orders USING btree (channel)", ""),
    ("SELECT * FROM shop.orders WHERE status = 'open'", "shop.orders USING btree (id) WHERE (status = 'open')", ""),
    ("SELECT customer_id, rank() OVER (PARTITION BY customer_id ORDER BY total) FROM shop.orders", "shop.orders USING btree (customer_id, total)", ""),
]  # fmt: skip
# Queries that must not get a candidate whose definition holds the text.
REFUSED = [
    ("SELECT * FROM shop.orders WHERE status = 'open'", "btree (status)"),
    ("SELECT * FROM shop.orders ORDER BY placed_at DESC, id DESC", "(placed_at, id)"),
    ("SELECT * FROM shop.customers WHERE lower(name) = 'x'", "(lower(name))"),
    ("SELECT * FROM shop.orders WHERE id = 5 AND total > 3", "(id, total)"),
    ("SELECT * FROM shop.customers WHERE shop.messy(email) = 'x'", "messy"),
    ("SELECT * FROM shop.customers WHERE created_at::date = '2020-01-01'", "::date"),
    ("SELECT * FROM shop.customers WHERE date_trunc('day', created_at) = '2020-01-01'", "date_trunc"),
    ("SELECT * FROM shop.customers WHERE to_tsvector(email) @@ to_tsquery('x')", "to_tsvector"),
    ("SELECT * FROM shop.customers WHERE settings ->> $1 = 'x'", "$1"),
    ("SELECT * FROM shop.customers WHERE email LIKE '%a%'", "gin_trgm_ops"),
    ("SELECT * FROM shop.tiny WHERE name = 'n1'", "tiny"),
    ("SELECT * FROM shop.orders WHERE channel = $1", "WHERE"),
    ("SELECT * FROM shop.orders o LEFT JOIN shop.customers c ON c.id = o.customer_id AND o.total = 5", "(total"),
    ("SELECT * FROM shop.customers WHERE random() < 0.1", "random"),
    ("SELECT * FROM shop.customers WHERE active", "WHERE"),
    ("INSERT INTO shop.orders VALUES (1, 2, 'x', 3, now())", "orders"),
    ("CREATE TABLE x (a int)", ""),
]  # fmt: skip


@dataclass(frozen=True)
class Shop:
    connection: psycopg.Connection[Any]
    snapshot: Snapshot

    def candidates(self, query: str, **options: Any) -> tuple[CandidateIndex, ...]:
        catalog, statistics = self.snapshot.catalog, self.snapshot.statistics
        statement = analyse(query, CatalogRelations(catalog, ["public"]))
        assert not statement.unresolved
        return candidates(statement, catalog, statistics, **options)


@pytest.fixture(scope="module")
def shop(postgresql: Server) -> Iterator[Shop]:
    name = "candidates_shop"
    postgresql.create_database(name)
    url = postgresql.url(name)
    with psycopg.connect(url, autocommit=True) as connection:
        text = Path(__file__).with_name("shop.sql").read_text(encoding="utf-8")
        *others, vacuum = text.rstrip(";\n").rsplit(";", 1)
        connection.execute(";".join(others).encode())
        connection.execute(vacuum.encode())
        with Session.open(url, 60) as session:
            snapshot = read(session, values=100)
        yield Shop(connection, snapshot)
    with psycopg.connect(postgresql.url(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def scans(plan: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each index that a plan reads, with the condition that it answers."""
    if "Index Name" in plan:
        words = (plan.get("Index Cond", ""), plan.get("Order By", ""))
        yield plan["Index Name"], " ".join(words)
    for part in plan.get("Plans", ()):
        yield from scans(part)


@pytest.mark.parametrize(("query", "signature", "condition"), EXPECTED)
def test_the_expected_candidate_is_made_and_used(
    query: str, signature: str, condition: str, shop: Shop
) -> None:
    found = {candidate.signature: candidate for candidate in shop.candidates(query)}
    assert signature in found, sorted(found)
    options = "GENERIC_PLAN, COSTS off, FORMAT json"
    with shop.connection.transaction(force_rollback=True):
        shop.connection.execute(found[signature].definition("candidate").encode())
        shop.connection.execute("SET LOCAL enable_seqscan = off")
        shop.connection.execute("SET LOCAL enable_hashjoin = off")
        shop.connection.execute("SET LOCAL enable_mergejoin = off")
        shop.connection.execute("SET LOCAL enable_hashagg = off")
        shop.connection.execute("SET LOCAL enable_material = off")
        with psycopg.ClientCursor(shop.connection) as cursor:
            row = cursor.execute(f"EXPLAIN ({options}) {query}".encode()).fetchone()
    assert row is not None
    used = dict(scans(row[0][0]["Plan"]))
    assert "candidate" in used, row[0][0]["Plan"]
    assert condition in used["candidate"]


def test_each_arm_of_an_or_gets_its_index(shop: Shop) -> None:
    query = "SELECT * FROM shop.orders WHERE customer_id = 5 OR total = 7"
    plain = [c for c in shop.candidates(query) if not c.include]
    assert {c.signature for c in plain} == {
        "shop.orders USING btree (customer_id)",
        "shop.orders USING btree (total)",
    }
    with shop.connection.transaction(force_rollback=True):
        for number, candidate in enumerate(plain):
            shop.connection.execute(candidate.definition(f"arm_{number}").encode())
        row = shop.connection.execute(f"EXPLAIN (FORMAT json) {query}".encode()).fetchone()
    assert row is not None
    assert dict(scans(row[0][0]["Plan"])).keys() == {"arm_0", "arm_1"}


@pytest.mark.parametrize(("query", "text"), REFUSED)
def test_what_would_not_help_or_is_there_is_not_proposed(query: str, text: str, shop: Shop) -> None:
    assert [c.signature for c in shop.candidates(query) if text in c.signature] == []


def test_every_candidate_can_be_created_and_is_known_then(shop: Shop) -> None:
    """What the server makes of a definition, read again, is what the candidate says."""
    every = {c: None for query, _, _ in EXPECTED for c in shop.candidates(query)}
    assert len(every) > 100
    with shop.connection.transaction(force_rollback=True):
        shop.connection.execute("TRUNCATE shop.customers, shop.orders, shop.items")
        for number, candidate in enumerate(every):
            shop.connection.execute(candidate.definition(f"candidate_{number}").encode())
        rows = shop.connection.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
            "WHERE indexrelid::regclass::text LIKE 'shop.candidate%'"
        ).fetchall()
    assert len(rows) == len(every)


@pytest.mark.parametrize(
    ("name", "tables"),
    [("tpch", "tpch"), ("tpcds", "tpcds"), ("syntax", "shop"), ("orm", "shop"), ("traced", "shop")],
)
def test_the_server_takes_the_candidates_of_all_kinds_of_queries(
    name: str, tables: str, database: Database
) -> None:
    database.execute((FOLDER / f"{tables}.schema.sql").read_text(encoding="utf-8"))
    with Session.open(database.url, 60) as session:
        catalog = introspect(session)
    relations = CatalogRelations(catalog, ["public"])
    every: dict[CandidateIndex, None] = {}
    for query in queries_in(name):
        every |= dict.fromkeys(candidates(analyse(query, relations), catalog, None))
    assert len(every) > 60
    for number, candidate in enumerate(every):
        database.execute(candidate.definition(f"candidate_{number}"))


def test_an_existing_index_is_not_proposed_again(shop: Shop, postgresql: Server) -> None:
    database = "candidates_known"
    postgresql.create_database(database)
    url = postgresql.url(database)
    text = Path(__file__).with_name("shop.sql").read_text(encoding="utf-8")
    tables = "".join(
        part + ";" for part in text.split(";\n") if part.startswith(("CREATE", "--")) and part
    )
    every = list(dict.fromkeys(c for query, _, _ in EXPECTED for c in shop.candidates(query)))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(tables.encode())
        for number, candidate in enumerate(every):
            connection.execute(candidate.definition(f"candidate_{number}").encode())
        with Session.open(url, 60) as session:
            catalog = introspect(session)
    unknown = [c.signature for c in every if not exists(c, catalog.table(c.qualified))]
    assert unknown == []
    with psycopg.connect(postgresql.url(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {database} WITH (FORCE)".encode())


def test_the_same_every_time_and_never_too_many(shop: Shop) -> None:
    query = (
        "SELECT c.email, o.total, i.price FROM shop.customers c "
        "JOIN shop.orders o ON o.customer_id = c.id JOIN shop.items i ON i.order_id = o.id "
        "WHERE c.country = 'de' AND c.active AND o.total > 5 AND o.channel = 2 AND i.quantity < 3 "
        "AND i.product_id = 7 ORDER BY o.placed_at DESC"
    )
    every = shop.candidates(query)
    assert len(every) <= Limits().most
    assert [c.signature for c in every] == [c.signature for c in shop.candidates(query)]
    assert len({candidate.signature for candidate in every}) == len(every)
    few = shop.candidates(query, limits=Limits(most=9))
    assert len(few) == 9
    assert {candidate.table for candidate in few} == {"customers", "orders", "items"}
    narrow = shop.candidates(query, limits=Limits(width=1, included=0))
    assert all(len(candidate.keys) == 1 and not candidate.include for candidate in narrow)


def test_what_is_changed_or_locked_is_fetched_anyway(shop: Shop) -> None:
    for query in (
        "UPDATE shop.orders SET total = 1 WHERE customer_id = 5",
        "SELECT total FROM shop.orders WHERE customer_id = 5 FOR UPDATE",
        "SELECT ctid, total FROM shop.orders WHERE customer_id = 5",
    ):
        assert [c.signature for c in shop.candidates(query)] == [
            "shop.orders USING btree (customer_id)"
        ]


def test_a_brin_index_for_a_range_of_a_large_table_in_order(shop: Shop) -> None:
    query = "SELECT sum(total) FROM shop.orders WHERE shipped_on >= '2021-03-01' AND channel = 1"
    brin = "shop.orders USING brin (shipped_on)"
    assert brin not in {c.signature for c in shop.candidates(query)}  # it is small
    snapshot = shop.snapshot
    assert snapshot.statistics is not None
    large = [
        replace(t, pages=1_000_000, rows=1e8) if t.pages > 100 else t
        for t in snapshot.statistics.tables
    ]
    statistics = replace(snapshot.statistics, tables=tuple(large))
    statement = analyse(query, CatalogRelations(snapshot.catalog))
    found = candidates(statement, snapshot.catalog, statistics)
    assert brin in {c.signature for c in found}
    by_channel = analyse(
        "SELECT 1 FROM shop.orders WHERE total > 5", CatalogRelations(snapshot.catalog)
    )
    found = candidates(by_channel, snapshot.catalog, statistics)
    assert not any(c.method == "brin" for c in found)


def test_partitioned_tables_and_materialized_views_get_candidates(database: Database) -> None:
    database.execute(
        "CREATE TABLE part (a int, b int, c text) PARTITION BY RANGE (a);"
        "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);"
        'CREATE MATERIALIZED VIEW "Mat" AS SELECT a, b, c FROM part;'
    )
    with Session.open(database.url, 60) as session:
        catalog = introspect(session)
    text = 'SELECT p.c FROM part p JOIN "Mat" m ON m.b = p.b WHERE p.b = 5'
    found = candidates(analyse(text, CatalogRelations(catalog)), catalog, None)
    assert {c.qualified for c in found} == {"public.part", 'public."Mat"'}
    for number, candidate in enumerate(found):
        database.execute(candidate.definition(f"candidate_{number}"))


def test_a_partitioned_table_that_was_analysed_gets_candidates(database: Database) -> None:
    """It has rows, and no pages: those are its partitions'. So are the statistics of its columns,
    where only these were analysed."""
    database.execute(
        "CREATE TABLE readings (at date, device int, metric int) PARTITION BY RANGE (at);"
        "CREATE TABLE early PARTITION OF readings FOR VALUES FROM ('2025-01-01') TO ('2025-03-01');"
        "CREATE TABLE late PARTITION OF readings FOR VALUES FROM ('2025-03-01') TO ('2025-05-01');"
        "INSERT INTO readings SELECT date '2025-01-01' + i % 110, i % 1000, i % 50 / 49"
        " FROM generate_series(1, 9000) i;"
    )
    text = "SELECT * FROM readings WHERE device = 5 AND metric = 1 ORDER BY at DESC LIMIT 1"
    for analyzed in ("early, late", "readings"):
        database.execute(f"ANALYZE {analyzed}")
        with Session.open(database.url, 60) as session:
            snapshot = read(session, values=None)
        statement = analyse(text, CatalogRelations(snapshot.catalog))
        found = candidates(statement, snapshot.catalog, snapshot.statistics)
        assert {
            "public.readings USING btree (device, metric, at)",
            "public.readings USING btree (device, at) WHERE (metric = 1)",
        } <= {one.signature for one in found}


def test_tables_that_inherit_get_candidates_of_their_own(database: Database) -> None:
    database.execute(
        "CREATE TABLE vehicle (id int, plate text); CREATE TABLE car () INHERITS (vehicle);"
        "CREATE TABLE taxi (company text) INHERITS (car);"
    )
    with Session.open(database.url, 60) as session:
        catalog = introspect(session)
    statement = analyse("SELECT * FROM vehicle WHERE plate = 'x'", CatalogRelations(catalog))
    assert {f"public.{table} USING btree (plate)" for table in ("vehicle", "car", "taxi")} <= {
        one.signature for one in candidates(statement, catalog, None)
    }


def test_an_extension_that_is_missing_is_named(shop: Shop) -> None:
    catalog = replace(shop.snapshot.catalog, extensions=())
    statement = analyse(
        "SELECT * FROM shop.customers WHERE email ILIKE '%abc%'", CatalogRelations(catalog)
    )
    assert candidates(statement, catalog, shop.snapshot.statistics) == ()
    (found,) = candidates(statement, catalog, shop.snapshot.statistics, available=["pg_trgm"])
    assert found.requires == ("pg_trgm",)


def test_without_statistics_there_are_candidates_all_the_same(shop: Shop) -> None:
    catalog = shop.snapshot.catalog
    statement = analyse(
        "SELECT * FROM shop.orders WHERE customer_id = 5", CatalogRelations(catalog)
    )
    found = candidates(statement, catalog, None)
    assert [c.signature for c in found] == ["shop.orders USING btree (customer_id)"]
    assert found[0].reasons == ("equality",)


def test_a_partial_index_says_what_its_size_depends_on(shop: Shop) -> None:
    query = "SELECT * FROM shop.orders WHERE status = 'open' AND total > 100"
    every = [c for c in shop.candidates(query) if c.where and not c.include]
    (found,) = [c for c in every if c.keys[0].column == "total"]
    assert found.partial is not None
    assert found.partial.share == pytest.approx(0.02, abs=0.005)
    assert found.partial.fixed == (("status", "open"),)
    assert found.partial.present == ("status",)


def test_values_of_a_blank_padded_column_are_found_among_the_common_ones(
    database: Database,
) -> None:
    database.execute(
        "CREATE TABLE parcels (id int, mode character(10), weight int);"
        "INSERT INTO parcels SELECT i, (ARRAY['AIR', 'MAIL', 'RAIL', 'SHIP'])[1 + i % 4], i % 500"
        " FROM generate_series(1, 4000) i;"
        "ANALYZE parcels;"
    )
    with Session.open(database.url, 60) as session:
        snapshot = read(session, values=None)
    text = "SELECT id FROM parcels WHERE mode IN ('AIR', 'MAIL') AND weight = 7"
    statement = analyse(text, CatalogRelations(snapshot.catalog))
    found = candidates(statement, snapshot.catalog, snapshot.statistics)
    shares = {c.partial.share for c in found if c.partial is not None}
    assert shares
    assert all(share == pytest.approx(0.5, abs=0.01) for share in shares)
