"""Which key is the key: that of which a person would say that it names a row."""

from __future__ import annotations

from collections.abc import Mapping

from dbwright.design.normalize.mining.found import Mined
from dbwright.design.normalize.ranking.words import (
    is_copied,
    is_identifier,
    is_measure,
    is_moment,
    is_ordinal,
)
from dbwright.design.normalize.relation import Column, Kind, Relation

__all__ = ["best_key", "equivalent", "representative"]

LONG_TEXT = 40
"""Characters on average."""
UNFIT = 3.0


def best_key(
    relation: Relation, mined: Mined, stands_for: Mapping[str, str]
) -> tuple[tuple[str, ...], str]:
    """The key and why it is; empty where none is fit."""
    for key in relation.keys:
        if all(not relation.column(name).nulls for name in key):
            return key, "declared"
    best: tuple[float, tuple[str, ...]] | None = None
    for number, found in enumerate(mined.keys):
        if found.nulls:
            continue
        costs = [
            _cost(relation.column(name), len(found.columns) > 1)
            + (0.5 if stands_for.get(name, name) != name else 0)
            for name in found.columns
        ]
        cost = sum(costs) + 0.6 * (len(costs) - 1) + 0.001 * number
        if max(costs) < UNFIT and (best is None or cost < best[0]):
            best = (cost, found.columns)
    if best is None:
        said = "no two rows are equal in it, but it is made of measures" if mined.keys else ""
        return (
            (),
            said
            or f"no columns, of up to {mined.left + 1} together, tell every row from each other",
        )
    others = len(mined.keys) - 1
    more = f"; {others} more would do in these rows" if others else ""
    return best[1], f"no two rows are equal in it{more}"


def _cost(column: Column, composite: bool) -> float:
    """How far it is from what a person would take."""
    if is_ordinal(column):
        return -0.1 if composite else 0.3
    if is_identifier(column):
        return 0.0
    if is_measure(column) or column.kind in (Kind.BOOLEAN, Kind.NUMERIC):
        return UNFIT
    if is_moment(column):
        return 1.0
    if column.kind is Kind.INTEGER:
        return 0.5
    texts = [value for value in column.values[:1000] if value is not None]
    length = sum(map(len, texts)) / max(1, len(texts))
    return UNFIT if length > LONG_TEXT else 0.7


def equivalent(relation: Relation, mined: Mined) -> tuple[tuple[str, ...], ...]:
    """Columns that determine each other, that which stands for all of them first."""
    pairs = {(one.left[0], one.right) for one in mined.dependencies if len(one.left) == 1}
    groups: dict[str, list[str]] = {}
    for name in relation.names:
        first = next((of for of in groups if (of, name) in pairs and (name, of) in pairs), None)
        groups.setdefault(first or name, []).append(name)
    return tuple(representative(relation, group) for group in groups.values() if len(group) > 1)


def representative(relation: Relation, names: list[str]) -> tuple[str, ...]:
    """The same names: by declared key, identifier, whole number, leftmost."""
    declared = {key[0] for key in relation.keys if len(key) == 1} | {
        reference.columns[0] for reference in relation.references if len(reference.columns) == 1
    }

    def order(name: str) -> tuple[bool, float, bool, bool, bool, int]:
        column = relation.column(name)
        return (
            name not in declared,
            _cost(column, False),
            is_copied(column),
            column.kind is not Kind.INTEGER,
            bool(column.nulls),
            relation.names.index(name),
        )

    return tuple(sorted(names, key=order))
