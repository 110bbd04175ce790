"""Which columns a node's conditions compare, read from the server's own text of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dbwright.model.plan import PlanNode
from dbwright.sql.parse import Node, SyntaxProblem, parse

__all__ = ["Compared", "compared", "sort_columns"]

EQUAL = ("=", "IS NOT DISTINCT FROM")
RANGE = ("<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class Compared:
    """Columns of one table that a condition compares as an index can use it."""

    equal: tuple[str, ...] = ()
    ranges: tuple[str, ...] = ()
    whole: bool = False
    """Is that all of the condition, every part of it joined by AND?"""

    @property
    def keys(self) -> tuple[str, ...]:
        """As an index on them would have them: equalities first, then one range."""
        return self.equal + self.ranges[:1]


def compared(condition: str, node: PlanNode) -> Compared:
    """The columns of the node's table in a condition; of any other text, none."""
    tree = _expression(condition)
    if tree is None:
        return Compared()
    equal: dict[str, None] = {}
    ranges: dict[str, None] = {}
    whole = True
    for part in _conjuncts(tree):
        found = _comparison(part, node)
        if found is None:
            whole = False
        elif found[1]:
            equal[found[0]] = None
        else:
            ranges[found[0]] = None
    only_ranges = tuple(name for name in ranges if name not in equal)
    return Compared(tuple(equal), only_ranges, whole)


def sort_columns(keys: tuple[str, ...], node: PlanNode) -> tuple[str, ...]:
    """Sort keys that are plain columns of the node's table, as an index has them (`total DESC`);
    empty where one of them is not."""
    found: list[str] = []
    for key in keys:
        try:
            (statement,) = parse(f"SELECT 1 ORDER BY {key}").statements
        except (SyntaxProblem, ValueError):
            return ()
        (item,) = statement.node["sortClause"]
        column = _column(item["SortBy"]["node"], node)
        if column is None or "useOp" in item["SortBy"]:
            return ()
        descending = item["SortBy"].get("sortby_dir") == "SORTBY_DESC"
        found.append(f"{column} DESC" if descending else column)
    return tuple(found)


def _expression(condition: str) -> Node | None:
    if not condition:
        return None
    try:
        (statement,) = parse(f"SELECT 1 WHERE {condition}").statements
    except (SyntaxProblem, ValueError):
        return None  # EXPLAIN writes some things that are no SQL: (hashed SubPlan 1)
    found: Node | None = statement.node.get("whereClause")
    return found


def _conjuncts(tree: Node) -> Iterator[Node]:
    both = tree.get("BoolExpr")
    if both is not None and both["boolop"] == "AND_EXPR":
        for part in both["args"]:
            yield from _conjuncts(part)
    else:
        yield tree


def _comparison(part: Node, node: PlanNode) -> tuple[str, bool] | None:
    """A column, and whether it is compared for equality (else for a range)."""
    null = part.get("NullTest")
    if null is not None and null["nulltesttype"] == "IS_NULL":
        column = _column(null["arg"], node)
        return None if column is None else (column, True)
    compare = part.get("A_Expr")
    if compare is None or compare["kind"] not in ("AEXPR_OP", "AEXPR_OP_ANY"):
        return _truth(part, node)
    operator = compare["name"][-1]["String"]["sval"]
    if operator not in EQUAL + RANGE:
        return None
    for side, other in (("lexpr", "rexpr"), ("rexpr", "lexpr")):
        column = _column(compare.get(side, {}), node)
        if column is not None and _column(compare.get(other, {}), node) is None:
            return column, operator in EQUAL
    return None


def _truth(part: Node, node: PlanNode) -> tuple[str, bool] | None:
    """A boolean column by itself, or `NOT column`."""
    negated = part.get("BoolExpr")
    if negated is not None and negated["boolop"] == "NOT_EXPR":
        part = negated["args"][0]
    column = _column(part, node)
    return None if column is None else (column, True)


def _column(expression: Any, node: PlanNode) -> str | None:
    """A column of the node's table, also under the cast that varchar gets (`(c)::text`)."""
    cast = expression.get("TypeCast")
    if cast is not None and cast["typeName"]["names"][-1]["String"]["sval"] == "text":
        expression = cast["arg"]
    reference = expression.get("ColumnRef")
    if reference is None:
        return None
    names = [field["String"]["sval"] for field in reference["fields"] if "String" in field]
    if len(names) != len(reference["fields"]):
        return None
    if len(names) > 1 and names[-2] not in (node.alias, node.relation):
        return None
    return str(names[-1])
