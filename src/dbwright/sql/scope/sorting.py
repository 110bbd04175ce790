"""GROUP BY, ORDER BY, DISTINCT ON, windows and aggregates.

A bare name in ORDER BY is an output's name first; in GROUP BY a column's
(findTargetlistEntrySQL92 of parse_clause.c).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbwright.sql.parse import Node
from dbwright.sql.scope.builder import Analysis, Output
from dbwright.sql.scope.canonical import replace_columns
from dbwright.sql.scope.expressions import (
    function_name,
    names_in,
    read_expression,
    signature,
)
from dbwright.sql.scope.namespace import Level, Resolved
from dbwright.sql.scope.nouns import Aggregate, ColumnUse, Key, Role, SortKey, Window
from dbwright.sql.scope.output_names import output_name
from dbwright.sql.scope.sides import index_expression, side

__all__ = ["Sorting"]


@dataclass(slots=True)
class Sorting:
    """Reads what orders and groups the rows of one level."""

    analysis: Analysis
    level: Level
    targets: Sequence[Node]
    """The target list."""

    def order_by(self, nodes: Sequence[Node]) -> None:
        for part in nodes:
            sort = part["SortBy"]
            expression = self._entry(sort["node"], Role.ORDER, output_first=True)
            self.level.scope.order_by.append(self._sort_key(sort, expression))

    def order_by_result(self, nodes: Sequence[Node]) -> None:
        """Of a set operation or VALUES: the columns of its result, by name or number."""
        for part in nodes:
            sort = part["SortBy"]
            descending, nulls_first = _direction(sort)
            key = SortKey(
                None,
                column=self._result_column(sort["node"]),
                descending=descending,
                nulls_first=nulls_first,
                location=self.analysis.location(sort),
            )
            self.level.scope.order_by.append(key)

    def group_by(self, nodes: Sequence[Node]) -> None:
        pending = list(reversed(nodes))
        while pending:
            node = pending.pop()
            if "GroupingSet" in node:
                self.level.scope.grouping_sets = True
                pending.extend(reversed(node["GroupingSet"].get("content", [])))
            elif "RowExpr" in node:
                pending.extend(reversed(node["RowExpr"].get("args", [])))
            else:
                expression = self._entry(node, Role.GROUP, output_first=False)
                self.level.scope.group_by.append(self._key(expression))

    def distinct_on(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            expression = self._entry(node, Role.DISTINCT, output_first=True)
            self.level.scope.distinct_on.append(self._key(expression))

    def windows(self, clause: Sequence[Node]) -> None:
        """The windows of OVER clauses and of the WINDOW clause."""
        named = [part["WindowDef"] for part in clause]
        read_expression(self.analysis, named, self.level, Role.WINDOW)
        for definition in self.level.scope.window_calls + named:
            if "partitionClause" not in definition and "orderClause" not in definition:
                continue
            partition = tuple(self._key(node) for node in definition.get("partitionClause", ()))
            order = tuple(
                self._sort_key(part["SortBy"], part["SortBy"]["node"])
                for part in definition.get("orderClause", ())
            )
            self.level.scope.windows.append(Window(partition, order))
        if self.level.scope.window_calls and not self.level.scope.windows:
            self.level.scope.windows.append(Window())

    def aggregates(self) -> None:
        scope = self.level.scope
        for call in scope.aggregate_calls:
            arguments = call.get("args", [])
            one = side(self.analysis, scope, arguments[0]) if len(arguments) == 1 else None
            scope.aggregates.append(
                Aggregate(
                    name=function_name(call),
                    column=None if one is None else one.plain,
                    star=call.get("agg_star", False),
                    distinct=call.get("agg_distinct", False),
                    filtered="agg_filter" in call,
                    ordered="agg_order" in call,
                    location=self.analysis.location(call),
                )
            )

    def _entry(self, node: Node, role: Role, *, output_first: bool) -> Node:
        """The expression that a number, an output's name or an expression stands for."""
        number = node.get("A_Const", {}).get("ival")
        if number is not None:
            return self._by_number(number.get("ival", 0), role) or node
        name = _bare_name(node)
        if name is not None:
            is_column = not output_first and self._is_column(name)
            output = None if is_column else self._by_name(name)
            if output is not None:
                self._mark(output, role)
                return output
        same = self._same_as_output(node)
        if same is not None:
            self._mark(same, role)
            return same
        read_expression(self.analysis, node, self.level, role)
        return node

    def _is_column(self, name: str) -> bool:
        """Has a relation of this very level a column of that name?"""
        items = [item for item in self.level.items if item.columns_visible]
        return any(item.find(name) is not None for item in items)

    def _by_number(self, number: int, role: Role) -> Node | None:
        """The output of that number, those of a star counted."""
        outputs = self.level.scope.outputs
        if not 0 < number <= len(outputs):
            return None
        output = outputs[number - 1]
        if output.node is not None:
            self._mark(output.node, role)
            return output.node
        for use in output.uses:
            if output.plain is not None:
                self.level.scope.refer(use, role)
        return self._reference(output.uses) if output.plain is not None else None

    def _by_name(self, name: str) -> Node | None:
        found = [output for output in self.level.scope.outputs if output.name == name]
        if not found:
            return None
        if any(not self._equal(found[0], other) for other in found[1:]):
            reason = "several columns of the result have that name"
            self.analysis.unknown(name, reason, self.level.scope, {"location": -1})
        first = found[0]
        if first.node is not None:
            return first.node
        return self._reference(first.uses) if first.plain is not None else None

    def _equal(self, first: Output, second: Output) -> bool:
        """Are two outputs the same expression, however its columns are written?"""
        if first.plain is not None or second.plain is not None:
            return first.plain == second.plain
        return self._resolved(first.node) == self._resolved(second.node)

    def _resolved(self, node: Node | None) -> object:
        """The expression with what its columns are, comparable."""

        def uses(reference: Node) -> Node | None:
            found = self.analysis.resolved.get(id(reference))
            if found is None:
                return None
            return {"Resolved": [(use.relation.number, use.column) for use in found.uses]}

        return signature(replace_columns(node, uses))

    def _same_as_output(self, node: Node) -> Node | None:
        """The output that the expression repeats: it is computed once."""
        kind = next(iter(node))
        alike = [o.node for o in self.level.scope.outputs if o.node is not None and kind in o.node]
        if kind == "ColumnRef" or not alike:
            return None
        sign = signature(node)
        return next((other for other in alike if signature(other) == sign), None)

    def _reference(self, uses: tuple[ColumnUse, ...]) -> Node:
        """A reference to a column that a star gave, as if it were written."""
        return self.analysis.reference(Resolved(uses, self.level.scope))

    def _mark(self, node: Node, role: Role) -> None:
        scope = self.level.scope
        for use in side(self.analysis, scope, node).columns:
            scope.refer(use, role)

    def _key(self, node: Node) -> Key:
        found = side(self.analysis, self.level.scope, node)
        column = found.plain
        location = self.analysis.location(next(iter(node.values())))
        if column is not None:
            return Key(column.relation, column.column, location=location)
        return Key(found.relation, None, index_expression(found), location)

    def _sort_key(self, sort: Node, node: Node) -> SortKey:
        descending, nulls_first = _direction(sort)
        key = self._key(node)
        return SortKey(
            key.relation, key.column, key.expression, descending, nulls_first, key.location
        )

    def _result_column(self, node: Node) -> str | None:
        outputs = self.level.scope.outputs
        number = node.get("A_Const", {}).get("ival")
        if number is not None:
            place = number.get("ival", 0)
            return outputs[place - 1].name if 0 < place <= len(outputs) else None
        return _bare_name(node) or output_name(node)


def _bare_name(node: Node) -> str | None:
    names = names_in(node["ColumnRef"]["fields"]) if "ColumnRef" in node else []
    return names[0] if len(names) == 1 and names[0] != "*" else None


def _direction(sort: Node) -> tuple[bool, bool]:
    """Descending? NULLs first?"""
    descending = sort.get("sortby_dir") == "SORTBY_DESC"
    if sort.get("sortby_dir") == "SORTBY_USING":
        descending = sort["useOp"][-1]["String"]["sval"] in (">", ">=")
    nulls = sort.get("sortby_nulls", "SORTBY_NULLS_DEFAULT")
    default = nulls == "SORTBY_NULLS_DEFAULT"
    return descending, descending if default else nulls == "SORTBY_NULLS_FIRST"
