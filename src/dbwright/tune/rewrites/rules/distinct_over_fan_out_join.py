"""A join multiplies rows, and DISTINCT takes the copies away again.

## What it finds

SELECT DISTINCT of columns of one table, with a key of it among them, from a join with others that
only the conditions use.

## Why it matters

The join makes a row for each match, and all of them are sorted or hashed to be one again.

## How to fix

Ask with EXISTS whether there is a match. The server stops at the first.

## When to ignore

There is about one match for each row.

## Sources

- PostgreSQL manual, Subquery Expressions: EXISTS.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node, walk
from dbwright.tune.rewrites.keys import never_null_keys
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import (
    all_named,
    calls_odd,
    has_star,
    inner_join_conditions,
    only_of,
)
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Item, Level, Source
from dbwright.tune.rewrites.trees import all_of, any_node, at, conjuncts, exists, one_select

BAD = (
    RewriteExample(
        "SELECT DISTINCT c.id, c.name FROM customers c JOIN orders o ON o.customer_id = c.id "
        "WHERE o.total > 3 AND c.referrer = 4",
        SHOP,
    ),
    RewriteExample(
        "SELECT DISTINCT c.id, joined FROM orders o, customers c, orders p "
        "WHERE o.customer_id = c.id AND p.customer_id = c.id AND p.total > o.total "
        "ORDER BY joined, c.id",
        SHOP,
    ),
)
GOOD = (
    RewriteExample(
        "SELECT DISTINCT c.name FROM customers c JOIN orders o ON o.customer_id = c.id", SHOP
    ),
    RewriteExample(
        "SELECT DISTINCT c.id, o.status FROM customers c JOIN orders o ON o.customer_id = c.id",
        SHOP,
    ),
    RewriteExample(
        "SELECT DISTINCT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id", SHOP
    ),
    RewriteExample(
        "SELECT DISTINCT c.id, count(*) OVER () FROM customers c JOIN orders o "
        "ON o.customer_id = c.id",
        SHOP,
    ),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def distinct_over_fan_out_join(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        joined = _joined(level)
        kept = _kept(level, catalog) if joined is not None else None
        if joined is None or kept is None:
            continue
        conditions = [*joined, *conjuncts(level.fields.get("whereClause"))]
        own = [condition for condition in conditions if only_of(level, condition, (kept,))]
        moved = [condition for condition in conditions if condition not in own]
        others = [at(source.tree, item.path) for item in level.items if item is not kept]
        asked = exists(one_select({"fromClause": others, "whereClause": all_of(moved)}))
        text = source.with_level(
            level,
            distinctClause=None,
            fromClause=[at(source.tree, kept.path)],
            whereClause=all_of([*own, asked]),
        )
        if text is not None:
            yield Rewritten(text, f"a key of {kept.alias} is shown, so each of its rows comes once")


def _joined(level: Level) -> list[Node] | None:
    """The conditions of the joins; None where DISTINCT has another form, or a join is no inner
    one."""
    more = ("groupClause", "havingClause", "windowClause", "withClause", "limitOffset")
    if level.fields.get("distinctClause") != [{}] or any(map(level.fields.get, more)):
        return None
    return inner_join_conditions(level)


def _kept(level: Level, catalog: Catalog) -> Item | None:
    """The one relation that is shown, and of which a key is."""
    shown: list[Any] = [target["ResTarget"]["val"] for target in level.fields["targetList"]]
    odd = has_star(shown) or calls_odd(shown) or any_node(shown, ("SubLink", "GroupingFunc"))
    named = None if odd else all_named(level, shown)
    if not named or any("over" in fields for fields in _calls(shown)):
        return None
    kept = named[0].item
    table = kept.table
    if table is None or any(name.item is not kept for name in named):
        return None
    plain = {
        name.column.name
        for value in shown
        if "ColumnRef" in value and (name := level.named(value["ColumnRef"])) is not None
    }
    keyed = any(plain.issuperset(key) for key in never_null_keys(catalog, table))
    return kept if keyed and _sorted_by(level, kept) else None


def _calls(nodes: list[Any]) -> Iterator[Node]:
    return (fields for kind, fields in walk({"_": nodes}) if kind == "FuncCall")


def _sorted_by(level: Level, kept: Item) -> bool:
    """With DISTINCT what sorts is shown as well; a subquery there is left alone."""
    return not any_node(level.fields.get("sortClause", []), ("SubLink",))
