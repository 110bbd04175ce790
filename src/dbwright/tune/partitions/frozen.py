"""Statements with now() and its like evaluated.

While it plans, the planner does not use the value of now() to leave partitions out; the executor
does, at no cost that shows in a plan. With the value in the statement the plan shows what is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import psycopg

from dbwright.sql.parse import Node, SyntaxProblem, parse, walk
from dbwright.sql.scope.canonical import canonical_expression, deparse
from dbwright.tune.rewrites.trees import call_name

__all__ = ["CLOCKS", "frozen"]

CLOCKS = frozenset(("now", "transaction_timestamp", "statement_timestamp"))
VALUES = {
    "SVFOP_CURRENT_DATE": "date",
    "SVFOP_CURRENT_TIMESTAMP": "timestamptz",
    "SVFOP_CURRENT_TIMESTAMP_N": "timestamptz",
    "SVFOP_LOCALTIMESTAMP": "timestamp",
    "SVFOP_LOCALTIMESTAMP_N": "timestamp",
}
WHOLE = frozenset(("A_Expr", "TypeCast", "FuncCall", "SQLValueFunction"))
"""What may be evaluated before a row is read, where nothing in it speaks against it."""
PARTS = WHOLE | frozenset(
    "A_Const TypeName String Integer Float ival fval sval boolval typeName arg lexpr rexpr".split()
)


def frozen(statement: str, moment: datetime, connection: psycopg.Connection[Any]) -> str:
    """The statement as it would be at that moment; as it is where it asks no clock, or can't be
    evaluated."""
    try:
        parsed = parse(statement).statements
    except SyntaxProblem:
        return statement
    if len(parsed) != 1 or not _asks_clock(parsed[0].node):
        return statement
    return deparse(parsed[0].kind, _frozen(parsed[0].node, moment, connection)) or statement


def _frozen(node: Any, moment: datetime, connection: psycopg.Connection[Any]) -> Any:
    if isinstance(node, list):
        return [_frozen(child, moment, connection) for child in node]
    if not isinstance(node, Mapping):
        return node
    if len(node) == 1:
        ((kind, fields),) = node.items()
        if kind in WHOLE and isinstance(fields, Mapping) and _is_known(node):
            value = _value(_at(node, moment), connection)
            if value is not None:
                return value
    return {name: _frozen(child, moment, connection) for name, child in node.items()}


def _asks_clock(node: Node) -> bool:
    for kind, fields in walk({"_": node}):
        if kind == "FuncCall" and call_name(fields) in CLOCKS:
            return True
        if kind == "SQLValueFunction" and fields["op"] in VALUES:
            return True
    return False


def _is_known(node: Node) -> bool:
    """Does it ask the clock, and for the rest hold constants and operators alone?"""
    if not _asks_clock(node):
        return False
    for kind, fields in walk(node):
        if kind not in PARTS:
            return False
        if kind == "FuncCall" and call_name(fields) not in CLOCKS | {"date_trunc"}:
            return False
        if kind == "A_Expr" and fields["kind"] != "AEXPR_OP":
            return False
        if kind == "SQLValueFunction" and fields["op"] not in VALUES:
            return False
    return True


def _at(node: Any, moment: datetime) -> Any:
    """With the moment in the place of the clock."""
    if isinstance(node, list):
        return [_at(child, moment) for child in node]
    if not isinstance(node, Mapping):
        return node
    if len(node) == 1:
        ((kind, fields),) = node.items()
        if kind == "FuncCall" and call_name(fields) in CLOCKS:
            return _constant(moment.isoformat(" "), "timestamptz")
        if kind == "SQLValueFunction" and fields["op"] in VALUES:
            whole = _constant(moment.isoformat(" "), "timestamptz")
            return _cast(whole, VALUES[fields["op"]])
    return {name: _at(child, moment) for name, child in node.items()}


def _value(node: Node, connection: psycopg.Connection[Any]) -> Node | None:
    """The constant that the server makes of it."""
    text = canonical_expression(node)
    if text is None:
        return None
    try:
        row = connection.execute(
            f"SELECT v::text, pg_typeof(v)::text FROM (SELECT {text}) f (v)".encode()
        ).fetchone()
    except psycopg.Error:
        return None  # it is planned as it stands
    assert row is not None
    return None if row[0] is None else _constant(row[0], SHORT.get(row[1], row[1]))


SHORT = {
    "timestamp with time zone": "timestamptz",
    "timestamp without time zone": "timestamp",
    "boolean": "bool",
}


def _constant(text: str, type_name: str) -> Node:
    return _cast({"A_Const": {"sval": {"sval": text}}}, type_name)


def _cast(node: Node, type_name: str) -> Node:
    names = [{"String": {"sval": type_name}}]
    return {"TypeCast": {"arg": node, "typeName": {"names": names, "typemod": -1}}}
