"""A query written anew to read a view instead of the tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbwright.sql.parse import Node
from dbwright.sql.scope.canonical import deparse
from dbwright.sql.scope.output_names import output_name
from dbwright.tune.rewrites.trees import all_of, call_name, column
from dbwright.tune.views.aggregates import combined, is_aggregate, needed_for
from dbwright.tune.views.definition import ViewDefinition
from dbwright.tune.views.normal import bare, normal, text_of
from dbwright.tune.views.shape import Shape, target_named

__all__ = ["Unwritable", "reading"]

CLAUSES = ("fromClause", "whereClause", "groupClause", "havingClause")


class Unwritable(Exception):
    """The query can't be written over the view."""


def reading(
    shape: Shape, view: ViewDefinition, types: Mapping[str, str], *, inlined: bool = False
) -> str:
    """The query over the view, `types` being those of its columns.

    `inlined`: with the view's own query in its place, to compare. Raises Unwritable.
    """
    return _Writer(shape, view, types).written(inlined)


class _Writer:
    def __init__(self, shape: Shape, view: ViewDefinition, types: Mapping[str, str]) -> None:
        self._shape = shape
        self._view = view
        self._types = types
        self._alias = view.name
        self._grouped = bool(shape.level.fields.get("groupClause"))

    def written(self, inlined: bool) -> str:
        fields = dict(self._shape.level.fields)
        targets = [self._target(part["ResTarget"]) for part in fields["targetList"]]
        having = [self._swapped(fields["havingClause"])] if "havingClause" in fields else []
        where = [self._swapped(one.node) for one in self._shape.conditions]
        sort = [self._sort(key["SortBy"]) for key in fields.get("sortClause", ())]
        new: dict[str, Any] = {name: v for name, v in fields.items() if name not in CLAUSES}
        new |= {"targetList": targets, "fromClause": [self._source(inlined)]}
        if sort:
            new["sortClause"] = sort
        if self._shape.combines:
            if self._grouped:
                groups = [*self._shape.groups, *self._shape.dependent]
                new["groupClause"] = [self._column(text) for text in groups]
            if having:
                new["havingClause"] = having[0]
        else:
            where += having
        condition = all_of(where)
        if condition is not None:
            new["whereClause"] = condition
        text = deparse("SelectStmt", bare(new))
        if text is None:
            raise Unwritable("it is nested too deeply")
        return text

    def _source(self, inlined: bool) -> Node:
        if inlined:
            alias = {"aliasname": self._alias}
            subquery = {"SelectStmt": self._view.tree}
            return {"RangeSubselect": {"subquery": subquery, "alias": alias}}
        return {
            "RangeVar": {
                "schemaname": self._view.schema,
                "relname": self._view.name,
                "inh": True,
                "relpersistence": "p",
            }
        }

    def _target(self, target: Node) -> Node:
        value = target["val"]
        name = target.get("name") or output_name(value)
        return {"ResTarget": {"name": name, "val": self._swapped(value)}}

    def _sort(self, key: Node) -> Node:
        node = key["node"]
        named = "ColumnRef" in node and target_named(self._shape.level, node["ColumnRef"])
        kept = named or "A_Const" in node  # ORDER BY 1, or by a name of the result
        return {"SortBy": key if kept else {**key, "node": self._swapped(node)}}

    def _swapped(self, node: Any) -> Any:
        """The expression with columns of the view in the place of what they hold."""
        if isinstance(node, list):
            return [self._swapped(child) for child in node]
        if not isinstance(node, Mapping):
            return node
        if len(node) == 1:
            ((kind, fields),) = node.items()
            if kind[:1].isupper() and isinstance(fields, Mapping):
                found = self._instead(kind, fields, node)
                if found is not None:
                    return found
        return {name: self._swapped(child) for name, child in node.items()}

    def _instead(self, kind: str, fields: Node, node: Node) -> Node | None:
        if kind in ("String", "TypeName", "A_Const", "Integer", "ResTarget", "SortBy", "List"):
            return None
        whole = normal(self._shape.level, node)
        text = None if whole is None else text_of(whole)
        if whole is not None and text is not None:
            if kind == "FuncCall" and is_aggregate(fields, self._shape.source.catalog):
                return self._aggregate(whole, text)
            if text in self._view.columns:
                return self._column(text)
        if kind == "ColumnRef":
            raise Unwritable("it reads a column that the view does not have")
        return None

    def _column(self, text: str) -> Node:
        return column(self._alias, self._view.columns[text].name)

    def _aggregate(self, call: Node, text: str) -> Node:
        if not self._shape.combines:
            return self._column(text)
        needed = needed_for(call, self._numeric(call))
        if needed is None:
            raise Unwritable(f"{call_name(call['FuncCall'])} can't be made of smaller groups")
        texts = [text_of(each) or "" for each in needed]
        columns = tuple(self._column(each) for each in texts)
        types = tuple(self._types[self._view.columns[each].name] for each in texts)
        try:
            return combined(call, columns, types, self._grouped)
        except ValueError as problem:
            raise Unwritable(str(problem)) from None

    def _numeric(self, call: Node) -> str | None:
        """The type of an average's argument, where the view has its sum and its count."""
        if call_name(call["FuncCall"]) != "avg":
            return None
        known = needed_for(call, "numeric") or ()
        there = all((text_of(each) or "") in self._view.columns for each in known)
        return "numeric" if there else None
