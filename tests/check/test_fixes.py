"""Fixes that rules share, where names get long."""

from __future__ import annotations

from tests.servers.postgresql import Database

from dbwright.check.fixes import create_index
from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session

# Cut to 63 bytes, what is derived from these two begins alike.
LONG = "measurements_of_the_north_eastern_district_stations_in_year_2"


def test_indexes_of_partitions_get_different_names(database: Database) -> None:
    database.execute(
        f"""
        CREATE TABLE measurements (device bigint, at date) PARTITION BY RANGE (at);
        CREATE TABLE {LONG}5 PARTITION OF measurements FOR VALUES FROM ('2025-1-1') TO ('2026-1-1');
        CREATE TABLE {LONG}6 PARTITION OF measurements FOR VALUES FROM ('2026-1-1') TO ('2027-1-1')
            PARTITION BY RANGE (at);
        CREATE TABLE {LONG}61 PARTITION OF {LONG}6 FOR VALUES FROM ('2026-1-1') TO ('2026-7-1');
        CREATE TABLE {LONG}62 PARTITION OF {LONG}6 FOR VALUES FROM ('2026-7-1') TO ('2027-1-1');
        """
    )
    with Session.open(database.url, 30) as session:
        catalog = introspect(session)
    fix = create_index(catalog, catalog.table("public.measurements"), ["device"])
    for statement in fix.up.splitlines():
        database.execute(statement)
    rows = database.execute("SELECT count(*) FROM pg_index WHERE indisvalid AND indexrelid > 16384")
    assert rows == [(5,)]
    database.execute(fix.down)
    assert database.execute("SELECT count(*) FROM pg_index WHERE indexrelid > 16384") == [(0,)]
