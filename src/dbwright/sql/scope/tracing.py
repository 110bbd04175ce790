"""Conditions on subqueries, CTEs and views, attributed to the relations behind them.

Only where the planner moves them there, too: into what it pulls up any condition, into what it
plans apart those that compare with values known beforehand (subquery_is_pushdown_safe and
qual_is_pushdown_safe of allpaths.c).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dbwright.sql.parse import Node
from dbwright.sql.scope.builder import Analysis, Draft, Output, ScopeBuilder
from dbwright.sql.scope.canonical import replace_columns
from dbwright.sql.scope.namespace import Resolved
from dbwright.sql.scope.nouns import ColumnUse
from dbwright.sql.scope.predicate import Predicate, PredicateKind
from dbwright.sql.scope.sides import index_expression, side
from dbwright.sql.scope.statement import Distinct, Scope

__all__ = ["trace"]


def trace(analysis: Analysis) -> None:
    """Add the predicates that follow inside of subqueries."""
    waiting = [
        draft
        for scope in analysis.scopes
        for draft in scope.drafts
        if draft.predicate.relation.source is not None
    ]
    if not waiting:
        return
    tracer = _Tracer(analysis, [scope.finish() for scope in analysis.scopes])
    while waiting:
        waiting += tracer.moved(waiting.pop(0))


@dataclass(slots=True)
class _Tracer:
    analysis: Analysis
    finished: Sequence[Scope]

    def moved(self, draft: Draft) -> list[Draft]:
        """Add what a predicate says about the relations behind its own."""
        predicate = draft.predicate
        source = predicate.relation.source
        if source is None or not predicate.restricts or predicate.relation.columns is None:
            return []
        if predicate.kind is PredicateKind.OTHER or self.finished[source].fenced:
            return []
        names = predicate.relation.columns
        if any(column not in names for column in predicate.columns):
            return []
        places = {column: names.index(column) for column in predicate.columns}
        return self.into(self.analysis.scopes[source], draft, places)

    def into(self, scope: ScopeBuilder, draft: Draft, places: dict[str, int]) -> list[Draft]:
        """Add the predicate to a scope; `places` are its columns' places in the result."""
        known = self.finished[scope.number]
        joins = not draft.predicate.compared.before_scan
        if scope.set_operation is not None:
            appended = scope.set_operation == "union" and scope.set_operation_all
            if scope.set_operation == "except" or _cut(scope) or (joins and not appended):
                return []
            found: list[Draft] = []
            for arm in scope.arm_scopes:
                found += self.into(arm, draft, places)
            return found
        if (joins and not known.simple) or _cut(scope) or scope.changes_rows:
            return []
        if any(place >= len(scope.outputs) for place in places.values()):
            return []
        outputs = {column: scope.outputs[place] for column, place in places.items()}
        if not known.simple and not all(_kept(scope, output) for output in outputs.values()):
            return []
        added = self.rewritten(scope, draft, outputs)
        if added is None:
            return []
        scope.drafts.append(added)
        return [added]

    def rewritten(
        self, scope: ScopeBuilder, draft: Draft, outputs: dict[str, Output]
    ) -> Draft | None:
        """The predicate in terms of the scope's own relations."""
        predicate, node = draft.predicate, draft.node
        only = outputs.get(predicate.column) if predicate.column is not None else None
        if only is not None and only.plain is not None:
            return self.on_column(scope, predicate, only.plain, outputs)
        if only is not None:
            node = only.node
        elif node is not None:
            node = self.substituted(scope, node, outputs)
        if node is None:
            return None
        found = side(self.analysis, scope, node)
        expression = index_expression(found)
        if expression is None or found.relation is None:
            return None
        columns = tuple(use.column for use in found.columns)
        moved = replace(
            predicate,
            relation=found.relation,
            column=None,
            expression=expression,
            columns=columns,
            restricts=found.strict or not found.relation.nullable,
            traced=True,
            row=(),
        )
        return Draft(moved, node)

    def on_column(
        self,
        scope: ScopeBuilder,
        predicate: Predicate,
        plain: ColumnUse,
        outputs: dict[str, Output],
    ) -> Draft | None:
        if plain.relation.scope != scope.number:
            return None
        asks_for_null = predicate.kind is PredicateKind.NULL_TEST and not predicate.negated
        return Draft(
            replace(
                predicate,
                relation=plain.relation,
                column=plain.column,
                columns=(plain.column,),
                restricts=not (asks_for_null and plain.relation.nullable),
                traced=True,
                row=(),
            )
        )

    def substituted(
        self, scope: ScopeBuilder, node: Node, outputs: dict[str, Output]
    ) -> Node | None:
        """The expression with outputs in the place of the columns that they are."""
        missing = False

        def behind(reference: Node) -> Node | None:
            nonlocal missing
            resolved = self.analysis.resolved.get(id(reference))
            only = None if resolved is None else resolved.only
            output = None if only is None else outputs.get(only.column)
            if output is None or (output.node is None and output.plain is None):
                missing = True
                return None
            return output.node if output.node is not None else self.reference(scope, output)

        replaced = replace_columns(node, behind)
        return None if missing else replaced

    def reference(self, scope: ScopeBuilder, output: Output) -> Node:
        return self.analysis.reference(Resolved(output.uses, scope))


def _cut(scope: ScopeBuilder) -> bool:
    """Would fewer rows inside give other rows outside?"""
    return scope.limit is not None or scope.offset is not None or scope.recursive


def _kept(scope: ScopeBuilder, output: Output) -> bool:
    """Does a condition on the output keep or drop whole groups, windows, sets of duplicates?"""
    if scope.grouping_sets or (scope.aggregates and not scope.group_by):
        return False
    column = output.plain
    groups = [[(key.relation, key.column) for key in scope.group_by]] if scope.group_by else []
    groups += [[(k.relation, k.column) for k in window.partition_by] for window in scope.windows]
    if scope.distinct is Distinct.ON:
        groups.append([(key.relation, key.column) for key in scope.distinct_on])
    if column is None:
        return not groups and not scope.volatile and not scope.set_returning
    return all((column.relation, column.column) in group for group in groups)
