"""For each row its whole group is searched, to see whether the row is the first of it.

## What it finds

`o.placed = (SELECT max(p.placed) FROM orders p WHERE p.customer_id = o.customer_id)` and
`o.id = (SELECT p.id FROM orders p WHERE p.customer_id = o.customer_id ORDER BY p.placed DESC
LIMIT 1)`, where both are the same table.

## Why it matters

The subquery runs once for each row, to give the same answer for all rows of a group.

## How to fix

Find the first row of each group once: with DISTINCT ON, or, where a table has a row for each group,
from there with LATERAL and LIMIT 1, which an index on the group's columns and the order serves.
`max` keeps all rows that share the greatest value, so it becomes FETCH FIRST 1 ROW WITH TIES
(PostgreSQL 13 and later).

## When to ignore

Other conditions leave only a few rows.

## Sources

- PostgreSQL manual, SELECT: DISTINCT ON, LIMIT Clause (WITH TIES); LATERAL Subqueries.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.keys import never_null_keys
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._correlated import tied_parts
from dbwright.tune.rewrites.rules._groups import (
    FirstRows,
    all_columns,
    reads_system_column,
    subselect,
    takes_one,
)
from dbwright.tune.rewrites.rules._parts import (
    is_conjunct,
    only_target,
    qualified,
    subquery,
)
from dbwright.tune.rewrites.rules._shop import SALES, SHOP
from dbwright.tune.rewrites.rules._sorting import sorted_by
from dbwright.tune.rewrites.source import Level, Named, Source
from dbwright.tune.rewrites.trees import (
    all_of,
    at,
    call_name,
    conjuncts,
    is_not_null,
    operator,
    put,
)

WITH_TIES = 13
"""The major that first has FETCH FIRST … WITH TIES."""
DIRECTION = {"max": "SORTBY_DESC", "min": "SORTBY_DEFAULT"}

BAD = (
    RewriteExample(
        "SELECT s.id, s.amount FROM sales s WHERE s.at = "
        "(SELECT max(t.at) FROM sales t WHERE t.region_id = s.region_id)",
        SALES,
    ),
    RewriteExample(
        "SELECT s.* FROM sales s JOIN regions r ON r.id = s.region_id WHERE s.amount > 3 AND "
        "s.id = (SELECT t.id FROM sales t WHERE t.region_id = s.region_id AND t.amount < 9 "
        "ORDER BY t.at DESC, t.id LIMIT 1)",
        SALES,
    ),
    RewriteExample(
        "SELECT o.id FROM orders o WHERE o.id = (SELECT p.id FROM orders p "
        "WHERE p.coupon_id = o.coupon_id ORDER BY p.total, p.id LIMIT 1)",
        SHOP,
    ),
)
GOOD = (
    RewriteExample(
        "SELECT s.id FROM sales s WHERE s.at = "
        "(SELECT max(t.at) FROM sales t WHERE t.region_id = s.amount)",
        SALES,
    ),
    RewriteExample(
        "SELECT s.id FROM sales s WHERE s.id = (SELECT t.id FROM sales t "
        "WHERE t.region_id = s.region_id ORDER BY t.at DESC LIMIT 2)",
        SALES,
    ),
    RewriteExample(
        "SELECT r.id FROM regions r WHERE r.id = "
        "(SELECT max(t.region_id) FROM sales t WHERE t.region_id = r.id)",
        SALES,
    ),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def own_group_searched_for_each_row(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        if level.set_operation or level.fields.get("lockingClause"):
            continue
        for path, kind, fields in source.expressions(level):
            if kind != "A_Expr" or operator(fields) != "=" or not is_conjunct(level, path):
                continue
            for side, other in (("lexpr", "rexpr"), ("rexpr", "lexpr")):
                outer = fields[side].get("ColumnRef")
                inner = subquery(source, (*path, kind, other))
                named = None if outer is None else level.named(outer)
                if inner is None or named is None or named.level.path != level.path:
                    continue
                rows = _first_rows(inner, named, catalog)
                if rows is not None and not named.item.nullable:
                    condition = at(source.tree, path)
                    yield from _rewritten(source, level, named, condition, rows, inner)


def _rewritten(
    source: Source, level: Level, named: Named, condition: Node, rows: FirstRows, inner: Level
) -> Iterator[Rewritten]:
    """With the first rows in the place of the table, and without the condition."""
    if reads_system_column(level):
        return
    left = [each for each in conjuncts(level.fields.get("whereClause")) if each is not condition]
    queries = [] if rows.with_ties else [(rows.distinct_on(), "DISTINCT ON finds")]
    more = "all first rows of" if rows.with_ties else "the first row of"
    queries += [(query, "LATERAL finds") for query in rows.from_groups(source.catalog)]
    for query, how in queries:
        tree = put(source.tree, named.item.path, subselect(query, named.item.alias))
        fields = {**at(tree, level.path), "whereClause": all_of(left)}
        if not left:
            del fields["whereClause"]
        text = source.with_tree(put(tree, level.path, fields))
        if text is not None:
            yield Rewritten(text, f"{how} {more} each group once; the condition asks for no other")


def _first_rows(inner: Level, outer: Named, catalog: Catalog) -> FirstRows | None:
    """The rows of the outer table for which the subquery gives the row's own value."""
    value = only_target(inner)
    if value is None or len(inner.items) != 1 or not inner.plain_from:
        return None
    item = inner.items[0]
    parts = tied_parts(inner)
    if item.table is not outer.table or parts is None:
        return None
    groups: list[Named] = []
    for own, other in parts[0]:
        inside = inner.named(own)
        same = inside is not None and inside.column.name == other.column.name
        if inside is None or not same or other.item is not outer.item:
            return None
        groups.append(inside)
    if "FuncCall" in value:
        return _greatest(inner, outer, value["FuncCall"], groups, parts[1], catalog)
    return _top(inner, outer, value, groups, parts[1], catalog)


def _greatest(
    inner: Level,
    outer: Named,
    call: Node,
    groups: list[Named],
    others: list[Node],
    catalog: Catalog,
) -> FirstRows | None:
    """Of `column = (SELECT max(column) …)`: a row that does not meet further conditions of the
    subquery may still have the same value, so there must be none."""
    arguments = call.get("args", ())
    plain = set(call) <= {"funcname", "args", "funcformat", "location"}
    if others or not plain or not inner.plain or inner.fields.get("sortClause"):
        return None
    if call_name(call) not in DIRECTION or len(arguments) != 1:
        return None
    if catalog.server.major < WITH_TIES or "ColumnRef" not in arguments[0]:
        return None
    named = inner.named(arguments[0]["ColumnRef"])
    if named is None or named.column.name != outer.column.name:
        return None
    order = {
        "node": qualified(named),
        "sortby_dir": DIRECTION[call_name(call)],
        "sortby_nulls": "SORTBY_NULLS_DEFAULT",
    }
    return FirstRows(
        all_columns(inner.items[0].alias),
        list(inner.fields["fromClause"]),
        [],
        groups,
        [{"SortBy": order}],
        with_ties=True,
        null_group=False,
        filters=[] if named.not_null else [is_not_null(qualified(named))],
    )


def _top(
    inner: Level,
    outer: Named,
    value: Node,
    groups: list[Named],
    others: list[Node],
    catalog: Catalog,
) -> FirstRows | None:
    """Of `key = (SELECT key … ORDER BY … LIMIT 1)`."""
    named = inner.named(value["ColumnRef"]) if "ColumnRef" in value else None
    if named is None or named.column.name != outer.column.name or not takes_one(inner):
        return None
    if (named.column.name,) not in never_null_keys(catalog, outer.table):
        return None
    order = sorted_by(inner)
    if order is None:
        return None
    return FirstRows(
        all_columns(inner.items[0].alias),
        list(inner.fields["fromClause"]),
        others,
        groups,
        order,
        null_group=False,
    )
