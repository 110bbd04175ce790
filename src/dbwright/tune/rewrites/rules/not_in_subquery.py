"""NOT IN asks a subquery, where no plan can make a join of it.

## What it finds

`x NOT IN (SELECT y FROM …)` as a condition of WHERE.

## Why it matters

NOT IN is never true as soon as one `y` is NULL: the query then gives no row at all, which few
expect. To be right about that the server can't use a join. It keeps the subquery's rows in memory,
and where they don't fit it reads them again for each row.

## How to fix

NOT EXISTS, if `y` can't be NULL. Where it can, the rewrite asks for NULLs apart, so that it gives
what NOT IN gave: look whether that is what is meant, for plain NOT EXISTS seldom is the same.

## When to ignore

The subquery gives few rows and never a NULL.

## Sources

- PostgreSQL wiki, Don't Do This: NOT IN; PostgreSQL manual, Subquery Expressions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._groups import qualified_names
from dbwright.tune.rewrites.rules._parts import (
    all_named,
    calls_aggregate,
    calls_odd,
    is_conjunct,
    only_target,
    subquery,
)
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Named, Source
from dbwright.tune.rewrites.trees import (
    Path,
    all_of,
    at,
    column_refs,
    comparison,
    conjuncts,
    exists,
    negated,
    one_select,
)

LARGE = (
    SHOP
    + "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''64kB''', "
    + "current_database()); END $$;"
)

BAD = (
    RewriteExample(
        "SELECT o.id FROM orders o WHERE o.id NOT IN (SELECT p.id FROM orders p WHERE total > 9)",
        LARGE,
    ),
    RewriteExample(
        "SELECT id FROM orders WHERE id NOT IN (SELECT p.coupon_id + 0 AS n FROM orders p)", LARGE
    ),
    RewriteExample(
        "SELECT id FROM orders o WHERE coupon_id NOT IN (SELECT p.id FROM orders p)", LARGE
    ),
    RewriteExample(
        "SELECT id FROM orders o WHERE o.id <> ALL (SELECT DISTINCT p.coupon_id FROM orders p "
        "WHERE p.coupon_id IS NOT NULL)",
        LARGE,
    ),
)
GOOD = (
    RewriteExample("SELECT id FROM orders WHERE coupon_id NOT IN (1, 2)", SHOP),
    RewriteExample("SELECT id FROM orders WHERE id NOT IN (SELECT max(id) FROM orders)", SHOP),
    RewriteExample("SELECT id NOT IN (SELECT coupon_id FROM orders) AS b FROM orders", SHOP),
    RewriteExample(
        "SELECT id FROM orders WHERE id NOT IN (SELECT max(id) FROM orders GROUP BY status)", SHOP
    ),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def not_in_subquery(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        for path, kind, fields in source.expressions(level):
            link = _link(path, kind, fields)
            if link is None:
                continue
            inner = subquery(source, link)
            if inner is not None and is_conjunct(level, path):
                tested = at(source.tree, (*link, "SubLink", "testexpr"))
                yield from _without_in(source, level, path, tested, inner)


def _link(path: Path, kind: str, fields: Node) -> Path | None:
    """Where the SubLink of `x NOT IN (SELECT …)` or `x <> ALL (SELECT …)` stands."""
    if kind == "SubLink" and fields["subLinkType"] == "ALL_SUBLINK":
        names = [part["String"]["sval"] for part in fields.get("operName", ())]
        return path if names == ["<>"] else None
    if kind != "BoolExpr" or fields["boolop"] != "NOT_EXPR":
        return None
    link = fields["args"][0].get("SubLink", {})
    if link.get("subLinkType") != "ANY_SUBLINK" or link.get("operName"):
        return None
    return (*path, kind, "args", 0)


def _without_in(
    source: Source, level: Level, path: Path, tested: Node, inner: Level
) -> Iterator[Rewritten]:
    target = only_target(inner)
    left = None if calls_odd(tested) else qualified_names(level, tested)
    if target is None or left is None or not column_refs(left) or not _gives_each(inner, target):
        return
    named = all_named(level, left) or []
    if any(item.alias == outside.item.alias for item in inner.items for outside in named):
        return  # the inner relation would take the name
    inside = inner.named(target["ColumnRef"]) if "ColumnRef" in target else None
    never = inside is not None and (inside.not_null or _asked_for(inner, inside))
    asked = [negated(_among(inner, comparison(left, "=", target)))]
    note = "neither side can be NULL, so NOT IN and NOT EXISTS are the same"
    if not never:
        null: Node = {"NullTest": {"arg": target, "nulltesttype": "IS_NULL"}}
        asked.append(negated(_among(inner, null)))
        note = (
            "NOT IN is never true where the subquery gives a NULL: this keeps that, asked once; "
            "leave the last NOT EXISTS out if those rows should not count"
        )
    if not ("ColumnRef" in left and named[0].not_null):
        known: Node = {"NullTest": {"arg": left, "nulltesttype": "IS_NOT_NULL"}}
        empty = negated(_among(inner, None))
        asked.insert(0, {"BoolExpr": {"boolop": "OR_EXPR", "args": [known, empty]}})
        if never:
            note = "NULL is NOT IN an empty list only: this keeps that"
    condition = all_of(asked)
    text = source.with_node(path, condition)
    if text is not None:
        yield Rewritten(text, note)


def _gives_each(inner: Level, target: Node) -> bool:
    """Does it give its value for each row of FROM (how often does not count)?"""
    if calls_aggregate(target) or calls_odd(target):
        return False
    once = {"distinctClause", "groupClause"}
    left = {name: value for name, value in inner.fields.items() if name not in once}
    groups = inner.fields.get("groupClause", ())
    sets = any("GroupingSet" in group for group in groups)
    plain = replace(inner, fields=left).plain and not sets
    return plain and inner.fields.get("distinctClause", [{}]) == [{}]


def _asked_for(inner: Level, column: Named) -> bool:
    """Does a condition leave out NULLs of the column?"""
    for condition in conjuncts(inner.fields.get("whereClause")):
        test = condition.get("NullTest", {})
        if test.get("nulltesttype") == "IS_NOT_NULL" and "ColumnRef" in test["arg"]:
            named = inner.named(test["arg"]["ColumnRef"])
            if named is not None and named.item is column.item and named.column is column.column:
                return True
    return False


def _among(level: Level, condition: Node | None) -> Node:
    conditions = conjuncts(level.fields.get("whereClause"))
    conditions += [] if condition is None else [condition]
    return exists(one_select({**level.fields, "whereClause": all_of(conditions)}))
