"""A join multiplies rows, and DISTINCT takes the copies away again.

## What it finds

SELECT DISTINCT of columns of one table, with a key of it among them, from a join with others that
only the conditions use; the same written with GROUP BY; and `count(DISTINCT key)` of such a join.

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

from collections.abc import Iterator, Mapping
from typing import Any

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.keys import never_null_keys
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import (
    all_named,
    calls_aggregate,
    calls_odd,
    calls_own,
    constant_kind,
    inner_join_conditions,
    only_of,
    only_target,
)
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Item, Level, Named, Source
from dbwright.tune.rewrites.trees import (
    all_of,
    any_node,
    at,
    call_name,
    conjuncts,
    exists,
    one_select,
)

COUNT: Node = {
    "FuncCall": {
        "funcname": [{"String": {"sval": "count"}}],
        "agg_star": True,
        "funcformat": "COERCE_EXPLICIT_CALL",
    }
}

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
    RewriteExample(
        "SELECT c.* FROM customers c JOIN orders o ON o.customer_id = c.id "
        "WHERE c.referrer = 4 GROUP BY c.id",
        SHOP,
    ),
    RewriteExample(
        "SELECT count(DISTINCT c.id) FROM customers c JOIN orders o ON o.customer_id = c.id "
        "JOIN orders p ON p.customer_id = c.id",
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
        "SELECT c.id, max(c.name) FROM customers c JOIN orders o ON o.customer_id = c.id "
        "GROUP BY c.id",
        SHOP,
    ),
    RewriteExample(
        "SELECT count(DISTINCT c.name) FROM customers c JOIN orders o ON o.customer_id = c.id", SHOP
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
        joined = inner_join_conditions(level)
        once = None if joined is None else _once(level, catalog)
        if joined is None or once is None:
            continue
        kept, changed = once
        conditions = [*joined, *conjuncts(level.fields.get("whereClause"))]
        own = [condition for condition in conditions if only_of(level, condition, (kept,))]
        moved = [condition for condition in conditions if condition not in own]
        others = [at(source.tree, item.path) for item in level.items if item is not kept]
        asked = exists(one_select({"fromClause": others, "whereClause": all_of(moved)}))
        text = source.with_level(
            level,
            **changed,
            fromClause=[at(source.tree, kept.path)],
            whereClause=all_of([*own, asked]),
        )
        if text is not None:
            note = f"a key of {kept.alias} tells its rows apart, so each of them counts once"
            yield Rewritten(text, note)


def _once(level: Level, catalog: Catalog) -> tuple[Item, Mapping[str, Any]] | None:
    """The one relation of which each row is to come once, and what is not needed for that any
    more; None where there is no such relation."""
    if any(map(level.fields.get, ("havingClause", "windowClause", "limitOffset", "lockingClause"))):
        return None
    distinct, groups = level.fields.get("distinctClause"), level.fields.get("groupClause")
    counted = _counted(level)
    if distinct == [{}] and not groups:
        kept = _shown(level)
        keyed = kept is not None and _has_key(catalog, kept, _columns(level, kept))
        changed: Mapping[str, Any] = {"distinctClause": None}
    elif groups and not distinct:
        kept = None if calls_own(catalog, _values(level)) else _shown(level)
        names = None if kept is None else _grouped_by(level, groups, kept)
        keyed = kept is not None and names is not None and _has_key(catalog, kept, names)
        changed = {"groupClause": None}
    elif counted is not None and not distinct and not level.fields.get("sortClause"):
        kept = counted.item
        keyed = _has_key(catalog, kept, {counted.column.name})
        name = level.fields["targetList"][0]["ResTarget"].get("name")
        target = {"val": COUNT, **({"name": name} if name else {})}
        changed = {"targetList": [{"ResTarget": target}]}
    else:
        return None
    return (kept, changed) if kept is not None and keyed else None


def _values(level: Level) -> list[Node]:
    return [target["ResTarget"]["val"] for target in level.fields["targetList"]]


def _shown(level: Level) -> Item | None:
    """The one relation that is shown, and sorted by."""
    shown = _values(level)
    sort = level.fields.get("sortClause", [])
    if calls_odd(shown) or calls_aggregate([shown, sort]) or any_node([shown, sort], ("SubLink",)):
        return None
    stars = [value for value in shown if _is_star(value)]
    starred = [item for star in stars for item in level.items if _names(star) == [item.alias]]
    named = all_named(level, [value for value in shown if value not in stars])
    if named is None or len(starred) != len(stars):
        return None
    items = [*starred, *(name.item for name in named)]
    here = all(name.level is level for name in named)
    return items[0] if here and items and all(item is items[0] for item in items) else None


def _columns(level: Level, kept: Item) -> set[str]:
    """The columns among what is shown, those of a star as well."""
    found: set[str] = set()
    for node in _values(level):
        if _is_star(node):
            found.update(kept.columns or ())
        elif "ColumnRef" in node:
            named = level.named(node["ColumnRef"])
            found.update([] if named is None else [named.column.name])
    return found


def _grouped_by(level: Level, groups: list[Node], kept: Item) -> set[str] | None:
    """The columns that it groups by (also as `GROUP BY 1`); None where there is anything else."""
    values = _values(level)
    found: set[str] = set()
    for group in groups:
        number = constant_kind(group)
        if number is not None and number[0] == "ival" and not any(map(_is_star, values)):
            group = values[int(number[1]) - 1]
        named = level.named(group["ColumnRef"]) if "ColumnRef" in group else None
        if named is None or named.item is not kept:
            return None
        found.add(named.column.name)
    return found


def _counted(level: Level) -> Named | None:
    """The column of `SELECT count(DISTINCT column)`."""
    call = (only_target(level) or {}).get("FuncCall", {})
    distinct = call and call_name(call) == "count" and call.get("agg_distinct")
    if not distinct or call.get("agg_filter") or len(call.get("args", ())) != 1 or "over" in call:
        return None
    argument = call["args"][0]
    named = level.named(argument["ColumnRef"]) if "ColumnRef" in argument else None
    return named if named is not None and named.level is level else None


def _has_key(catalog: Catalog, item: Item, names: set[str]) -> bool:
    keys = () if item.table is None else never_null_keys(catalog, item.table)
    return any(names.issuperset(key) for key in keys)


def _is_star(node: Node) -> bool:
    return "ColumnRef" in node and "A_Star" in node["ColumnRef"]["fields"][-1]


def _names(star: Node) -> list[str]:
    return [part["String"]["sval"] for part in star["ColumnRef"]["fields"][:-1]]
