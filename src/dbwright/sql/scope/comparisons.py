"""A condition without AND, OR and NOT, as predicates on the relations that it reads.

Each is turned so that its relation stands on the left: `5 < a.x` is `a.x > 5`; a comparison of two
relations' columns gives a predicate for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from dbwright.sql.parse import Node
from dbwright.sql.scope.expressions import function_name
from dbwright.sql.scope.patterns import like_kind
from dbwright.sql.scope.predicate import NOTHING, Compared, ComparedKind, PredicateKind
from dbwright.sql.scope.sides import Side, compared_list

__all__ = ["Found", "comparisons"]

_COMMUTED = {"@>": "<@", "<@": "@>", "<": ">", ">": "<", "<=": ">=", ">=": "<=", "<<": ">>"}
_COMMUTED |= {operator: operator for operator in ("=", "<>", "&&", "@@", "-|-", "~=", "%")}
_COMMUTED |= {">>": "<<", "<%": "%>", "%>": "<%"}
_NEGATED = {"=": "<>", "<>": "=", "<": ">=", ">": "<=", "<=": ">", ">=": "<"}
_LIKE = frozenset(("~~", "~~*", "~", "~*"))
_RANGE = frozenset(("<", "<=", ">", ">=", "~<~", "~<=~", "~>~", "~>=~"))
_CONTAINS = frozenset(
    "@> <@ && ? ?| ?& @? @@ @@@ << >> &< &> -|- ~= <<= >>= % <% %> <<% %>> <<| |>>".split()
)


@dataclass(frozen=True, slots=True)
class Found:
    """A predicate as far as the comparison itself tells it."""

    side: Side
    """The one that stands on the left."""
    kind: PredicateKind
    operator: str = ""
    compared: Compared = NOTHING
    negated: bool = False
    strict: bool = True
    """Does it refuse a row of NULLs?"""
    other: Side | None = None
    row: tuple[str, ...] = ()


Looker = Callable[[Node], Side]


def comparisons(node: Node, negated: bool, look: Looker) -> Iterator[Found]:
    """The predicates that a condition gives; `look` sees an expression from its scope."""
    ((kind, fields),) = node.items()
    read = _READERS.get(kind)
    if read is not None:
        yield from read(fields, negated, look)
    elif kind == "ColumnRef":
        yield Found(look(node), PredicateKind.BOOLEAN, negated=negated)
    elif kind == "FuncCall" and function_name(fields) == "starts_with" and not negated:
        first, second = (*fields.get("args", ()), None, None)[:2]
        if first is not None and second is not None:
            compared = look(second).compared()
            yield Found(look(first), PredicateKind.LIKE_PREFIX, "^@", compared)
    else:
        yield Found(look(node), PredicateKind.OTHER, negated=negated, strict=False)


def _null_test(node: Node, negated: bool, look: Looker) -> Iterator[Found]:
    is_not = (node["nulltesttype"] == "IS_NOT_NULL") is not negated
    yield Found(look(node["arg"]), PredicateKind.NULL_TEST, negated=is_not, strict=is_not)


def _boolean_test(node: Node, negated: bool, look: Looker) -> Iterator[Found]:
    test = node["booltesttype"]
    subject = look(node["arg"])
    if test in ("IS_UNKNOWN", "IS_NOT_UNKNOWN"):
        is_not = (test == "IS_NOT_UNKNOWN") is not negated
        yield Found(subject, PredicateKind.NULL_TEST, negated=is_not, strict=is_not)
    elif test in ("IS_TRUE", "IS_FALSE") and not negated:
        yield Found(subject, PredicateKind.BOOLEAN, negated=test == "IS_FALSE")
    else:
        yield Found(subject, PredicateKind.OTHER, test, negated=negated, strict=False)


def _operation(node: Node, negated: bool, look: Looker) -> Iterator[Found]:
    kind, operator = node["kind"], node["name"][-1]["String"]["sval"]
    if kind == "AEXPR_IN":
        yield from _in_list(node, (operator == "<>") is not negated, look)
    elif kind == ("AEXPR_NOT_BETWEEN" if negated else "AEXPR_BETWEEN"):
        yield from _between(node, look)
    elif kind in ("AEXPR_OP_ANY", "AEXPR_OP_ALL"):
        yield from _array(node, operator, kind == "AEXPR_OP_ALL", negated, look)
    elif "lexpr" not in node or kind not in ("AEXPR_OP", "AEXPR_LIKE", "AEXPR_ILIKE"):
        # IS DISTINCT FROM, SIMILAR TO, a prefix operator: nothing that an index answers.
        yield Found(look({"A_Expr": node}), PredicateKind.OTHER, operator, strict=False)
    elif "RowExpr" in node["lexpr"] and "RowExpr" in node["rexpr"]:
        yield from _rows(node, operator, negated, look)
    else:
        yield from _binary(node["lexpr"], operator, node["rexpr"], negated, look)


def _binary(left: Node, operator: str, right: Node, negated: bool, look: Looker) -> Iterator[Found]:
    if negated and operator in _NEGATED:
        operator, negated = _NEGATED[operator], False
    first, second = look(left), look(right)
    kind, negated, operator = _kind(operator, right, negated)
    both = set(first.local) & set(second.local)
    if both or (first.relation is None and second.relation is None):
        yield from _of_one_relation(first, second, operator, negated, look, left, right)
        return
    if first.relation is not None:
        yield Found(first, kind, operator, second.compared(), negated, other=second)
    if second.relation is not None:
        commuted = _COMMUTED.get(operator)
        if commuted is None:
            yield Found(second, PredicateKind.OTHER, operator, first.compared(), strict=False)
        else:
            yield Found(second, kind, commuted, first.compared(), negated, other=first)


def _of_one_relation(
    first: Side,
    second: Side,
    operator: str,
    negated: bool,
    look: Looker,
    left: Node,
    right: Node,
) -> Iterator[Found]:
    """Both sides read the same relation, or one of them several."""
    whole = look({"A_Expr": {"lexpr": left, "rexpr": right}})
    if whole.relation is not None:
        yield Found(whole, PredicateKind.OTHER, operator, negated=negated)


def _kind(operator: str, right: Node, negated: bool) -> tuple[PredicateKind, bool, str]:
    """The kind, whether it is negated, and the operator without its negation."""
    if operator.startswith("!") and operator[1:] in _LIKE:
        operator, negated = operator[1:], not negated
    if operator in _LIKE:
        return like_kind(operator, right), negated, operator
    if operator == "=":
        return PredicateKind.EQUALITY, negated, operator
    if operator == "<>":
        return PredicateKind.NOT_EQUAL, negated, operator
    if operator in _RANGE:
        return PredicateKind.RANGE, negated, operator
    if operator == "^@":
        return PredicateKind.LIKE_PREFIX, negated, operator
    known = operator in _CONTAINS
    return (PredicateKind.CONTAINS if known else PredicateKind.OTHER), negated, operator


def _in_list(node: Node, negated: bool, look: Looker) -> Iterator[Found]:
    items: list[Node] = node["rexpr"]["List"]["items"]
    kind = PredicateKind.NOT_EQUAL if negated else PredicateKind.IN_LIST
    operator = "<>" if negated else "="
    if "RowExpr" in node["lexpr"]:
        parts = node["lexpr"]["RowExpr"].get("args", [])
        rows = [item.get("RowExpr", {}).get("args", []) for item in items]
        if negated or any(len(row) != len(parts) for row in rows):
            return
        for place, part in enumerate(parts):
            subject = look(part)
            values = [row[place] for row in rows]
            yield Found(subject, kind, operator, _list(subject, values))
        return
    subject = look(node["lexpr"])
    yield Found(subject, kind, operator, _list(subject, items))


def _list(subject: Side, items: list[Node]) -> Compared:
    return compared_list(subject.analysis, subject.scope, items)


def _between(node: Node, look: Looker) -> Iterator[Found]:
    low, high = node["rexpr"]["List"]["items"]
    for operator, bound in ((">=", low), ("<=", high)):
        yield from _binary(node["lexpr"], operator, bound, False, look)


def _array(node: Node, operator: str, every: bool, negated: bool, look: Looker) -> Iterator[Found]:
    subject, array = look(node["lexpr"]), look(node["rexpr"])
    if subject.relation is not None and not set(subject.local) & set(array.local):
        compared = array.compared()
        if (operator, every, negated) in (("=", False, False), ("<>", True, True)):
            yield Found(subject, PredicateKind.ANY_ARRAY, "=", compared, other=array)
            return
        if (operator, every, negated) in (("<>", True, False), ("=", False, True)):
            yield Found(subject, PredicateKind.NOT_EQUAL, "<>", compared)
            return
    whole = look({"A_Expr": node})
    if whole.relation is not None:
        word = "ALL" if every else "ANY"
        yield Found(whole, PredicateKind.OTHER, f"{operator} {word}", negated=negated)


def _rows(node: Node, operator: str, negated: bool, look: Looker) -> Iterator[Found]:
    left: list[Node] = node["lexpr"]["RowExpr"].get("args", [])
    right: list[Node] = node["rexpr"]["RowExpr"].get("args", [])
    if negated:
        operator, negated = _NEGATED.get(operator, ""), False
    if operator == "=":
        for first, second in zip(left, right, strict=False):
            yield from _binary(first, "=", second, False, look)
    elif operator in _RANGE and left and right:
        sides = [look(part) for part in left]
        values = [look(part) for part in right]
        if not any(value.local for value in values):
            lead = sides[0].plain
            rest = [side.plain for side in sides[1:]]
            if lead is not None and all(c and c.relation == lead.relation for c in rest):
                row = tuple(column.column for column in rest if column is not None)
                compared = _list(sides[0], right)
                yield Found(sides[0], PredicateKind.RANGE, operator, compared, row=row)


def _sublink(node: Node, negated: bool, look: Looker) -> Iterator[Found]:
    """`column IN (SELECT …)` and its relatives; EXISTS is no predicate on a column."""
    if node.get("subLinkType") != "ANY_SUBLINK" or "testexpr" not in node:
        return
    operator = node["operName"][-1]["String"]["sval"] if "operName" in node else "="
    subject = look(node["testexpr"])
    inner = subject.analysis.sublinks[id(node)]
    compared = Compared(ComparedKind.SUBQUERY, scope=inner.number)
    kind, negated, operator = _kind(operator, {}, negated)
    if negated and kind is PredicateKind.EQUALITY:
        kind, operator, negated = PredicateKind.NOT_EQUAL, "<>", False
    yield Found(subject, kind, operator, compared, negated)


_READERS: dict[str, Callable[[Any, bool, Looker], Iterator[Found]]] = {
    "A_Expr": _operation,
    "BooleanTest": _boolean_test,
    "NullTest": _null_test,
    "SubLink": _sublink,
}
