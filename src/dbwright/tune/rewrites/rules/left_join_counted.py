"""Rows are joined and grouped, only to ask of each whether it has a partner.

## What it finds

`FROM customers c LEFT JOIN orders o ON … GROUP BY c.id HAVING count(o.id) = 0` (or `> 0`), where
nothing else of `orders` is asked for and a key of `customers` is grouped by.

## Why it matters

All partners of all rows are joined, grouped and counted, to learn whether there is one.

## How to fix

NOT EXISTS for none, EXISTS for some. The server stops at the first partner.

## When to ignore

Never: it is the same query.

## Sources

- PostgreSQL manual, Subquery Expressions: EXISTS.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.keys import never_null_keys
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import (
    calls_aggregate,
    calls_odd,
    calls_own,
    constant_kind,
    has_star,
)
from dbwright.tune.rewrites.rules._shop import SALES, SHOP
from dbwright.tune.rewrites.source import Item, Level, Source
from dbwright.tune.rewrites.trees import (
    all_of,
    any_node,
    at,
    call_name,
    column_refs,
    conjuncts,
    exists,
    is_not_null,
    negated,
    one_select,
    operator,
)

NONE = {("=", 0), ("<=", 0), ("<", 1)}
SOME = {(">", 0), (">=", 1), ("<>", 0)}
TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}

BAD = (
    RewriteExample(
        "SELECT r.id FROM regions r LEFT JOIN sales s ON s.region_id = r.id "
        "GROUP BY r.id HAVING count(s.id) = 0",
        SALES,
    ),
    RewriteExample(
        "SELECT r.id AS region FROM regions r LEFT JOIN sales ON region_id = r.id AND amount > 3 "
        "WHERE r.id > 2 GROUP BY 1 HAVING 1 <= count(sales.at) ORDER BY region DESC",
        SALES,
    ),
)
GOOD = (
    RewriteExample(
        "SELECT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id "
        "GROUP BY c.id HAVING count(o.id) > 1",
        SHOP,
    ),
    RewriteExample(
        "SELECT c.id, max(o.total) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id "
        "GROUP BY c.id HAVING count(o.id) > 0",
        SHOP,
    ),
    RewriteExample(
        "SELECT c.referrer FROM customers c LEFT JOIN orders o ON o.customer_id = c.id "
        "GROUP BY c.referrer HAVING count(o.id) = 0",
        SHOP,
    ),
    RewriteExample(
        "SELECT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id "
        "WHERE o.total > 3 GROUP BY c.id HAVING count(o.id) = 0",
        SHOP,
    ),
    RewriteExample(
        "SELECT c.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id "
        "GROUP BY c.id HAVING count(*) = 0",
        SHOP,
    ),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def left_join_counted(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        items = _joined(level)
        if items is None or calls_own(catalog, level.fields["targetList"]):
            continue
        kept, counted = items
        asked = _asked(level, counted)
        if asked is None or not _only_of(level, kept) or not _has_key(level, catalog, kept):
            continue
        column, some = asked
        join = level.fields["fromClause"][0]["JoinExpr"]
        partner = all_of([*conjuncts(join["quals"]), *column])
        among = exists(one_select({"fromClause": [join["rarg"]], "whereClause": partner}))
        where = [*conjuncts(level.fields.get("whereClause")), among if some else negated(among)]
        text = source.with_level(
            level,
            fromClause=[at(source.tree, kept.path)],
            whereClause=all_of(where),
            groupClause=None,
            havingClause=None,
        )
        if text is not None:
            note = f"each row of {kept.alias} is a group, and all that counts is a first partner"
            yield Rewritten(text, note)


def _joined(level: Level) -> tuple[Item, Item] | None:
    """Both sides of the one LEFT JOIN that is all of FROM."""
    from_ = level.fields.get("fromClause", ())
    other = "distinctClause windowClause limitOffset lockingClause".split()
    if len(from_) != 1 or not level.plain_from or level.set_operation or len(level.items) != 2:
        return None
    if any(level.fields.get(name) for name in other) or not level.fields.get("groupClause"):
        return None
    join = from_[0].get("JoinExpr", {})
    return (level.items[0], level.items[1]) if join.get("jointype") == "JOIN_LEFT" else None


def _asked(level: Level, counted: Item) -> tuple[list[Node], bool] | None:
    """What a partner must have beside what joins it, and whether there is to be one: of
    `HAVING count(partner.column) = 0`."""
    fields: Node = level.fields.get("havingClause", {}).get("A_Expr", {})
    sign = operator(fields)
    if sign not in TURNED or "lexpr" not in fields:
        return None
    for side, other, own in (("lexpr", "rexpr", sign), ("rexpr", "lexpr", TURNED[sign])):
        call, constant = fields[side].get("FuncCall", {}), constant_kind(fields[other])
        if not call or call_name(call) != "count" or constant is None or constant[0] != "ival":
            continue
        plain = not (call.get("agg_filter") or "over" in call) and len(call.get("args", ())) == 1
        argument = call["args"][0] if plain else {}
        named = level.named(argument["ColumnRef"]) if "ColumnRef" in argument else None
        end = (own, int(constant[1]))
        if named is None or named.item is not counted or end not in NONE | SOME:
            return None
        sure = named.column.name in counted.never_null
        return ([] if sure else [is_not_null(argument)]), end in SOME
    return None


def _only_of(level: Level, kept: Item) -> bool:
    """Is nothing but this relation shown, grouped by, sorted by and asked for in WHERE?"""
    clauses = ("targetList", "groupClause", "whereClause", "sortClause")
    read = [level.fields.get(name) for name in clauses]
    if calls_aggregate(read) or calls_odd(read) or has_star(level.fields["targetList"]):
        return False
    if any_node(read, ("SubLink",)):
        return False
    # A bare name in ORDER BY may be an output's: those are asked about as targets.
    given = {target["ResTarget"].get("name") for target in level.fields["targetList"]}
    sort = column_refs(read.pop())
    refs = [*column_refs(read), *(ref for ref in sort if _name(ref) not in given)]
    named = [level.named(ref) for ref in refs]
    return all(one is not None and one.item is kept for one in named)


def _name(ref: Node) -> str | None:
    """Of a bare one."""
    parts = ref["fields"]
    return parts[0]["String"]["sval"] if len(parts) == 1 and "String" in parts[0] else None


def _has_key(level: Level, catalog: Catalog, kept: Item) -> bool:
    """Is each row of it a group of its own?"""
    found: set[str] = set()
    targets = [target["ResTarget"]["val"] for target in level.fields["targetList"]]
    for group in level.fields["groupClause"]:
        number = constant_kind(group)
        if number is not None and number[0] == "ival":
            group = targets[int(number[1]) - 1]
        named = level.named(group["ColumnRef"]) if "ColumnRef" in group else None
        if named is None:
            return False
        found.add(named.column.name)
    keys = () if kept.table is None else never_null_keys(catalog, kept.table)
    return any(found.issuperset(key) for key in keys)
