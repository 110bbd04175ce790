"""What each parameter of a statement is an operand or an argument of, and where that stands.

A server that can't tell the type of a parameter complains of a place in the text: of an operator or
a function. Which parameters it may mean is told here: those right below that place, then those
further below it, then all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dbwright.sql.parse import Node, SyntaxProblem, Tree, parse

__all__ = ["Operand", "operands"]

OPERATORS = {
    "AEXPR_BETWEEN": ">=",
    "AEXPR_NOT_BETWEEN": ">=",
    "AEXPR_BETWEEN_SYM": ">=",
    "AEXPR_NOT_BETWEEN_SYM": ">=",
}
"""What is looked for in the catalog where the grammar's word is no operator."""


@dataclass(frozen=True, slots=True)
class Operand:
    """One parameter that has no cast around it."""

    number: int
    above: tuple[int, ...] = ()
    """Where the operators and functions stand that it is below of, outermost first; characters
    from the text's beginning. The last one is the one that it is an operand of."""
    operator: str = ""
    function: str = ""
    """Without its schema. Neither for what is only listed: a column of a SELECT, a row of VALUES,
    an element of an array."""
    place: int = 0
    """0 left and 1 right of the operator; the function's argument, from 0."""
    arguments: int = 0

    def distance(self, position: int) -> int:
        """How far from a place that a server complains of: 0 is right below it."""
        if position not in self.above:
            return len(self.above) + 1000
        return len(self.above) - 1 - self.above.index(position)


def operands(text: str) -> tuple[Operand, ...]:
    """Each place of a parameter in the text. Raises SyntaxProblem."""
    tree = parse(text)
    try:
        return tuple(
            found
            for statement in tree.statements
            for found in _below(statement.node, tree, Operand(0))
        )
    except RecursionError:
        raise SyntaxProblem("the statement is nested too deeply to be read") from None


def _below(node: Any, tree: Tree, here: Operand) -> Iterator[Operand]:
    """The parameters below a node; `here`: what one that stands there is an operand of."""
    if isinstance(node, list):
        for each in node:
            yield from _below(each, tree, here)
        return
    if not isinstance(node, Mapping):
        return
    for kind, child in node.items():
        if kind == "ParamRef":
            yield Operand(
                child.get("number", 0), here.above, here.operator, here.function, here.place,
                here.arguments,
            )  # fmt: skip
        elif kind == "TypeCast":
            if "ParamRef" not in child.get("arg", {}):
                yield from _below(child.get("arg"), tree, Operand(0, here.above))
        elif kind == "A_Expr":
            yield from _of_operator(child, tree, here)
        elif kind == "FuncCall":
            yield from _of_function(child, tree, here)
        elif isinstance(child, (Mapping, list)):
            # What a CASE, a list or a subquery gives is typed by what stands around it.
            own = here if kind in ("List", "items", "ResTarget", "val") else Operand(0, here.above)
            yield from _below(child, tree, own)


def _of_operator(node: Node, tree: Tree, here: Operand) -> Iterator[Operand]:
    above = (*here.above, tree.character(node.get("location", 0)))
    name = OPERATORS.get(node.get("kind", ""), node["name"][-1]["String"]["sval"])
    for place, side in enumerate(("lexpr", "rexpr")):
        yield from _below(node.get(side), tree, Operand(0, above, operator=name, place=place))


def _of_function(node: Node, tree: Tree, here: Operand) -> Iterator[Operand]:
    above = (*here.above, tree.character(node.get("location", 0)))
    name = node["funcname"][-1]["String"]["sval"]
    given = node.get("args", ())
    for place, argument in enumerate(given):
        own = Operand(0, above, function=name, place=place, arguments=len(given))
        yield from _below(argument, tree, own)
    rest = {key: value for key, value in node.items() if key not in ("args", "funcname")}
    yield from _below(rest, tree, Operand(0, above))
