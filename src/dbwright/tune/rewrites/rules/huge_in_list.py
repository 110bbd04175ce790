"""A column is compared with a list of very many constants.

## What it finds

`IN (…)` and `NOT IN (…)` with 100 constants or more.

## Why it matters

Parsing and planning take longer with each constant, and each length of the list is another
statement to plan, to prepare and to count. Before PostgreSQL 14 (for NOT IN: 15) the list is also
searched from its beginning for each row; since then it is hashed.

## How to fix

Give one array as a parameter, `= ANY ($1)` or `<> ALL ($1)`: one statement for all lengths. On
servers that do not hash the list, EXISTS (for NOT IN: NOT EXISTS) over VALUES makes it a relation
that is joined.

## When to ignore

The list is a fixed one, and the query runs rarely.

## Sources

- PostgreSQL manual, Row and Array Comparisons; VALUES Lists; release notes of 14 and 15.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog, Column
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node, parse
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import INTEGERS, constant_kind, is_conjunct, qualified
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Named, Source
from dbwright.tune.rewrites.trees import (
    all_of,
    column,
    comparison,
    exists,
    is_not_null,
    negated,
    one_select,
)

ALIAS = "listed"
HASHED = {False: 14, True: 15}
"""The major that first hashes a list, by whether it is one of NOT IN."""
CAST = {"character varying": "varchar", "character": "bpchar"}
"""Type names that mean one letter, or a length, without their modifier."""


def _listed(count: int, sign: str = "IN") -> str:
    numbers = ", ".join(str(7 * n) for n in range(1, count + 1))
    return f"SELECT id FROM orders WHERE customer_id {sign} ({numbers})"


BAD = (
    RewriteExample(_listed(120), SHOP),
    RewriteExample(_listed(120, "NOT IN"), SHOP),
)
GOOD = (
    RewriteExample(_listed(20), SHOP),
    RewriteExample("SELECT id FROM orders WHERE id IN (SELECT id FROM customers)", SHOP),
)


@rewrite(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def huge_in_list(
    source: Source,
    catalog: Catalog,
    *,
    min_values: Annotated[int, "constants of a list that are many"] = 100,
) -> Iterator[Rewritten]:
    for level in source.levels:
        for path, kind, fields in source.expressions(level):
            if kind != "A_Expr" or fields.get("kind") != "AEXPR_IN":
                continue
            items: list[Node] = fields["rexpr"]["List"]["items"]
            named = _named(level, fields["lexpr"])
            if named is None or len(items) < min_values or not _alike(named.column, items):
                continue
            negative = fields["name"][0]["String"]["sval"] == "<>"
            many = f"{len(items):,}"
            hashed = HASHED[negative] <= catalog.server.major
            if not hashed and is_conjunct(level, path):
                note = (
                    f"before PostgreSQL {HASHED[negative]} the {many} constants are searched one "
                    "by one for each row; as a relation they are hashed"
                )
                text = source.with_node(path, _joined(named, items, negative))
                if text is not None:
                    yield Rewritten(text, note, provable=False)
            text = source.with_node(path, _array(named, negative))
            if text is not None:
                note = f"give it the {many} values as one array"
                yield Rewritten(text, note, provable=False)


def _named(level: Level, node: Node) -> Named | None:
    return level.named(node["ColumnRef"]) if "ColumnRef" in node else None


def _alike(column_: Column, items: list[Node]) -> bool:
    """Are all of them constants that mean the same beside the others as alone?"""
    kinds = {kind[0] if (kind := constant_kind(item)) is not None else "" for item in items}
    if column_.is_array or column_.domain is not None:
        return False
    return kinds == {"sval"} or (kinds == {"ival"} and column_.base_type in INTEGERS)


def _type(column_: Column) -> str:
    return CAST.get(column_.base_type, column_.base_type)


def _values(named: Named, items: list[Node]) -> Node:
    """`VALUES (…), (…)`; the first constant tells the type where constants alone do not."""
    first, *rest = items
    if "sval" in first["A_Const"]:
        first = _cast(first, _type(named.column))
    lists = [{"List": {"items": [item]}} for item in (first, *rest)]
    plain = {"limitOption": "LIMIT_OPTION_DEFAULT", "op": "SETOP_NONE"}
    return {"SelectStmt": {"valuesLists": lists, **plain}}


def _joined(named: Named, items: list[Node], negative: bool) -> Node:
    alias = {"aliasname": ALIAS, "colnames": [{"String": {"sval": "value"}}]}
    values = {"RangeSubselect": {"subquery": _values(named, items), "alias": alias}}
    meets = comparison(column(ALIAS, "value"), "=", qualified(named))
    among = exists(one_select({"fromClause": [values], "whereClause": meets}))
    if not negative:
        return among
    asked = [negated(among)]
    if not named.not_null:
        asked.insert(0, is_not_null(qualified(named)))
    found = all_of(asked)
    assert found is not None
    return found


def _array(named: Named, negative: bool) -> Node:
    given = _cast({"ParamRef": {"number": 1}}, f"{_type(named.column)}[]")
    kind, sign = ("AEXPR_OP_ALL", "<>") if negative else ("AEXPR_OP_ANY", "=")
    name = [{"String": {"sval": sign}}]
    return {"A_Expr": {"kind": kind, "name": name, "lexpr": qualified(named), "rexpr": given}}


def _cast(node: Node, type_: str) -> Node:
    """The parser knows how the type is written."""
    fields = parse(f"SELECT NULL::{type_}").statements[0].node
    target: Node = fields["targetList"][0]["ResTarget"]["val"]["TypeCast"]
    return {"TypeCast": {"arg": node, "typeName": target["typeName"]}}
