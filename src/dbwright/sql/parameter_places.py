"""What a statement's text says of its parameters, where nothing else tells what they are like: the
type one is cast to, the function it is an argument of, the column it is written into, a LIMIT.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from dbwright.sql.parameters import numbers_in
from dbwright.sql.parse import Node, parse, walk

__all__ = ["ParameterPlace", "parameter_places"]

MOMENTS = ("timestamptz", "timestamp", "date")

RETURNS = {
    "now": "timestamptz",
    "clock_timestamp": "timestamptz",
    "statement_timestamp": "timestamptz",
    "date_trunc": "timestamptz",
    "timezone": "timestamp",
    "extract": "numeric",
    "date_part": "float8",
    "count": "int8",
    "length": "int4",
    "char_length": "int4",
    "array_length": "int4",
    "cardinality": "int4",
    "position": "int4",
    "row_number": "int8",
}
"""What some functions give."""

MOMENT_VALUES = {
    "SVFOP_CURRENT_DATE": "date",
    "SVFOP_CURRENT_TIMESTAMP": "timestamptz",
    "SVFOP_LOCALTIMESTAMP": "timestamp",
}


@dataclass(frozen=True, slots=True)
class ParameterPlace:
    """What the statement's text says of a parameter; empty and None where it says nothing."""

    number: int
    cast: str = ""
    """The type that it is cast to, by the name that the parser gives: int4, timestamptz, text[]"""
    constant_only: bool = False
    """Does the grammar want a constant there (`interval $1`, `extract($1 FROM …)`), so that no
    server takes the parameter?"""
    function: str = ""
    """Without its schema."""
    argument: int = 0
    """Of the function, from 0."""
    arguments: int = 0
    """How many the function has."""
    beside: str = ""
    """The type of what it is compared or computed with, where the text tells it."""
    same_as: str = ""
    """The column that a CASE compares it with; it may have any relation."""
    result: bool = False
    """Is it what a CASE gives?"""
    column: str = ""
    """That INSERT or UPDATE writes it into."""
    position: int | None = None
    """In the rows of an INSERT that names no columns, from 0."""
    count: str = ""
    """`limit` or `offset`."""
    built: str = ""
    """The type that text is cast to which it is put together with: `($1 || ' days')::interval`."""


def parameter_places(text: str) -> Mapping[int, ParameterPlace]:
    """What a statement says of its parameters, by number; those that stand where nothing is said
    are there as well. Raises SyntaxProblem."""
    found = {number: ParameterPlace(number) for number in numbers_in(text)}
    for statement in parse(text).statements:
        for kind, node in walk({statement.kind: statement.node}):
            for place in _said(kind, node):
                found[place.number] = _joined(found[place.number], place)
    return found


def _joined(known: ParameterPlace, more: ParameterPlace) -> ParameterPlace:
    """Both together; what was said first stands."""
    return replace(
        known,
        cast=known.cast or more.cast,
        constant_only=known.constant_only or more.constant_only,
        function=known.function or more.function,
        argument=known.argument if known.function else more.argument,
        arguments=known.arguments if known.function else more.arguments,
        beside=known.beside or more.beside,
        same_as=known.same_as or more.same_as,
        result=known.result or more.result,
        column=known.column or more.column,
        position=more.position if known.position is None else known.position,
        count=known.count or more.count,
        built=known.built or more.built,
    )


def _said(kind: str, node: Node) -> Iterator[ParameterPlace]:
    """What one node says of the parameters right below it."""
    if kind == "TypeCast":
        yield from _cast(node)
    elif kind == "FuncCall":
        yield from _arguments(node)
    elif kind == "A_Expr":
        yield from _beside(node)
    elif kind == "CaseExpr":
        yield from _case(node)
    elif kind == "SelectStmt":
        for field, count in (("limitCount", "limit"), ("limitOffset", "offset")):
            number, _ = _parameter(node.get(field))
            if number is not None:
                yield ParameterPlace(number, count=count)
    elif kind == "InsertStmt":
        yield from _inserted(node)
    elif kind == "ResTarget" and "name" in node:  # SET column = $1; an alias does no harm
        number, _ = _parameter(node.get("val"))
        if number is not None:
            yield ParameterPlace(number, column=node["name"])


def _cast(node: Node) -> Iterator[ParameterPlace]:
    argument = node.get("arg", {}).get("ParamRef")
    type_name = node["typeName"]
    if argument is None:
        yield from _put_together(node.get("arg"), _type_name(type_name))
        return
    before = type_name.get("location", 0) < argument.get("location", 0)
    in_front = before and node.get("location", -1) == -1
    name = _type_name(type_name)
    yield ParameterPlace(argument.get("number", 0), name, constant_only=in_front)


def _put_together(node: Node | None, type_name: str) -> Iterator[ParameterPlace]:
    """Parts of a text: `a || $1`, concat(a, $1)."""
    number, _ = _parameter(node)
    if number is not None:
        yield ParameterPlace(number, built=type_name)
    elif node and node.get("A_Expr", {}).get("name", [{}])[-1] == {"String": {"sval": "||"}}:
        for side in ("lexpr", "rexpr"):
            yield from _put_together(node["A_Expr"].get(side), type_name)
    elif node and node.get("FuncCall", {}).get("funcname", [{}])[-1] == {
        "String": {"sval": "concat"}
    }:
        for argument in node["FuncCall"].get("args", ()):
            yield from _put_together(argument, type_name)


def _type_name(node: Node) -> str:
    brackets = "[]" if node.get("arrayBounds") else ""
    return f"{node['names'][-1]['String']['sval']}{brackets}"


def _arguments(node: Node) -> Iterator[ParameterPlace]:
    name = node["funcname"][-1]["String"]["sval"]
    for place, argument in enumerate(node.get("args", ())):
        number, cast = _parameter(argument)
        if number is not None and not cast:
            keyword = name == "extract" and place == 0
            yield ParameterPlace(
                number,
                constant_only=keyword,
                function=name,
                argument=place,
                arguments=len(node["args"]),
            )


def _beside(node: Node) -> Iterator[ParameterPlace]:
    for one, other in (("lexpr", "rexpr"), ("rexpr", "lexpr")):
        side = node.get(one)
        number, cast = _parameter(side) if isinstance(side, Mapping) else (None, False)
        against = node.get(other)
        if number is None or cast or not isinstance(against, Mapping):
            continue
        found = _type_told(against)
        name = node["name"][-1]["String"]["sval"]
        if found in MOMENTS and name in ("+", "-"):
            found = "int4" if found == "date" else "interval"  # days, as applications send them
        yield ParameterPlace(number, beside=found)


def _type_told(node: Node) -> str:
    """The type of an expression whose form tells it; else empty."""
    if "TypeCast" in node:
        return _type_name(node["TypeCast"]["typeName"])
    if "FuncCall" in node:
        return RETURNS.get(node["FuncCall"]["funcname"][-1]["String"]["sval"], "")
    if "SQLValueFunction" in node:
        return MOMENT_VALUES.get(node["SQLValueFunction"].get("op", ""), "")
    return ""


def _case(node: Node) -> Iterator[ParameterPlace]:
    fields = node.get("arg", {}).get("ColumnRef", {}).get("fields", [{}])
    column = fields[-1].get("String", {}).get("sval", "")
    results = [node.get("defresult")]
    for branch in node.get("args", ()):
        when = branch["CaseWhen"]
        results.append(when.get("result"))
        number, _ = _parameter(when.get("expr"))
        if number is not None and column:
            yield ParameterPlace(number, same_as=column)
    for result in results:
        number, _ = _parameter(result)
        if number is not None:
            yield ParameterPlace(number, result=True)


def _inserted(node: Node) -> Iterator[ParameterPlace]:
    names = [column["ResTarget"]["name"] for column in node.get("cols", ())]
    select = node.get("selectStmt", {}).get("SelectStmt", {})
    for row in select.get("valuesLists", ()):
        for place, item in enumerate(row["List"].get("items", ())):
            number, _ = _parameter(item)
            if number is None:
                continue
            if not names:
                yield ParameterPlace(number, position=place)
            elif place < len(names):
                yield ParameterPlace(number, column=names[place])


def _parameter(node: Node | None) -> tuple[int | None, bool]:
    """The number of the parameter that a node is, and whether a cast stands around it."""
    cast = False
    while node is not None and "TypeCast" in node:
        node, cast = node["TypeCast"].get("arg"), True
    if node is None or "ParamRef" not in node:
        return None, cast
    return node["ParamRef"].get("number", 0), cast
