"""All rows of a large table are counted.

## What it finds

`SELECT count(*) FROM t`, or `count(1)`, without a condition, of a table with many rows.

## Why it matters

The server keeps no count: rows are visible to some transactions and not to others, so each count
reads the whole table, or an index of it.

## How to fix

Where about so many will do (a figure on a page, a progress bar), ask for the planner's estimate,
which VACUUM and ANALYZE keep. How many rows have changed since then is how far off it may be. Where
it must be exact, keep a counter of your own, changed in the same transactions.

## When to ignore

The count must be exact, and it is asked for rarely.

## Sources

- PostgreSQL manual, pg_class: reltuples; PostgreSQL wiki, Count estimate.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import Evidence, Severity
from dbwright.model.names import literal, quote
from dbwright.model.statistics import Statistics
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.keys import is_inherited
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import constant_kind, only_target
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import call_name

LARGE = """
CREATE TABLE clicks (id int);
INSERT INTO clicks SELECT n FROM generate_series(1, 120000) n;
ANALYZE clicks;
"""
OTHERS = (
    "withClause groupClause havingClause windowClause distinctClause limitCount limitOffset "
    "whereClause lockingClause"
).split()

BAD = (
    RewriteExample("SELECT count(*) FROM clicks", LARGE),
    RewriteExample("SELECT count(1) AS clicks FROM clicks", LARGE),
)
GOOD = (
    RewriteExample("SELECT count(*) FROM orders", SHOP),
    RewriteExample("SELECT count(*) FROM clicks WHERE id > 7", LARGE),
    RewriteExample("SELECT count(DISTINCT id) FROM clicks", LARGE),
    RewriteExample("SELECT count(*) FILTER (WHERE id > 7) FROM clicks", LARGE),
)


@rewrite(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def count_of_whole_table(
    source: Source,
    catalog: Catalog,
    *,
    min_rows: Annotated[int, "rows of a table whose count is worth an estimate"] = 100_000,
) -> Iterator[Rewritten]:
    level = source.levels[0]
    table = _counted(level)
    if table is None or source.statistics is None:
        return
    known = _known(catalog, table, source.statistics)
    if known is None or known[0] < min_rows:
        return
    rows, changed = known
    about = (
        f"the estimate was {rows:,.0f} rows"
        if not changed
        else f"the estimate was {rows:,.0f} rows, and {changed:,} had changed since it was made"
    )
    note = f"where about so many will do, ask for the estimate; when this was read, {about}"
    evidence: Evidence = {"estimated_rows": round(rows), "changed_since_analyze": changed}
    yield Rewritten(_estimate(level, table), note, provable=False, evidence=evidence)


def _counted(level: Level) -> Table | None:
    """The one table whose rows are counted, and nothing else."""
    if any(level.fields.get(name) for name in OTHERS) or not level.plain_from:
        return None
    value = only_target(level)
    call: Node = {} if value is None else value.get("FuncCall", {})
    arguments = call.get("args", ())
    # count(1) counts all rows as well, as a NULL never would.
    all_ = call.get("agg_star") or (len(arguments) == 1 and constant_kind(arguments[0]) is not None)
    whole = call and call_name(call) == "count" and all_ and not call.get("agg_distinct")
    if not whole or call.get("agg_filter") or "over" in call or len(level.items) != 1:
        return None
    return level.items[0].table


def _known(catalog: Catalog, table: Table, statistics: Statistics) -> tuple[float, int] | None:
    """The planner's estimate of all that the query counts, and how many rows have changed since."""
    if is_inherited(catalog, table):
        return None
    rows, changed = 0.0, 0
    pending = [table]
    while pending:
        each = pending.pop()
        if each.partition_key is not None:
            pending += catalog.children(each)
            continue
        counted = statistics.of(each)
        if counted is None or counted.rows is None:
            return None
        rows += counted.rows
        changed += counted.modified_since_analyze
    return rows, changed


def _estimate(level: Level, table: Table) -> str:
    name = quote(level.fields["targetList"][0]["ResTarget"].get("name") or "count")
    place = f"{literal(table.qualified)}::regclass"
    if table.partition_key is None:
        return f"SELECT reltuples::bigint AS {name} FROM pg_class WHERE oid = {place}"
    return (
        f"SELECT sum(greatest(c.reltuples, 0))::bigint AS {name} FROM pg_partition_tree({place}) p "
        "JOIN pg_class c ON c.oid = p.relid WHERE p.isleaf"
    )
