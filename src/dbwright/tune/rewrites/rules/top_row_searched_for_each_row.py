"""A value of the last row of a group is looked up for each row that is shown.

## What it finds

`SELECT …, (SELECT o.total FROM orders o WHERE o.customer_id = c.id ORDER BY o.placed DESC LIMIT 1)
FROM customers c`: a subquery that sorts and takes one row.

## Why it matters

The subquery runs once for each row outside, and once for each value: several values of the same
last row search it several times. Without an index in its order all rows of the group are sorted
each time, without any index the whole table is read.

## How to fix

Take the first row of all groups at once with DISTINCT ON, and LEFT JOIN it. Several values of one
row: a single LEFT JOIN LATERAL.

## When to ignore

The query gives few rows, and there is an index for the subquery.

## Sources

- PostgreSQL manual, SELECT: DISTINCT ON; LATERAL Subqueries; Scalar Subqueries.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._correlated import gathers, joined_text, shows_all, tied_parts
from dbwright.tune.rewrites.rules._groups import (
    PLAIN,
    qualified_names,
    subselect,
    takes_one,
)
from dbwright.tune.rewrites.rules._parts import only_of, only_target, subquery
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.rules._sorting import sorted_by
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import Path, all_of, at, column, comparison, put
from dbwright.tune.rewrites.writing import without_locations

FIRST = "first_of_each"
PICKED = "picked"

BAD = (
    RewriteExample(
        "SELECT c.id, (SELECT o.total FROM orders o WHERE o.coupon_id = c.referrer "
        "ORDER BY o.placed DESC, o.id LIMIT 1) AS last FROM customers c",
        SHOP,
    ),
    RewriteExample(
        "SELECT c.id, (SELECT o.total AS placed FROM orders o WHERE o.coupon_id = c.referrer "
        "ORDER BY placed DESC NULLS LAST LIMIT 1) AS most FROM customers c",
        SHOP,
    ),
    RewriteExample(
        "SELECT c.name, (SELECT o.total FROM orders o WHERE o.customer_id = c.id "
        "ORDER BY o.placed DESC, o.id LIMIT 1) AS total, (SELECT o.status FROM orders o "
        "WHERE o.customer_id = c.id ORDER BY o.placed DESC, o.id LIMIT 1) AS status "
        "FROM customers c WHERE c.email = 'c7'",
        SHOP,
    ),
)
GOOD = (
    RewriteExample(
        "SELECT c.id, (SELECT o.total FROM orders o WHERE o.customer_id = c.id "
        "ORDER BY o.placed LIMIT 2) AS last FROM customers c",
        SHOP,
    ),
    RewriteExample(
        "SELECT c.id, (SELECT o.total FROM orders o WHERE o.customer_id > c.id "
        "ORDER BY o.placed LIMIT 1) AS last FROM customers c",
        SHOP,
    ),
    RewriteExample(
        "SELECT c.id, (SELECT o.total FROM orders o ORDER BY o.placed LIMIT 1) AS first "
        "FROM customers c",
        SHOP,
    ),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def top_row_searched_for_each_row(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        locked = level.set_operation or level.fields.get("lockingClause")
        if not level.items or locked or gathers(level) or shows_all(level):
            continue
        if any(item.alias in (FIRST, PICKED) for item in level.items):
            continue
        found = list(_looked_up(source, level))
        for path, inner in found:
            text = _distinct_on(source, level, path, inner)
            if text is not None:
                yield Rewritten(text, "each row meets the first row of its own group, or none")
        for paths in _together(found):
            text = _lateral(source, level, paths)
            if text is not None:
                yield Rewritten(text, f"{len(paths)} values of one row are looked up at once")


def _looked_up(source: Source, level: Level) -> Iterator[tuple[Path, Level]]:
    """The subqueries that are targets, each with its SELECT."""
    for number, target in enumerate(level.fields.get("targetList", ())):
        path = (*level.path, "targetList", number, "ResTarget", "val")
        link = target["ResTarget"]["val"].get("SubLink", {})
        inner = subquery(source, path)
        if link.get("subLinkType") == "EXPR_SUBLINK" and inner is not None and takes_one(inner):
            yield path, inner


def _distinct_on(source: Source, level: Level, path: Path, inner: Level) -> str | None:
    parts, value = tied_parts(inner), only_target(inner)
    order = sorted_by(inner)
    whole = inner.plain_from and inner.items
    if parts is None or value is None or order is None or not whole:
        return None
    ties, others = parts
    items = {outer.item.path: outer.item for _, outer in ties}
    here = all(outer.level.path == level.path for _, outer in ties)
    if len(items) != 1 or not here or not only_of(inner, value, inner.items):
        return None
    own = qualified_names(inner, [{"ColumnRef": key} for key, _ in ties])
    assert own is not None  # they were named to be found
    names = [f"{FIRST}_key_{number}" for number in range(1, len(own) + 1)]
    shown = [*zip(names, own, strict=True), (f"{FIRST}_value", value)]
    direction = {"sortby_dir": "SORTBY_DEFAULT", "sortby_nulls": "SORTBY_NULLS_DEFAULT"}
    query = {
        "distinctClause": own,
        "targetList": [{"ResTarget": {"name": name, "val": each}} for name, each in shown],
        "fromClause": inner.fields["fromClause"],
        **({"whereClause": all_of(others)} if others else {}),
        "sortClause": [*({"SortBy": {"node": key, **direction}} for key in own), *order],
        **PLAIN,
    }
    conditions = [
        comparison(column(FIRST, name), "=", column(outer.item.alias, outer.column.name))
        for name, (_, outer) in zip(names, ties, strict=True)
    ]
    join = {
        "jointype": "JOIN_LEFT",
        "rarg": subselect({"SelectStmt": query}, FIRST),
        "quals": all_of(conditions),
    }
    instead = column(FIRST, f"{FIRST}_value")
    (item,) = items.values()
    return joined_text(source, level, path, item.path, join, instead, _name(inner))


def _name(inner: Level) -> str:
    """What the server calls the column of the subquery; empty where that is not plain."""
    target = inner.fields["targetList"][0]["ResTarget"]
    if target.get("name"):
        return str(target["name"])
    parts = target["val"].get("ColumnRef", {}).get("fields", ())
    return str(parts[-1]["String"]["sval"]) if parts and "String" in parts[-1] else ""


def _together(found: list[tuple[Path, Level]]) -> Iterator[list[tuple[Path, Level]]]:
    """Those that take the same row."""
    same: dict[str, list[tuple[Path, Level]]] = {}
    for path, inner in found:
        row = {name: value for name, value in inner.fields.items() if name != "targetList"}
        key = json.dumps(without_locations(row), sort_keys=True)
        same.setdefault(key, []).append((path, inner))
    yield from (group for group in same.values() if len(group) > 1)


def _lateral(source: Source, level: Level, group: list[tuple[Path, Level]]) -> str | None:
    """One LEFT JOIN LATERAL for all of them, around the whole FROM clause."""
    if len(level.fields.get("fromClause", ())) != 1 or not level.plain_from:
        return None
    first = group[0][1]
    targets, tree = [], source.tree
    for number, (path, inner) in enumerate(group, start=1):
        value, name = only_target(inner), f"{PICKED}_{number}"
        shown = at(source.tree, path[:-1]).get("name") or _name(inner)
        if value is None or not shown:
            return None
        targets.append({"ResTarget": {"name": name, "val": value}})
        own: Node = {"name": shown, "val": column(PICKED, name)}
        tree = put(tree, path[:-1], own)
    row = {**first.fields, "targetList": targets}
    order = sorted_by(first)
    if order is None:
        return None
    row["sortClause"] = order
    entry = (*level.path, "fromClause", 0)
    join = {
        "jointype": "JOIN_LEFT",
        "larg": at(tree, entry),
        "rarg": subselect({"SelectStmt": row}, PICKED, lateral=True),
        "quals": {"A_Const": {"boolval": {"boolval": True}}},
    }
    return source.with_tree(put(tree, entry, {"JoinExpr": join}))
