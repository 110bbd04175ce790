"""The names that PostgreSQL gives to what was declared without one.

After makeObjectName, ChooseRelationName and ChooseIndexColumnNames of its source.
"""

from __future__ import annotations

from collections.abc import Iterable

from dbwright.sql.parse import Node, walk

__all__ = ["DefaultNames", "columns_in", "index_column_name"]

LONGEST = 63
"""Bytes of an identifier (NAMEDATALEN - 1)."""


class DefaultNames:
    """Chooses names, none of them twice."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, name: str) -> str:
        """Note a name that the statement gives itself."""
        self._taken.add(name)
        return name

    def choose(self, table: str, columns: Iterable[str], label: str) -> str:
        """`table_column_column_label`, shortened to fit, with a number where it is taken."""
        addition = "_".join(columns)
        number = 0
        while (name := _object_name(table, addition, label + str(number or ""))) in self._taken:
            number += 1
        return self.take(name)


def index_column_name(element: Node, taken: list[str]) -> str:
    """The name of an index's column: the table's column, the function, or `expr`."""
    wanted = element.get("name") or _figure(element.get("expr", {})) or "expr"
    name, number = wanted, 0
    while name in taken:
        number += 1
        name = wanted + str(number)
    return str(name)


def columns_in(expression: Node) -> list[str]:
    """The columns that an expression names, each once."""
    found: dict[str, None] = {}
    for kind, node in walk({"expression": expression}):
        if kind == "ColumnRef" and "String" in node["fields"][-1]:
            found[node["fields"][-1]["String"]["sval"]] = None
    return list(found)


def _figure(expression: Node) -> str | None:
    """What FigureColname calls an expression."""
    for kind, node in expression.items():
        if kind == "ColumnRef" and "String" in node["fields"][-1]:
            return str(node["fields"][-1]["String"]["sval"])
        if kind == "FuncCall":
            return str(node["funcname"][-1]["String"]["sval"])
        if kind == "CoalesceExpr":
            return "coalesce"
        if kind == "TypeCast":
            return _figure(node["arg"]) or str(node["typeName"]["names"][-1]["String"]["sval"])
        if kind == "CollateClause":
            return _figure(node["arg"])
        if kind == "CaseExpr":
            return _figure(node.get("defresult", {})) or "case"
    return None


def _object_name(table: str, addition: str, label: str) -> str:
    """The longer of table and addition is cut, byte by byte, until all fits."""
    first, second = table.encode(), addition.encode()
    room = LONGEST - len(label.encode()) - 1 - (1 if addition else 0)
    while len(first) + len(second) > room:
        if len(first) > len(second):
            first = first[:-1]
        else:
            second = second[:-1]
    parts = [first.decode(errors="ignore"), second.decode(errors="ignore"), label]
    return "_".join(part for part in parts if part)
