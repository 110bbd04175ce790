"""All rows are sorted at random to take a few.

## What it finds

`ORDER BY random()` with LIMIT.

## Why it matters

Every row is read, given a number and sorted, for a handful that are kept.

## How to fix

Take a sample of the table's rows (TABLESAMPLE) that is surely large enough, and sort that. The
share in the template, 1 percent, must be chosen: more than the rows that are wanted.

## When to ignore

The table is small. TABLESAMPLE BERNOULLI still reads the whole table, SYSTEM only some pages, whose
rows then come together.

## Sources

- PostgreSQL manual, SELECT: TABLESAMPLE.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Source
from dbwright.tune.rewrites.trees import call_name, integer

BAD = RewriteExample("SELECT id FROM orders ORDER BY random() LIMIT 5", SHOP)
GOOD = (
    RewriteExample("SELECT id FROM orders ORDER BY id LIMIT 5", SHOP),
    RewriteExample("SELECT id FROM orders WHERE status = 'new' ORDER BY random() LIMIT 5", SHOP),
    RewriteExample("SELECT id FROM orders ORDER BY random()", SHOP),
)


@rewrite(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def order_by_random(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    level = source.levels[0]
    sort = level.fields.get("sortClause", ())
    call = sort[0]["SortBy"]["node"].get("FuncCall") if len(sort) == 1 else None
    tables = level.fields.get("fromClause", ())
    if call is None or call_name(call) != "random" or not level.fields.get("limitCount"):
        return
    # Of rows that a condition leaves, who knows how many are in a sample.
    if level.fields.get("whereClause") or len(tables) != 1 or "RangeVar" not in tables[0]:
        return
    if level.items[0].table is None:
        return
    sample = {
        "RangeTableSample": {
            "relation": tables[0],
            "method": [{"String": {"sval": "system"}}],
            "args": [integer(1)],
        }
    }
    text = source.with_level(level, fromClause=[sample])
    if text is not None:
        yield Rewritten(text, "it reads 1 percent of the pages, chosen at random", provable=False)
