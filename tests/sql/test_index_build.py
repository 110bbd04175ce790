"""What is written to build an index runs as it stands, on partitions too."""

from __future__ import annotations

import psycopg

from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.sql.index_build import build_index
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
