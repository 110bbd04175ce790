"""Much is read from outside of the shared buffers.

## What it finds

A database larger than `shared_buffers`, of whose block reads less than `min_hit_share` were found
there, out of at least `min_read_bytes` that were not. The tables that are read most are named.

## Why it matters

What is not in the shared buffers comes from the operating system's cache at best, and from disk
at worst: a hundred to a thousand times slower than memory.

## How to fix

First the queries: a table that is read whole again and again wants an index. Then memory:
`shared_buffers` at about a quarter of the machine's.

## When to ignore

Data warehouses and backups read tables whole on purpose; and the operating system's cache, which
PostgreSQL can't see, may hold what the shared buffers do not.

## Sources

- PostgreSQL manual, pg_stat_database: blks_hit, blks_read; Memory: shared_buffers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.activity._counters import counters, size, started
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, ObjectRef, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

READ = """
CREATE TABLE events (id bigint, note text);
INSERT INTO events SELECT n, repeat('x', 500) FROM generate_series(1, 8000) n;
CREATE INDEX ON events (id);
VACUUM ANALYZE events;
SELECT pg_stat_reset();
{}
SELECT pg_stat_force_next_flush();
"""
WHOLE = "DO $$ BEGIN FOR n IN 1..30 LOOP PERFORM count(note) FROM events; END LOOP; END $$;"
BY_INDEX = "DO $$ BEGIN FOR n IN 1..5000 LOOP PERFORM FROM events WHERE id = 7; END LOOP; END $$;"
SMALL = {"shared_buffers": "1MB"}
OPTIONS: dict[str, object] = {"min_read_bytes": 1_000_000}

BAD = Example(READ.format(WHOLE), settings=SMALL, oldest=15, options=OPTIONS, fix_mends=False)

GOOD = (
    Example(READ.format(BY_INDEX), settings=SMALL, oldest=15, options={"min_read_bytes": 0}),
    # It fits into the default shared buffers of this server.
    Example(READ.format(WHOLE), oldest=15, options={"min_read_bytes": 0}),
)

SHOWN = 3


@rule(
    severity=Severity.NOTICE,
    confidence=Confidence.MEDIUM,
    needs=("statistics.databases", "catalog.settings"),
    bad=BAD,
    good=GOOD,
)
def low_cache_hit_ratio(
    catalog: Catalog,
    statistics: Statistics,
    *,
    min_hit_share: Annotated[float, "so much should be found in the shared buffers"] = 0.9,
    min_read_bytes: Annotated[int, "less read from outside says nothing"] = 10_000_000_000,
) -> Iterator[Fault]:
    counted = counters(catalog, statistics)
    buffers = catalog.setting("shared_buffers")
    if counted is None or counted.bytes is None or buffers is None:
        return
    block = catalog.server.block_size
    buffer_bytes = int(buffers.value) * block
    read_bytes = counted.blocks_read * block
    total = counted.blocks_read + counted.blocks_hit
    if not total or read_bytes < min_read_bytes or counted.bytes <= buffer_bytes:
        return
    share = counted.blocks_hit / total
    if share >= min_hit_share:
        return
    yield Fault(
        object=ObjectRef("database", quote(counted.name)),
        message=f"only {share:.0%} of what {quote(counted.name)} read was in the shared buffers; "
        f"{size(read_bytes)} came from outside {started(counted.since)}",
        evidence={
            "hit_fraction": round(share, 3),
            "read_bytes": read_bytes,
            "database_bytes": counted.bytes,
            "shared_buffers_bytes": buffer_bytes,
            "most_read": _most_read(catalog, statistics, block),
            "counted_since": f"{counted.since:%Y-%m-%d}" if counted.since else None,
        },
        advice="Look first at why these tables are read so much, then at shared_buffers.",
    )


def _most_read(catalog: Catalog, statistics: Statistics, block: int) -> list[str]:
    found = []
    for table in catalog.tables:
        numbers = statistics.of(table)
        blocks = numbers.heap_blocks_read + numbers.index_blocks_read if numbers else 0
        if blocks:
            found.append((-blocks, table.qualified))
    return [f"{name} {size(-blocks * block)}" for blocks, name in sorted(found)[:SHOWN]]
