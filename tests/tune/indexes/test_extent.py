"""A partitioned table is as large as its partitions together."""

from __future__ import annotations

from tests.tune.indexes.workload import snapshot_of

from dbwright.tune.indexes.extent import Extent, column_statistics, extent_of
from servers.postgresql import Database

SCHEMA = """
CREATE TABLE readings (at date, device int) PARTITION BY RANGE (at);
CREATE TABLE old PARTITION OF readings FOR VALUES FROM ('2025-01-01') TO ('2025-03-01')
    PARTITION BY LIST (device);
CREATE TABLE old_0 PARTITION OF old DEFAULT;
CREATE TABLE late PARTITION OF readings FOR VALUES FROM ('2025-03-01') TO ('2026-01-01');
CREATE TABLE plain (a int);
INSERT INTO readings SELECT date '2025-01-01' + i % 300, i % 50 FROM generate_series(1, 9000) i;
"""


def test_partitions_are_added_up_whatever_was_analysed(database: Database) -> None:
    database.execute(SCHEMA)
    for analyzed in ("old_0, late", "readings"):
        database.execute(f"ANALYZE {analyzed}")
        snapshot = snapshot_of(database.url)
        catalog, statistics = snapshot.catalog, snapshot.statistics
        assert statistics is not None
        whole = catalog.table("public.readings")
        parts = [catalog.table(f"public.{name}") for name in ("old_0", "late")]
        pages = [extent_of(part, catalog, statistics).pages or 0 for part in parts]
        assert extent_of(whole, catalog, statistics) == Extent(9000, sum(pages))
        device = next(column for column in whole.columns if column.name == "device")
        found = column_statistics(whole, device, catalog, statistics)
        assert found is not None
        assert found.distinct == 50
    assert extent_of(catalog.table("public.plain"), catalog, statistics).rows is None
    assert extent_of(whole, catalog, None) == Extent(None, None)
