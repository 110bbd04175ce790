"""One INSERT of many rows in the place of many INSERTs of one row each."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from itertools import count

from dbwright.sql.batch import NoBatch, statement_of
from dbwright.sql.parse import Node, walk
from dbwright.sql.scope.canonical import deparse

__all__ = ["NotOneRow", "rows_at_once"]


class NotOneRow(NoBatch):
    """An INSERT that may have many rows already."""


def rows_at_once(text: str, rows: int = 2) -> str:
    """An INSERT of one row as one of several, all values as parameters.

    Raises NotOneRow where it is none, NoBatch where its parameters are not the row's alone.
    """
    node = statement_of(text, "InsertStmt")
    select = node.get("selectStmt", {}).get("SelectStmt", {})
    lists = select.pop("valuesLists", [])
    if len(lists) != 1:
        raise NotOneRow("it is not an INSERT of one row")
    if any(kind == "ParamRef" for kind, _ in walk(node)):
        # They would have the numbers of another row's values.
        raise NoBatch("parameters stand outside of the row as well")
    items = lists[0]["List"]["items"]
    numbers = count(1)
    select["valuesLists"] = [_row(items, numbers) for _ in range(rows)]
    sql = deparse("InsertStmt", node)
    if sql is None:
        raise NoBatch("the statement is nested too deeply")
    return sql


def _row(items: Sequence[Node], numbers: Iterator[int]) -> Node:
    own: dict[int, int] = {}
    return {"List": {"items": [_in_row(item, numbers, own) for item in items]}}


def _in_row(item: Node, numbers: Iterator[int], own: dict[int, int]) -> Node:
    """A value of a row: constants and parameters become parameters, the rest stays. `own` has the
    new number of each parameter of this row, for one may stand there twice."""
    if "TypeCast" in item:
        cast = item["TypeCast"]
        return {"TypeCast": {**cast, "arg": _in_row(cast["arg"], numbers, own)}}
    if "A_Const" in item:
        return {"ParamRef": {"number": next(numbers)}}
    found = {"value": copy.deepcopy(dict(item))}
    for kind, inner in walk(found):
        if kind == "ParamRef":
            old = inner.get("number", 0)
            if old not in own:
                own[old] = next(numbers)
            assert isinstance(inner, dict)
            inner["number"] = own[old]
    return found["value"]
