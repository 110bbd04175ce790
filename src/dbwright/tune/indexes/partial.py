"""Predicates for partial indexes: conditions with constants that leave a small part of a table."""

from __future__ import annotations

from dbwright.model.names import quote
from dbwright.sql.scope.predicate import ComparedKind, Predicate, PredicateKind
from dbwright.tune.indexes.candidate import Partial
from dbwright.tune.indexes.selectivity import constant_value, plain_value, share_of
from dbwright.tune.indexes.usage import Usage

__all__ = ["partials"]

LARGEST_SHARE = 0.5
"""Of the rows: an index of more is hardly smaller than one of all."""
MOST_VALUES = 200
"""Different values of a column whose constants are worth an index of their own."""
LONGEST_LIST = 5


def partials(usage: Usage) -> list[tuple[Partial, frozenset[str]]]:
    """Each predicate with the columns that it settles; the one of all of them last."""
    found: list[tuple[Partial, frozenset[str]]] = []
    for predicate in usage.predicates:
        made = _partial(usage, predicate)
        if made is not None and all(made[0] != other[0] for other in found):
            found.append(made)
    if len(found) > 1:
        found.append(_all_of(found))
    return found


def _partial(usage: Usage, predicate: Predicate) -> tuple[Partial, frozenset[str]] | None:
    column = predicate.column
    if column is None or usage.column(column) is None:
        return None
    text = _text(predicate, quote(column))
    if text is None:
        return None
    statistics = usage.statistics.get(column)
    if statistics is None:
        return None  # whether the part is small is not known
    share = share_of(predicate, statistics, usage.rows)
    null_test = predicate.kind is PredicateKind.NULL_TEST
    few = null_test or 0 < statistics.distinct <= MOST_VALUES
    if share > LARGEST_SHARE or not few:
        return None
    value = constant_value(predicate)
    one = predicate.kind in (PredicateKind.EQUALITY, PredicateKind.BOOLEAN)
    fixed = ((column, value),) if one and value is not None else ()
    asks_null = null_test and not predicate.negated
    # A column that is not settled (a list, NOT NULL) may still be a key.
    settled = frozenset((column,)) if fixed or asks_null else frozenset()
    return Partial(text, share, fixed, () if asks_null else (column,)), settled


def _text(predicate: Predicate, column: str) -> str | None:
    """The condition as SQL; None where it can't be the predicate of an index."""
    kind, compared = predicate.kind, predicate.compared
    if kind is PredicateKind.NULL_TEST:
        return f"{column} IS {'NOT ' if predicate.negated else ''}NULL"
    if kind is PredicateKind.BOOLEAN:
        return f"NOT {column}" if predicate.negated else column
    if predicate.negated:
        return None
    if kind is PredicateKind.EQUALITY and compared.kind is ComparedKind.CONSTANT:
        return None if compared.text is None else f"{column} = {compared.text}"
    if kind is not PredicateKind.IN_LIST or not 0 < len(compared.texts) <= LONGEST_LIST:
        return None
    if compared.depends_on or any(plain_value(text) is None for text in compared.texts):
        return None
    return f"{column} IN ({', '.join(compared.texts)})"


def _all_of(
    found: list[tuple[Partial, frozenset[str]]],
) -> tuple[Partial, frozenset[str]]:
    share: float | None = 1.0
    for partial, _ in found:
        share = None if share is None or partial.share is None else share * partial.share
    text = " AND ".join(partial.predicate for partial, _ in found)
    fixed = tuple(pair for partial, _ in found for pair in partial.fixed)
    present = tuple(name for partial, _ in found for name in partial.present)
    return Partial(text, share, fixed, present), frozenset().union(*(names for _, names in found))
