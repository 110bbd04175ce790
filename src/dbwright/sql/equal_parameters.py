"""Parameters that must have one value, for the statement says an expression twice.

`SELECT date_trunc($1, placed), count(*) … GROUP BY date_trunc($2, placed)`: no server takes that,
since the two might differ, though they were one constant when the statement ran. (What
pg_stat_statements shows keeps the second one: `SELECT to_char(placed, $1) … GROUP BY
to_char(placed, 'YYYY-MM')`.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dbwright.sql.lexer import tokens
from dbwright.sql.parameters import with_values
from dbwright.sql.parse import Node, SyntaxProblem, Tree, parse, walk

__all__ = ["unified"]

PLACES = frozenset(("location", "list_start", "list_end"))
GROUPS = ("groupClause", "distinctClause")
"""What the rest of a SELECT has to agree with. An ORDER BY is looked up in a DISTINCT's columns."""
REST = ("targetList", "havingClause", "sortClause", "windowClause")
SELECTS = ("SelectStmt", "larg", "rarg")
"""The latter two are the sides of a UNION."""


def unified(text: str) -> str:
    """The text with one parameter, or the constant, for all that must be equal; the text itself
    where there are none. Raises SyntaxProblem."""
    tree = parse(text)
    equal: dict[int, str] = {}
    try:
        for statement in tree.statements:
            for kind, node in walk({statement.kind: statement.node}):
                if kind in SELECTS:
                    _compare(node, tree, equal)
    except RecursionError:
        raise SyntaxProblem("the statement is nested too deeply to be read") from None
    found = {number: _last(value, equal) for number, value in equal.items()}
    return with_values(text, found) if found else text


def _last(value: str, equal: Mapping[int, str]) -> str:
    """What stands for a parameter that another one stands for."""
    while value.startswith("$") and int(value[1:]) in equal:
        value = equal[int(value[1:])]
    return value


def _compare(select: Node, tree: Tree, equal: dict[int, str]) -> None:
    """Note what the expressions of one SELECT say of its parameters."""
    groups = [item for clause in GROUPS for item in select.get(clause, ())]
    rest = [select.get(clause) for clause in REST]
    if select.get("distinctClause") == [{}]:  # DISTINCT of all columns
        groups = [each["ResTarget"].get("val", {}) for each in select.get("targetList", ())]
        rest = [select.get("sortClause")]
    met: dict[str, int] = {}
    for group in groups:
        shape = _shape(group)
        values = list(_values(group))
        if not values or values == [group]:  # GROUP BY 1 is a column's place
            continue
        turn = met[shape] = met.get(shape, -1) + 1
        alike = [node for node in _expressions(rest) if _shape(node) == shape]
        several = sum(_shape(other) == shape for other in groups) > 1
        for node in alike[turn : turn + 1] if several else alike:
            _equate(values, list(_values(node)), tree, equal)


def _equate(one: list[Node], other: list[Node], tree: Tree, equal: dict[int, str]) -> None:
    """Each parameter of one gets the other's constant; of two parameters the first one stands."""
    for mine, yours in zip(one, other, strict=True):
        first, second = _number(mine), _number(yours)
        if first is not None and second is not None:
            low, high = sorted((first, second))
            if low != high:
                equal.setdefault(high, equal.get(low, f"${low}"))
        elif first is not None:
            equal[first] = _written(yours, tree)
        elif second is not None:
            equal[second] = _written(mine, tree)


def _number(value: Node) -> int | None:
    return value["ParamRef"].get("number", 0) if "ParamRef" in value else None


def _written(constant: Node, tree: Tree) -> str:
    """A constant as the text has it."""
    start = tree.character(constant["A_Const"].get("location", 0))
    found: list[str] = []
    for token in tokens(tree.text, start):
        found.append(token.text)
        if token.kind in ("string", "number", "word"):  # a number's sign stands before it
            break
    return "".join(found)


def _expressions(node: Any) -> Iterator[Node]:
    """Every node below, the outer ones first, in the order of the text."""
    if isinstance(node, list):
        for each in node:
            yield from _expressions(each)
    elif isinstance(node, Mapping):
        yield node
        for child in node.values():
            yield from _expressions(child)


def _values(node: Any) -> Iterator[Node]:
    """The parameters and constants in an expression, in the order of the text."""
    return (each for each in _expressions(node) if "ParamRef" in each or "A_Const" in each)


def _shape(node: Any) -> str:
    """The same for expressions that differ in their values alone."""
    if isinstance(node, list):
        return f"[{','.join(map(_shape, node))}]"
    if not isinstance(node, Mapping):
        return repr(node)
    if "ParamRef" in node or "A_Const" in node:
        return "?"
    inner = (f"{key}:{_shape(value)}" for key, value in node.items() if key not in PLACES)
    return f"{{{','.join(inner)}}}"
