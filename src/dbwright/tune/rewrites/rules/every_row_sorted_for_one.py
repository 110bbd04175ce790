"""All rows of all groups are sorted to keep the first of each.

## What it finds

`SELECT DISTINCT ON (customer_id) … ORDER BY customer_id, placed DESC`, where a foreign key of the
group's columns names a table with a row for each group.

## Why it matters

DISTINCT ON reads every row of every group, in order, and throws nearly all away. It can't jump from
one group to the next in an index.

## How to fix

Begin at the table that the foreign key refers to, and take the first row of each group with LATERAL
and LIMIT 1: with an index on the group's columns and the order that reads as many rows as there are
groups. Which row is taken of several that the order does not tell apart is as open as it was.

## When to ignore

The groups are of a few rows each.

## Sources

- PostgreSQL manual, SELECT: DISTINCT Clause; LATERAL Subqueries. PostgreSQL wiki, Loose indexscan.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._groups import FirstRows
from dbwright.tune.rewrites.rules._parts import calls_aggregate, calls_odd
from dbwright.tune.rewrites.rules._shop import SALES
from dbwright.tune.rewrites.rules._sorting import meant, sorted_by
from dbwright.tune.rewrites.source import Level, Named, Source
from dbwright.tune.rewrites.trees import any_node, conjuncts, put

CUT = ("limitCount", "limitOffset", "limitOption", "withClause")
"""What the whole keeps."""

BAD = (
    RewriteExample(
        "SELECT DISTINCT ON (region_id) id, amount FROM sales ORDER BY region_id, at DESC, id",
        SALES,
    ),
    RewriteExample(
        "SELECT l.* FROM (SELECT DISTINCT ON (s.region_id) s.* FROM sales s WHERE s.amount > 2 "
        "ORDER BY s.region_id DESC, s.at DESC, s.id LIMIT 9) l WHERE l.amount < 7",
        SALES,
    ),
)
GOOD = (
    RewriteExample("SELECT DISTINCT ON (amount) id FROM sales ORDER BY amount, at DESC, id", SALES),
    RewriteExample("SELECT DISTINCT ON (region_id) region_id FROM sales", SALES),
    RewriteExample("SELECT DISTINCT region_id FROM sales ORDER BY region_id", SALES),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def every_row_sorted_for_one(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        rows = _first_rows(level)
        if rows is None:
            continue
        kept = {name: level.fields[name] for name in CUT if name in level.fields}
        for query in rows.from_groups(catalog):
            text = source.with_tree(put(source.tree, level.path, {**query["SelectStmt"], **kept}))
            if text is not None:
                note = "the foreign key gives each group its row in the table it refers to"
                yield Rewritten(text, note)


def _first_rows(level: Level) -> FirstRows | None:
    """What DISTINCT ON keeps; None for any other query."""
    keys = [key for key in level.fields.get("distinctClause", ()) if key]
    others = ("groupClause", "havingClause", "windowClause", "lockingClause", "valuesLists")
    if not keys or level.set_operation or any(level.fields.get(name) for name in others):
        return None
    targets: list[Node] = list(level.fields["targetList"])
    odd = calls_aggregate(targets) or calls_odd(targets) or any_node(targets, ("SubLink",))
    if odd or len(level.items) != 1 or not level.plain_from:
        return None
    groups = [_own(level, meant(level, key)) for key in keys]
    sort = [key["SortBy"] for key in sorted_by(level) or ()]
    leading = [_own(level, key["node"]) for key in sort[: len(keys)]]
    rest: list[Node] = [{"SortBy": key} for key in sort[len(keys) :]]
    names = [group.column.name for group in groups if group is not None]
    led = [group.column.name for group in leading if group is not None]
    # What sorts by a group's column is the group's own; the rest chooses the row.
    if len(names) < len(keys) or sorted(led) != sorted(names) or not rest:
        return None
    where = conjuncts(level.fields.get("whereClause"))
    named = [group for group in groups if group is not None]
    order = [(names.index(name), key) for name, key in zip(led, sort, strict=False)]
    return FirstRows(targets, list(level.fields["fromClause"]), where, named, rest, sort=order)


def _own(level: Level, node: Node | None) -> Named | None:
    named = None if node is None or "ColumnRef" not in node else level.named(node["ColumnRef"])
    return named if named is not None and named.level is level else None
