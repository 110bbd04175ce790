"""What is written to build an index runs as it stands, on partitions too."""

from __future__ import annotations

import psycopg

from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.sql.index_build import build_index
from dbwright.sql.index_names import NAME_BYTES, partition_name
from servers.postgresql import Database

EVENTS = """
CREATE FOREIGN DATA WRAPPER nothing;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER nothing;
CREATE TABLE events (id int, at date) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-02-01') TO ('2025-03-01')
    PARTITION BY HASH (id);
CREATE TABLE events_2_0 PARTITION OF events_2 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE FOREIGN TABLE events_old PARTITION OF events
    FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') SERVER elsewhere;
"""


def test_partitions_of_all_kinds(database: Database) -> None:
    database.execute(EVENTS)
    with Session.open(database.url, 60) as session:
        catalog = introspect(session)
    up, down = build_index(catalog, catalog.table("public.events"), "events_id", " (id)")
    indexes = "SELECT count(*) FROM pg_index WHERE indexrelid::regclass::text LIKE 'events%'"
    with psycopg.connect(database.url, autocommit=True) as connection:
        for statement in up.splitlines():
            connection.execute(statement.encode())
        assert connection.execute(indexes).fetchone() == (4,)
        connection.execute(down.encode())
        assert connection.execute(indexes).fetchone() == (0,)


LONG = "a_partition_of_a_table_with_a_name_that_is_almost_too_long"
PARTS = f"""
CREATE TABLE parts (id int, at date, mail varchar) PARTITION BY RANGE (at);
CREATE TABLE has_it PARTITION OF parts FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
CREATE INDEX mine ON has_it USING btree (lower(mail), id DESC) WITH (fillfactor = 80);
CREATE TABLE nested PARTITION OF parts FOR VALUES FROM ('2025-02-01') TO ('2025-03-01')
    PARTITION BY HASH (id);
CREATE TABLE nested_0 PARTITION OF nested FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE INDEX "Of nested" ON nested (lower(mail), id DESC);
CREATE TABLE broken PARTITION OF parts FOR VALUES FROM ('2025-03-01') TO ('2025-04-01');
CREATE INDEX left_invalid ON broken (lower(mail), id DESC);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'left_invalid'::regclass;
CREATE TABLE other_order PARTITION OF parts FOR VALUES FROM ('2025-04-01') TO ('2025-05-01');
CREATE INDEX other_order_idx ON other_order (lower(mail), id);
CREATE TABLE {LONG} PARTITION OF parts FOR VALUES FROM ('2025-05-01') TO ('2025-06-01');
"""
TAIL = " (lower(mail), id DESC)"
INDEXES = """
SELECT c.relname, pg_get_indexdef(i.indexrelid), i.indisvalid, p.inhparent::regclass::text
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
LEFT JOIN pg_inherits p ON p.inhrelid = i.indexrelid
WHERE c.relnamespace = 'public'::regnamespace ORDER BY c.relname
"""


def test_what_partitions_have_is_attached(database: Database) -> None:
    """And is there again on the way back; what a broken off migration left is completed."""
    database.execute(PARTS)
    with psycopg.connect(database.url, autocommit=True) as connection:

        def indexes() -> dict[str, tuple[object, ...]]:
            return {row[0]: row[1:] for row in connection.execute(INDEXES).fetchall()}

        def built() -> tuple[list[str], list[str]]:
            with Session.open(database.url, 60) as session:
                catalog = introspect(session)
            up, down = build_index(catalog, catalog.table("public.parts"), "parts_mail", TAIL)
            return up.splitlines(), down.splitlines()

        def run(statements: list[str]) -> None:
            for statement in statements:
                connection.execute(statement.encode())

        before = indexes()
        up, down = built()
        assert sum("CREATE INDEX" in line for line in up) == 3  # the parent, other_order, LONG
        run(up)
        after = indexes()
        assert all(valid for _, valid, _ in after.values())
        assert {after[name][2] for name in ("mine", "Of nested", "left_invalid")} == {"parts_mail"}
        run(down)
        assert indexes() == {name: row for name, row in before.items() if name != "left_invalid"}
        begun, down = built()
        run(begun[:3])  # it breaks off, and is asked for once more under another name
        run(["ALTER INDEX parts_mail RENAME TO begun"])
        rest, down = built()
        assert rest[0] == "ALTER INDEX public.begun RENAME TO parts_mail;"
        run(rest)
        # The partition without an invalid leftover has got an index of its own.
        assert indexes().keys() - after.keys() == {"broken_parts_mail"}
        assert all(valid for _, valid, _ in indexes().values())
        run(down)


def test_names_of_parts_stay_apart_where_they_are_too_long(database: Database) -> None:
    with Session.open(database.url, 60) as session:
        catalog = introspect(session)
    names = {partition_name(catalog, "public", LONG, name, ()) for name in ("by_mail", "by_note")}
    assert len(names) == 2 and all(len(name.encode()) == NAME_BYTES for name in names)
