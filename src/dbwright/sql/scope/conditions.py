"""The predicates and joins of WHERE, ON and HAVING.

Negations are pushed down and what stands in every arm of an OR is drawn out of it, as the planner
does (prepqual.c).
"""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.sql.parse import Node
from dbwright.sql.scope.builder import Analysis, Draft, ScopeBuilder
from dbwright.sql.scope.comparisons import Found, comparisons
from dbwright.sql.scope.disjunctions import implied_lists
from dbwright.sql.scope.expressions import signature
from dbwright.sql.scope.from_clause import Condition, Sources
from dbwright.sql.scope.namespace import Level
from dbwright.sql.scope.nouns import ColumnUse
from dbwright.sql.scope.predicate import (
    Clause,
    Compared,
    ComparedKind,
    Join,
    JoinKind,
    Predicate,
    PredicateKind,
)
from dbwright.sql.scope.sides import Side, index_expression, side
from dbwright.sql.scope.statement import ScopeKind

__all__ = ["read_conditions", "read_using"]

_JOINS = {
    "JOIN_INNER": JoinKind.INNER,
    "JOIN_LEFT": JoinKind.LEFT,
    "JOIN_RIGHT": JoinKind.RIGHT,
    "JOIN_FULL": JoinKind.FULL,
}
MOST_ARMS = 200
"""Of an OR, that are searched for what they have in common."""


def read_conditions(
    analysis: Analysis,
    node: Node,
    level: Level,
    clause: Clause,
    sources: Sources,
    join: Condition | None = None,
) -> None:
    """Note the predicates and joins of a condition whose names were resolved before."""
    allowed, nulled, kind = None, sources.nulled, JoinKind.INNER
    if join is not None:
        kind, nulled = _JOINS.get(join.kind, JoinKind.INNER), join.nulled
        allowed = {
            JoinKind.LEFT: join.right,
            JoinKind.RIGHT: join.left,
            JoinKind.FULL: frozenset[int](),
        }.get(kind)
    reader = _Reader(analysis, level.scope, clause, allowed, nulled, kind)
    reader.condition(node, False, ())


def read_using(analysis: Analysis, scope: ScopeBuilder) -> None:
    """Note the joins of USING and NATURAL."""
    for kind, (left, right) in scope.using:
        if len(left) != 1 or len(right) != 1:
            continue
        joined = _JOINS.get(kind, JoinKind.INNER)
        scope.joins.append(Join(left[0], right[0], joined, implied=True))
        for one, other, outer in (
            (left[0], right[0], (JoinKind.LEFT, JoinKind.FULL)),
            (right[0], left[0], (JoinKind.RIGHT, JoinKind.FULL)),
        ):
            predicate = Predicate(
                one.relation,
                PredicateKind.EQUALITY,
                one.column,
                columns=(one.column,),
                operator="=",
                compared=Compared(ComparedKind.COLUMN, column=other, depends_on=(other,)),
                clause=Clause.ON,
                restricts=joined not in outer,
                implied=True,
            )
            scope.drafts.append(Draft(predicate))


@dataclass(slots=True)
class _Reader:
    analysis: Analysis
    scope: ScopeBuilder
    clause: Clause
    allowed: frozenset[int] | None
    """The relations that the condition restricts; None: all."""
    nulled: frozenset[int]
    join: JoinKind

    def condition(self, node: Node, negated: bool, path: tuple[tuple[int, int], ...]) -> None:
        if "BoolExpr" not in node:
            self.leaf(node, negated, path)
            return
        expression = node["BoolExpr"]
        operator, arguments = expression["boolop"], expression["args"]
        if operator == "NOT_EXPR":
            self.condition(arguments[0], not negated, path)
        elif (operator == "AND_EXPR") is not negated:
            for argument in arguments:
                self.condition(argument, negated, path)
        else:
            self.disjunction(arguments, negated, path)

    def disjunction(
        self, arguments: list[Node], negated: bool, path: tuple[tuple[int, int], ...]
    ) -> None:
        arms = [_conjuncts(arm, negated) for arm in _flat(arguments, negated)]
        common, arms = _drawn_out(arms)
        for node, inner in common:
            self.condition(node, inner, path)
        if any(not arm for arm in arms):
            return  # one arm held nothing else: the OR adds nothing
        number = len(self.analysis.arms)
        self.analysis.arms.append(len(arms))
        before = len(self.scope.drafts)
        for place, arm in enumerate(arms):
            for node, inner in arm:
                self.condition(node, inner, (*path, (number, place)))
        self.scope.drafts += implied_lists(self.scope.drafts[before:], path, len(arms))

    def leaf(self, node: Node, negated: bool, path: tuple[tuple[int, int], ...]) -> None:
        for found in comparisons(node, negated, self.look):
            self.predicate(found, node, path)
            if not path:
                self.equality(found)
        if "SubLink" in node and not path:
            self.semijoin(node["SubLink"], negated)

    def look(self, node: Node) -> Side:
        return side(self.analysis, self.scope, node)

    def predicate(self, found: Found, node: Node, path: tuple[tuple[int, int], ...]) -> None:
        subject = found.side
        relation = subject.relation
        if relation is None:
            return
        column = subject.plain
        other = found.kind is PredicateKind.OTHER
        expression = None if column is not None or other else index_expression(subject)
        ((_, fields),) = node.items()
        predicate = Predicate(
            relation=relation,
            kind=PredicateKind.OTHER if subject.aggregate else found.kind,
            column=None if column is None else column.column,
            expression=expression,
            columns=tuple(use.column for use in subject.columns),
            operator=found.operator,
            compared=found.compared,
            negated=found.negated,
            clause=self.clause,
            path=path,
            restricts=self.restricts(found, relation.number),
            row=found.row,
            location=self.analysis.location(fields),
        )
        self.scope.drafts.append(Draft(predicate, None if column else subject.node))

    def restricts(self, found: Found, relation: int) -> bool:
        if found.side.aggregate or (self.allowed is not None and relation not in self.allowed):
            return False
        if self.clause is Clause.HAVING and self.scope.grouping_sets:
            return False
        return relation not in self.nulled or (found.strict and found.side.strict)

    def equality(self, found: Found) -> None:
        """Note a comparison of two columns as a join, each pair once."""
        left = found.side.plain
        if found.operator != "=" or found.kind is not PredicateKind.EQUALITY or left is None:
            return
        if found.compared.kind is ComparedKind.COLUMN and found.compared.column is not None:
            right = found.compared.column
            if _stands_before(left, right):
                self.scope.joins.append(Join(left, right, self.join))
        elif found.other is not None and self.clause is Clause.WHERE:
            outer = found.other.plain_outer
            if outer is not None:
                self.scope.outer_equalities.append((left, outer))

    def semijoin(self, node: Node, negated: bool) -> None:
        """EXISTS and IN join the relations outside with those of the subquery."""
        inner = self.analysis.sublinks[id(node)]
        inner.negated = negated
        exists = inner.kind is ScopeKind.EXISTS
        if negated and not exists:
            return  # NOT IN is no join: a NULL in the subquery decides
        kind = JoinKind.ANTI if negated else JoinKind.SEMI
        for own, outer in inner.outer_equalities:
            if outer.owner is self.scope and outer.only is not None:
                self.scope.joins.append(Join(outer.only, own, kind))
        operator = node["operName"][-1]["String"]["sval"] if "operName" in node else "="
        if exists or operator != "=" or node.get("subLinkType") != "ANY_SUBLINK":
            return
        test = node["testexpr"]
        parts = test["RowExpr"].get("args", []) if "RowExpr" in test else [test]
        for part, output in zip(parts, inner.outputs, strict=False):
            subject = self.look(part)
            if subject.plain is not None and output.plain is not None:
                self.scope.joins.append(Join(subject.plain, output.plain, kind, implied=True))
                self._probe(inner, output.plain, subject.plain)

    def _probe(self, inner: ScopeBuilder, own: ColumnUse, outer: ColumnUse) -> None:
        """The subquery's column can be looked up for each row outside."""
        if own.relation.scope != inner.number:
            return
        predicate = Predicate(
            own.relation,
            PredicateKind.EQUALITY,
            own.column,
            columns=(own.column,),
            operator="=",
            compared=Compared(ComparedKind.OUTER, column=outer),
            implied=True,
        )
        inner.drafts.append(Draft(predicate))


def _stands_before(left: ColumnUse, right: ColumnUse) -> bool:
    return left.relation.number < right.relation.number


def _flat(arguments: list[Node], negated: bool) -> list[Node]:
    """The arms of an OR, with those of ORs directly inside."""
    wanted = "AND_EXPR" if negated else "OR_EXPR"
    found: list[Node] = []
    pending = list(reversed(arguments))
    while pending:
        node = pending.pop()
        inner = node.get("BoolExpr")
        if inner is not None and inner["boolop"] == wanted:
            pending.extend(reversed(inner["args"]))
        else:
            found.append(node)
    return found


def _conjuncts(node: Node, negated: bool) -> list[tuple[Node, bool]]:
    """The conditions of one arm that all must hold, each with whether it is negated."""
    found: list[tuple[Node, bool]] = []
    pending = [(node, negated)]
    while pending:
        current, inner = pending.pop()
        expression = current.get("BoolExpr")
        if expression is not None and expression["boolop"] == "NOT_EXPR":
            pending.append((expression["args"][0], not inner))
        elif expression is not None and (expression["boolop"] == "AND_EXPR") is not inner:
            pending.extend((argument, inner) for argument in reversed(expression["args"]))
        else:
            found.append((current, inner))
    return found


_Arm = list[tuple[Node, bool]]


def _drawn_out(arms: list[_Arm]) -> tuple[_Arm, list[_Arm]]:
    """What all arms have in common, and the arms without it."""
    if len(arms) > MOST_ARMS or any(len(arm) > MOST_ARMS for arm in arms):
        return [], arms
    signed = [[(signature(node), inner) for node, inner in arm] for arm in arms]
    shared = set(signed[0]).intersection(*signed[1:])
    if not shared:
        return [], arms
    common = [part for part, sign in zip(arms[0], signed[0], strict=True) if sign in shared]
    rest = [
        [part for part, sign in zip(arm, signs, strict=True) if sign not in shared]
        for arm, signs in zip(arms, signed, strict=True)
    ]
    return common, rest
