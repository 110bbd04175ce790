"""One statement in the place of many that differ in one value alone.

`SELECT … WHERE id = $1`, run for one id after the other, becomes `… WHERE id = ANY($1)`, run once
with all of them; the id is added to the output where it is not there, so that the application can
tell whose rows they are. It is made from the parse tree: nothing is changed but what has to be.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dbwright.sql.lexer import significant
from dbwright.sql.parse import Node, SyntaxProblem, parse, walk
from dbwright.sql.scope.canonical import deparse

__all__ = ["Batch", "NoBatch", "NotCompared", "batch_of", "statement_of"]

AGGREGATES = frozenset(
    "count sum avg min max any_value array_agg string_agg xmlagg bool_and bool_or every bit_and "
    "bit_or bit_xor stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop "
    "covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy "
    "regr_syy range_agg range_intersect_agg json_agg jsonb_agg json_agg_strict jsonb_agg_strict "
    "json_object_agg jsonb_object_agg json_object_agg_strict jsonb_object_agg_strict "
    "json_object_agg_unique jsonb_object_agg_unique".split()
)
WRITTEN_AS_AGGREGATES = ("agg_within_group", "agg_star", "agg_filter", "agg_order", "agg_distinct")
"""What a call has that only an aggregate can have, whatever its name."""
GUARD = 21
"""MAX_GET_RESULTS of Django, which looks up single objects with it as a LIMIT."""
AGGREGATE_NODES = ("JsonArrayAgg", "JsonObjectAgg")
CONSTANTS = ("string", "number")


class NoBatch(ValueError):
    """There is no such statement, or none that is safe to give; the message says why."""


class NotCompared(NoBatch):
    """What differs is no value that rows have to have."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A statement for many values at a time."""

    sql: str
    """`$1` is the array of the values; other parameters follow."""
    parameters: tuple[int, ...]
    """Which parameters of the single statement are `$2`, `$3` … of this one."""
    key: str
    """The output column that says which value a row belongs to."""
    key_added: bool
    """Is it a column more than the single statement has, the last one?"""
    note: str = ""
    """What is different for the application."""


def batch_of(
    first: str,
    second: str,
    first_parameters: Sequence[str | None] = (),
    second_parameters: Sequence[str | None] = (),
) -> Batch:
    """The statement for all values, from two calls that differ in one. Raises NoBatch."""
    node = _select(first)
    constant, number = _difference(first, second, first_parameters, second_parameters)
    comparison, value = _comparison(node, first, constant, number)
    column = comparison["lexpr"] if value is comparison["rexpr"] else comparison["rexpr"]
    if "ColumnRef" not in column:
        raise NoBatch("what differs is not compared with a column")
    _compare_with_any(comparison, column, value)
    added = not _is_in_output(node, column)
    if added:
        node["targetList"].append({"ResTarget": {"val": copy.deepcopy(column)}})
    note = _for_many(node, column, first_parameters)
    parameters = _renumbered(node)
    sql = deparse("SelectStmt", node)
    if sql is None:
        raise NoBatch("the statement is nested too deeply")
    return Batch(sql, parameters, _name(column), added, note)


def statement_of(text: str, kind: str) -> dict[str, Any]:
    """A copy of the one statement of a text, where it is of that kind. Raises NoBatch."""
    try:
        statements = parse(text).statements
    except SyntaxProblem as problem:
        raise NoBatch(f"the statement can't be parsed: {problem.message}") from None
    if len(statements) != 1 or statements[0].kind != kind:
        raise NoBatch("it is another kind of statement")
    return copy.deepcopy(dict(statements[0].node))


def _select(text: str) -> dict[str, Any]:
    node = statement_of(text, "SelectStmt")
    if node.get("op", "SETOP_NONE") != "SETOP_NONE" or "whereClause" not in node:
        raise NoBatch("it is not a plain SELECT with a WHERE")
    return node


def _difference(
    first: str,
    second: str,
    first_parameters: Sequence[str | None],
    second_parameters: Sequence[str | None],
) -> tuple[int | None, int | None]:
    """Where the two differ: the offset of a constant (in bytes), or the number of a parameter."""
    if first == second:
        pairs = zip(first_parameters, second_parameters, strict=False)
        numbers = [number for number, (a, b) in enumerate(pairs, 1) if a != b]
        if len(numbers) != 1:
            raise NoBatch(f"the calls differ in {len(numbers)} parameters, not in one")
        return None, numbers[0]
    one, other = list(significant(first)), list(significant(second))
    if [t.text for t in one if t.kind not in CONSTANTS] != [
        t.text for t in other if t.kind not in CONSTANTS
    ] or len(one) != len(other):
        raise NoBatch("the calls differ in more than constants")
    different = [a for a, b in zip(one, other, strict=True) if a.text != b.text]
    if len(different) != 1:
        raise NoBatch(f"the calls differ in {len(different)} constants, not in one")
    return len(first[: different[0].offset].encode()), None


def _comparison(
    node: Node, text: str, constant: int | None, number: int | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The comparison `column = value` of the WHERE that all rows have to meet."""
    pending = [node["whereClause"]]
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    while pending:
        condition = pending.pop()
        if condition.get("BoolExpr", {}).get("boolop") == "AND_EXPR":
            pending += condition["BoolExpr"]["args"]
        comparison = condition.get("A_Expr", {})
        if comparison.get("kind") != "AEXPR_OP" or _operator(comparison) != "=":
            continue
        for side in ("lexpr", "rexpr"):
            if _is_value(comparison.get(side, {}), constant, number):
                found.append((comparison, comparison[side]))
    uses = [
        inner
        for kind, inner in walk(node)
        if kind in ("ParamRef", "A_Const") and _is_value({kind: inner}, constant, number)
    ]
    if len(found) != 1 or len(uses) != 1:
        raise NotCompared("what differs is not compared with = for all rows, once")
    return found[0]


def _operator(comparison: Node) -> str:
    return str(comparison["name"][-1]["String"]["sval"])


def _is_value(node: Node, constant: int | None, number: int | None) -> bool:
    if "TypeCast" in node:
        return _is_value(node["TypeCast"]["arg"], constant, number)
    if number is not None:
        return bool(node.get("ParamRef", {}).get("number") == number)
    # The parser leaves a location of 0 out.
    return "A_Const" in node and node["A_Const"].get("location", 0) == constant


def _compare_with_any(comparison: dict[str, Any], column: Node, value: Node) -> None:
    """`$1` with number 0, which stands for the array until parameters are numbered again."""
    array: dict[str, Any] = {"ParamRef": {"number": 0}}
    if "TypeCast" in value:
        type_name = copy.deepcopy(value["TypeCast"]["typeName"])
        if "arrayBounds" in type_name:
            raise NoBatch("the value is an array itself")
        type_name["arrayBounds"] = [{"Integer": {"ival": -1}}]
        array = {"TypeCast": {"arg": array, "typeName": type_name}}
    comparison.update(kind="AEXPR_OP_ANY", lexpr=column, rexpr=array)


def _is_in_output(node: Node, column: Node) -> bool:
    """Is the column itself, or a star that holds it, in the output?"""
    fields = _fields(column)
    several = len(node.get("fromClause", ())) != 1 or "RangeVar" not in node["fromClause"][0]
    for target in node["targetList"]:
        found = _fields(target["ResTarget"]["val"])
        if not found:
            continue
        if found[-1] == "*":
            # A bare star holds everything; t.* what is written as t's.
            if len(found) == 1 or found[:-1] == fields[:-1]:
                return True
            if not several and len(fields) == 1:
                return True
        elif "name" in target["ResTarget"]:
            continue  # under another name, which the application does not look for
        elif found == fields or (not several and found[-1] == fields[-1]):
            return True
    return False


def _for_many(node: dict[str, Any], column: Node, parameters: Sequence[str | None]) -> str:
    """What of the statement was meant for one value, for each of many; what differs then."""
    aggregates = _aggregates(node)
    if any(name in node for name in ("limitOffset", "windowClause", "lockingClause")) or any(
        kind == "over" for kind, _ in walk({"of": node["targetList"]})
    ):
        if "lockingClause" in node and not any(
            name in node for name in ("limitOffset", "limitCount", "windowClause")
        ):
            return "It locks all rows at once."
        raise NoBatch("OFFSET, LIMIT with locks and window functions mean the rows of one value")
    distinct = node.get("distinctClause")
    if distinct and distinct != [{}]:
        raise NoBatch("DISTINCT ON means the rows of one value")
    if "limitCount" in node:
        return _one_row_each(node, column, aggregates, parameters)
    if "groupClause" in node:
        node["groupClause"].append(copy.deepcopy(column))
    elif aggregates:
        node["groupClause"] = [copy.deepcopy(column)]
        return "A value without rows gives no row (where the single statement gives one)."
    return ""


def _one_row_each(
    node: dict[str, Any], column: Node, aggregates: bool, parameters: Sequence[str | None]
) -> str:
    limit = _number(node["limitCount"], parameters)
    if limit not in (1, GUARD):
        raise NoBatch("LIMIT means the rows of one value: use LATERAL")
    del node["limitCount"]
    node["limitOption"] = "LIMIT_OPTION_DEFAULT"
    if limit == GUARD and not (aggregates or "groupClause" in node):
        return (
            f"LIMIT {GUARD}, with which Django's get() makes sure that there is one row, is left "
            "out: the column has to be unique."
        )
    if aggregates or "groupClause" in node or "distinctClause" in node:
        raise NoBatch("LIMIT 1 of groups means those of one value: use LATERAL")
    node["distinctClause"] = [copy.deepcopy(column)]
    by_key = {
        "SortBy": {
            "node": copy.deepcopy(column),
            "sortby_dir": "SORTBY_DEFAULT",
            "sortby_nulls": "SORTBY_NULLS_DEFAULT",
        }
    }
    node["sortClause"] = [by_key, *node.get("sortClause", ())]
    return "Where the column is unique, DISTINCT ON and ORDER BY can go."


def _number(limit: Node, parameters: Sequence[str | None]) -> int | None:
    """The rows of a LIMIT; None where it is no plain number."""
    if "ParamRef" in limit:
        number = limit["ParamRef"]["number"]
        value = parameters[number - 1] if number <= len(parameters) else None
        return int(value) if value is not None and value.isdecimal() else None
    found = limit.get("A_Const", {}).get("ival", {}).get("ival")
    return found if isinstance(found, int) else None


def _aggregates(node: Node) -> bool:
    """Does the output hold an aggregate of this level?"""
    pending: list[Any] = [target["ResTarget"]["val"] for target in node["targetList"]]
    pending.append(node.get("havingClause", {}))
    while pending:
        current = pending.pop()
        if isinstance(current, list):
            pending += current
        elif isinstance(current, dict) and "SubLink" not in current:
            if any(name in current for name in AGGREGATE_NODES):
                return True
            call = current.get("FuncCall")
            if call and (
                call["funcname"][-1]["String"]["sval"] in AGGREGATES
                or any(mark in call for mark in WRITTEN_AS_AGGREGATES)
            ):
                return True
            pending += current.values()
    return False


def _renumbered(node: dict[str, Any]) -> tuple[int, ...]:
    """Number the parameters again, without gaps; the old numbers of those after the first."""
    found = [inner for kind, inner in walk(node) if kind == "ParamRef"]
    old = sorted({parameter.get("number", 0) for parameter in found} - {0})
    numbers = {0: 1, **{number: place for place, number in enumerate(old, 2)}}
    for parameter in found:
        assert isinstance(parameter, dict)
        parameter["number"] = numbers[parameter.get("number", 0)]
    return tuple(old)


def _fields(node: Node) -> list[str]:
    """The parts of a column's name; `*` for a star, empty for what is no column."""
    return [
        "*" if "A_Star" in field else str(field["String"]["sval"])
        for field in node.get("ColumnRef", {}).get("fields", ())
    ]


def _name(column: Node) -> str:
    return _fields(column)[-1]
