"""All rows of all groups are numbered to keep the first of each.

## What it finds

`row_number() OVER (PARTITION BY … ORDER BY …)` in a subquery of FROM or a WITH query, of which only
the rows with number 1 are wanted: in WHERE, or in the ON of the join.

## Why it matters

Every row is read, sorted and numbered, and nearly all are thrown away. An index in the order of the
groups can't be jumped through for it.

## How to fix

DISTINCT ON takes the first row of each group from sorted rows. Where a table has a row for each
group (a foreign key refers to it), begin there and take the first row of each group with LATERAL
and LIMIT 1: with an index on the group's columns and the order that reads as many rows as there are
groups. Without PARTITION BY it is ORDER BY with LIMIT 1. Which row is taken of several that the
order does not tell apart is as open as it was with row_number.

## When to ignore

The groups are of a row or two each.

## Sources

- PostgreSQL manual, SELECT: DISTINCT ON; LATERAL Subqueries; Window Functions.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._groups import FirstRows, qualified_names
from dbwright.tune.rewrites.rules._numbered import Numbered, numbered_rows
from dbwright.tune.rewrites.rules._parts import (
    calls_aggregate,
    calls_odd,
    constant_kind,
    has_star,
)
from dbwright.tune.rewrites.rules._shop import SALES, SHOP
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import (
    all_of,
    any_node,
    at,
    call_name,
    column_refs,
    conjuncts,
    integer,
    operator,
    put,
)

FIRST = {("=", "1"), ("<=", "1"), ("<", "2")}
TURNED = {"=": "=", ">=": "<=", ">": "<"}
NOT_SHOWN = ("whereClause", "fromClause", "withClause")
TRUE: Node = {"A_Const": {"boolval": {"boolval": True}}}

BAD = (
    RewriteExample(
        "SELECT s.region_id, s.amount FROM (SELECT region_id, amount, row_number() OVER "
        "(PARTITION BY region_id ORDER BY at DESC, id) AS n FROM sales) s WHERE s.n = 1",
        SALES,
    ),
    RewriteExample(
        "WITH ranked AS (SELECT o.*, row_number() OVER (PARTITION BY o.region_id "
        "ORDER BY o.at DESC, o.id) AS place FROM sales o WHERE o.amount > 0) "
        "SELECT ranked.id, ranked.place FROM ranked WHERE place <= 1 AND amount < 8",
        SALES,
    ),
    RewriteExample(
        "SELECT id, total FROM (SELECT id, total, row_number() OVER (ORDER BY id DESC) AS n "
        "FROM orders) s WHERE n < 2",
        SHOP,
    ),
    RewriteExample(
        "SELECT r.id, s.amount FROM regions r LEFT JOIN (SELECT sales.*, row_number() OVER "
        "(PARTITION BY region_id ORDER BY at DESC, id) AS n FROM sales) s "
        "ON s.region_id = r.id AND s.n = 1",
        SALES,
    ),
)
GOOD = (
    RewriteExample(
        "SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY region_id ORDER BY at) AS n "
        "FROM sales) s WHERE n <= 3",
        SALES,
    ),
    RewriteExample(
        "SELECT id FROM (SELECT id, rank() OVER (PARTITION BY region_id ORDER BY at) AS n "
        "FROM sales) s WHERE n = 1",
        SALES,
    ),
    RewriteExample(
        "SELECT id FROM (SELECT id, row_number() OVER w AS n, max(at) OVER w AS m FROM sales "
        "WINDOW w AS (PARTITION BY region_id ORDER BY at)) s WHERE n = 1",
        SALES,
    ),
    RewriteExample(
        "SELECT r.id FROM regions r LEFT JOIN (SELECT region_id, row_number() OVER "
        "(PARTITION BY region_id ORDER BY at, id) AS n FROM sales) s ON s.region_id = r.id "
        "WHERE s.n = 1 OR s.n IS NULL",
        SALES,
    ),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def every_row_numbered_for_one(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for numbered in numbered_rows(source):
        number = _number(numbered.inner)
        if number is None:
            continue
        place, name, over = number
        tree = _without_condition(source.tree, numbered, name)
        if tree is None:
            continue
        targets = _targets(tree, numbered, place, name)
        for query, note in _first(numbered.inner, targets, over, catalog):
            text = source.with_tree(put(tree, numbered.inner.path[:-1], query))
            if text is not None:
                yield Rewritten(text, note)


def _number(inner: Level) -> tuple[int, str, Node] | None:
    """Which target is row_number(), its name and its window; None where there is anything in the
    subquery that is not of each row alone."""
    clauses = (
        "distinctClause groupClause havingClause windowClause limitCount limitOffset "
        "lockingClause withClause sortClause valuesLists"
    ).split()
    if inner.set_operation or any(inner.fields.get(name) for name in clauses):
        return None
    found: tuple[int, str, Node] | None = None
    for place, target in enumerate(inner.fields.get("targetList", ())):
        value: Node = target["ResTarget"]["val"]
        call = value.get("FuncCall", {})
        if "over" in call:
            window: Node = call["over"]
            named = target["ResTarget"].get("name", "row_number")
            if found or call_name(call) != "row_number" or window.get("name"):
                return None
            if window.get("refname"):
                return None
            found = place, named, window
        elif calls_aggregate(value) or calls_odd(value):
            return None
    return found


def _without_condition(tree: Node, numbered: Numbered, name: str) -> Node | None:
    """The query without the condition that asks for the first row; None where there is none."""
    if numbered.around.set_operation:
        return None
    for holder in numbered.holders:
        fields = at(tree, holder[:-1])
        conditions = conjuncts(fields.get(holder[-1]))
        kept = [each for each in conditions if not _asks(each, numbered.alias, name)]
        if len(kept) == len(conditions):
            continue
        left = all_of(kept)
        if left is None and holder[-1] == "quals":
            left = TRUE  # ON must be there
        rest = {key: value for key, value in fields.items() if key != holder[-1]}
        found: Node = put(tree, holder[:-1], rest if left is None else {**rest, holder[-1]: left})
        return found
    return None


def _asks(condition: Node, alias: str, name: str) -> bool:
    fields: Node = condition.get("A_Expr", {})
    sign = operator(fields)
    if not sign:
        return False
    for side, other, own in (
        ("lexpr", "rexpr", sign), ("rexpr", "lexpr", TURNED.get(sign, "")),
    ):  # fmt: skip
        names = _names(fields.get(side, {}))
        constant = constant_kind(fields.get(other, {}))
        if constant is not None and names in ([name], [alias, name]):
            return (own, constant[1]) in FIRST and constant[0] == "ival"
    return False


def _names(node: Node) -> list[str]:
    parts = node.get("ColumnRef", {}).get("fields", ())
    return [part["String"]["sval"] for part in parts if "String" in part]


def _targets(tree: Node, numbered: Numbered, place: int, name: str) -> list[Node]:
    """Without the number, if nobody reads it; else it is 1."""
    inner, around = numbered.inner, numbered.around
    targets: list[Node] = list(inner.fields["targetList"])
    others = at(put(tree, inner.path, {}), around.path)
    shown = [value for key, value in others.items() if key not in NOT_SHOWN]
    if has_star(shown) or any(name in _names({"ColumnRef": ref}) for ref in column_refs(others)):
        one: Node = {
            "TypeCast": {
                "arg": integer(1),
                "typeName": {
                    "names": [{"String": {"sval": "pg_catalog"}}, {"String": {"sval": "int8"}}],
                    "typemod": -1,
                },
            }
        }
        targets[place] = {"ResTarget": {"name": name, "val": one}}
    else:
        del targets[place]
    return targets


def _first(
    inner: Level, targets: list[Node], over: Node, catalog: Catalog
) -> Iterator[tuple[Node, str]]:
    order = qualified_names(inner, over.get("orderClause", []))
    keys = over.get("partitionClause", [])
    groups = [inner.named(key["ColumnRef"]) if "ColumnRef" in key else None for key in keys]
    named = [group for group in groups if group is not None]
    if order is None or not targets or any_node(inner.fields["targetList"], ("SubLink",)):
        return
    if not keys:
        cut = {"limitCount": integer(1), "limitOption": "LIMIT_OPTION_COUNT"}
        first = {**inner.fields, "targetList": targets, "sortClause": order, **cut}
        if order:
            yield {"SelectStmt": first}, "the first row is the one that the order begins with"
        return
    here = all(group.level.path == inner.path for group in named)
    if len(named) != len(keys) or not here:
        return
    where = conjuncts(inner.fields.get("whereClause"))
    rows = FirstRows(targets, list(inner.fields["fromClause"]), where, named, order)
    yield rows.distinct_on(), "DISTINCT ON keeps of each group the row that the order begins with"
    if len(inner.items) == 1 and order and inner.plain_from:
        for query in rows.from_groups(catalog):
            yield query, "the foreign key gives each group its row in the table it refers to"
