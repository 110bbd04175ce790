"""What follows from equal columns: `a.x = b.y AND a.x = 5` says `b.y = 5`, too.

The planner knows this by its equivalence classes (equivclass.c); through an outer join it goes from
the preserved side to the other.
"""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from dbwright.sql.scope.builder import Analysis, Draft
from dbwright.sql.scope.nouns import ColumnUse
from dbwright.sql.scope.predicate import Clause, ComparedKind, JoinKind, Predicate, PredicateKind

__all__ = ["add_implied"]

_Known = tuple[int, str]
"""A relation use's number, and a column."""


def add_implied(analysis: Analysis) -> None:
    """Add the equalities with values that follow through joins."""
    edges: dict[_Known, list[tuple[ColumnUse, _Follows]]] = {}
    for scope in analysis.scopes:
        for join in scope.joins:
            forward, back = _FOLLOWS[join.kind]
            edges.setdefault(_known(join.left), []).append((join.right, forward))
            edges.setdefault(_known(join.right), []).append((join.left, back))
    if not edges:
        return
    values = {
        (predicate.relation.number, predicate.column): predicate
        for scope in analysis.scopes
        for predicate in (draft.predicate for draft in scope.drafts)
        if predicate.column is not None and _gives_value(predicate)
    }
    waiting = list(values)
    while waiting:
        start = waiting.pop()
        for end, follows in edges.get(start, ()):
            asked = follows is _Follows.WHERE and values[start].clause is Clause.WHERE
            if _known(end) in values or not (follows is _Follows.ALWAYS or asked):
                continue
            values[_known(end)] = implied = _moved(values[start], end)
            analysis.scopes[end.relation.scope].drafts.append(Draft(implied))
            waiting.append(_known(end))


class _Follows(Enum):
    """Does a value of one column of a join follow for the other?"""

    ALWAYS = 1
    WHERE = 2
    """Where WHERE asks for it: that refuses rows filled with NULLs, and so makes an outer join an
    inner one."""
    NEVER = 3


_FOLLOWS = {
    JoinKind.INNER: (_Follows.ALWAYS, _Follows.ALWAYS),
    JoinKind.LEFT: (_Follows.ALWAYS, _Follows.WHERE),
    JoinKind.RIGHT: (_Follows.WHERE, _Follows.ALWAYS),
    JoinKind.FULL: (_Follows.WHERE, _Follows.WHERE),
    JoinKind.SEMI: (_Follows.ALWAYS, _Follows.ALWAYS),
    JoinKind.ANTI: (_Follows.ALWAYS, _Follows.NEVER),
}
"""From the left column to the right one, and back."""


def _known(use: ColumnUse) -> _Known:
    return use.relation.number, use.column


def _gives_value(predicate: Predicate) -> bool:
    return (
        predicate.kind is PredicateKind.EQUALITY
        and not predicate.path
        and not predicate.negated
        and predicate.restricts
        and predicate.compared.before_scan
        and predicate.compared.kind is not ComparedKind.SUBQUERY
    )


def _moved(predicate: Predicate, use: ColumnUse) -> Predicate:
    return replace(
        predicate,
        relation=use.relation,
        column=use.column,
        columns=(use.column,),
        implied=True,
    )
