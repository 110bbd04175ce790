"""Two indexes are the same.

## What it finds

Indexes of one table with the same access method, keys, operator classes, collations, order,
included columns, predicate and uniqueness, of which none belongs to a constraint. The name and
the fill factor don't matter, and a b-tree that is sorted the other way round counts as the same.
The older one is kept.

An index that repeats a primary key or unique constraint is `indexes/repeats-a-key`. A partial
index and one with another operator class (`text_pattern_ops`) are never duplicates of a full one.

## Why it matters

Each INSERT and most UPDATEs write both, and both take disk and cache; no query is faster for it.

## How to fix

Drop the one that is named, CONCURRENTLY. The other one serves the same queries at once.

## When to ignore

While you swap one for the other, as after a bloated index was built again under a new name.

## Sources

- PostgreSQL manual, CREATE INDEX; pg_stat_user_indexes shows the scans of each.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.index_use import count
from dbwright.model.redundant_indexes import (
    REFERENCED,
    Reason,
    may_be_referenced,
    redundant_indexes,
)
from dbwright.model.statistics import Statistics
from dbwright.sql.index_drop import drop_index

BAD = (
    Example(
        """
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, placed_at timestamptz, state text);
CREATE INDEX orders_user ON orders (user_id, placed_at DESC);
CREATE INDEX orders_user_recent ON orders (user_id DESC, placed_at) WITH (fillfactor = 80);
CREATE UNIQUE INDEX orders_open ON orders (user_id) WHERE state = 'open';
CREATE UNIQUE INDEX orders_one_open ON orders (user_id) WHERE state = 'open';
""",
        # DESC NULLS FIRST, ASC NULLS LAST read backwards: the same order.
        objects=("public.orders_one_open", "public.orders_user_recent"),
    ),
    Example(
        """
CREATE TABLE visits (at date NOT NULL, page text) PARTITION BY RANGE (at);
CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE INDEX visits_page ON visits (page);
CREATE INDEX visits_page_again ON visits (page);
CREATE MATERIALIZED VIEW pages AS SELECT page, count(*) AS visits FROM visits GROUP BY page;
CREATE INDEX pages_visits ON pages USING hash (visits);
CREATE INDEX "Pages, visits" ON pages USING hash (visits);
""",
        objects=("public.visits_page_again", 'public."Pages, visits"'),
    ),
)

GOOD = """
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, name text, deleted_at timestamptz);
CREATE INDEX ON users (email text_pattern_ops);
CREATE INDEX ON users (email) WHERE deleted_at IS NULL;
CREATE INDEX ON users (lower(email));
CREATE INDEX ON users (name);
CREATE INDEX ON users (name COLLATE "C");
CREATE INDEX ON users (name NULLS FIRST);
CREATE INDEX ON users USING hash (name);
CREATE INDEX ON users USING brin (id) WITH (pages_per_range = 16);
CREATE INDEX ON users USING brin (id) WITH (pages_per_range = 128);
"""


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def duplicate_index(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    for found in redundant_indexes(catalog, Reason.TWIN):
        index, keeper = found.index, found.keeper
        counted = count(catalog, statistics, found.table, index)
        referenced = may_be_referenced(catalog, found)
        yield Fault(
            object=index.ref,
            message=f"{index.qualified} is the same index as {keeper.qualified}",
            evidence={
                "same_as": keeper.qualified,
                "table": found.table.qualified,
                "size_bytes": counted.size_bytes,
                "scans": counted.scans,
            },
            fix=None if referenced else drop_index(index, found.table),
            advice=REFERENCED if referenced else "",
        )
