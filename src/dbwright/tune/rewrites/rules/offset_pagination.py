"""Pages are found by counting off the rows before them.

## What it finds

ORDER BY with an OFFSET of 1,000 rows or more.

## Why it matters

The server makes and sorts all rows up to the page, and throws them away: each page is slower than
the one before. Rows that come or go between two pages are shown twice or never.

## How to fix

Remember the sort values of the last row that was shown, and ask for what comes after them. It needs
a sort that no two rows share, and a page to come from: it can't jump to page 500. The template has
those values as its parameters.

## When to ignore

Nobody turns that many pages, or pages must be reached by number.

## Sources

- Markus Winand, Use The Index, Luke: Fetching The Next Page; PostgreSQL manual, LIMIT and OFFSET.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.keys import never_null_keys
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import constant_kind, qualified
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.rules._sorting import meant
from dbwright.tune.rewrites.source import Level, Named, Source
from dbwright.tune.rewrites.trees import all_of, comparison, conjuncts

FAR = 1000

BAD = (
    RewriteExample("SELECT id, total FROM orders ORDER BY id LIMIT 20 OFFSET 5000", SHOP),
    RewriteExample(
        "SELECT c.id, c.name FROM customers c WHERE c.referrer = 3 ORDER BY c.joined DESC "
        "LIMIT 20 OFFSET 1000",
        SHOP,
    ),
)
GOOD = (
    RewriteExample("SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET 20", SHOP),
    RewriteExample("SELECT id FROM orders ORDER BY total LIMIT 20 OFFSET 5000", SHOP),
    RewriteExample("SELECT -id AS id FROM orders ORDER BY id LIMIT 20 OFFSET 5000", SHOP),
    RewriteExample("SELECT id FROM customers ORDER BY joined DESC, id LIMIT 20 OFFSET 5000", SHOP),
    RewriteExample(
        "SELECT customer_id FROM orders GROUP BY customer_id ORDER BY 1 LIMIT 2 OFFSET 5000", SHOP
    ),
)


@rewrite(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def offset_pagination(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    level = source.levels[0]
    offset = constant_kind(level.fields.get("limitOffset", {}))
    if offset is None or offset[0] != "ival" or int(offset[1]) < FAR or not _simple(level):
        return
    keys = _keys(level)
    if keys is None:
        return
    named, direction = keys
    added = _tie_breaker(named, catalog)
    if added is None:
        return
    columns = [qualified(one) for one in named]
    columns += [qualified(_of(named[0], name)) for name in added]
    after = comparison(
        _row(columns),
        "<" if direction == "SORTBY_DESC" else ">",
        _row([{"ParamRef": {"number": n}} for n in range(1, len(columns) + 1)]),
    )
    sort = [
        {"SortBy": {"node": key, "sortby_dir": direction, "sortby_nulls": "SORTBY_NULLS_DEFAULT"}}
        for key in columns
    ]
    where = all_of([*conjuncts(level.fields.get("whereClause")), after])
    text = source.with_level(level, limitOffset=None, whereClause=where, sortClause=sort)
    if text is not None:
        shown = ", ".join(n.column.name for n in named) + "".join(f", {name}" for name in added)
        note = f"give it {shown} of the last row of the page before, in this order"
        yield Rewritten(text, note, provable=False)


def _simple(level: Level) -> bool:
    more = "distinctClause groupClause havingClause windowClause lockingClause withClause".split()
    parameters = any(level.fields.get(name) for name in more)
    return not parameters and not level.set_operation and level.plain_from


def _keys(level: Level) -> tuple[list[Named], str] | None:
    """The sort columns, all of one relation, none NULL, all in one direction."""
    sort = [key["SortBy"] for key in level.fields.get("sortClause", ())]
    directions = {
        "SORTBY_DESC" if key["sortby_dir"] == "SORTBY_DESC" else "SORTBY_ASC" for key in sort
    }
    odd = any(key["sortby_dir"] == "SORTBY_USING" for key in sort)
    if len(directions) != 1 or odd:
        return None
    nodes = [meant(level, key["node"]) or {} for key in sort]
    named = [level.named(node["ColumnRef"]) if "ColumnRef" in node else None for node in nodes]
    known = [name for name in named if name is not None and name.not_null]
    if len(known) != len(sort) or len({name.item.path for name in known}) != 1:
        return None
    return known, directions.pop()


def _tie_breaker(named: list[Named], catalog: Catalog) -> list[str] | None:
    """The columns of a key that are not sorted by yet."""
    sorted_by = {name.column.name for name in named}
    if len(named[0].level.items) > 1:
        return None  # a join may give a row several times
    keys = never_null_keys(catalog, named[0].table)
    missing = [[name for name in key if name not in sorted_by] for key in keys]
    return min(missing, key=len) if missing else None


def _of(named: Named, name: str) -> Named:
    return Named(named.level, named.item, named.table.column(name), named.table)


def _row(parts: list[Node]) -> Node:
    if len(parts) == 1:
        return parts[0]
    return {"RowExpr": {"args": parts, "row_format": "COERCE_IMPLICIT_CAST"}}
