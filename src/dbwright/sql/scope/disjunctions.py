"""What an OR says about one column.

Where every arm says which values a column has, the whole OR does: the planner reads the table with
that list, whatever else the arms say (extract_restriction_or_clauses of orclauses.c).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from dbwright.sql.scope.builder import Draft
from dbwright.sql.scope.predicate import Compared, ComparedKind, Predicate, PredicateKind

__all__ = ["implied_lists"]

_VALUES = (PredicateKind.EQUALITY, PredicateKind.IN_LIST, PredicateKind.ANY_ARRAY)


def implied_lists(
    drafts: Sequence[Draft], path: tuple[tuple[int, int], ...], arms: int
) -> list[Draft]:
    """The lists that follow from an OR of `arms` arms, whose predicates are `drafts`."""
    by_key: dict[tuple[int, str], dict[int, Draft]] = {}
    for draft in drafts:
        predicate = draft.predicate
        direct = len(predicate.path) == len(path) + 1
        if direct and _gives_values(predicate) and predicate.key is not None:
            places = by_key.setdefault((predicate.relation.number, predicate.key), {})
            places.setdefault(predicate.path[-1][1], draft)
    found: list[Draft] = []
    for places in by_key.values():
        if len(places) == arms:
            first = places[min(places)]
            every = [places[place].predicate for place in sorted(places)]
            texts = tuple(text for predicate in every for text in predicate.compared.texts)
            found.append(
                Draft(
                    replace(
                        first.predicate,
                        kind=PredicateKind.IN_LIST,
                        compared=Compared(ComparedKind.LIST, texts),
                        path=path,
                        restricts=all(predicate.restricts for predicate in every),
                        implied=True,
                    ),
                    first.node,
                )
            )
    return found


def _gives_values(predicate: Predicate) -> bool:
    known = predicate.compared.before_scan and bool(predicate.compared.texts)
    return predicate.kind in _VALUES and known and not predicate.negated
