"""Inclusion dependencies: whose values are all values of a unique column elsewhere.

What refers may be of the same relation (an employee's manager). NULL refers to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbwright.design.normalize.mining.found import Inclusion
from dbwright.design.normalize.relation import Column, Kind, Relation

__all__ = ["inclusions"]

EXAMPLES = 5
COMPARABLE = (Kind.INTEGER, Kind.TEXT, Kind.OTHER)
"""Kinds of columns that refer: measures, dates and truth values only look so."""


def inclusions(relations: Sequence[Relation], *, tolerance: float = 0.0) -> tuple[Inclusion, ...]:
    """Of all pairs of columns. `tolerance`: the share of rows that may have no such value."""
    found: list[Inclusion] = []
    for target in relations:
        for unique in target.columns:
            if unique.distinct != target.rows or unique.nulls or unique.kind not in COMPARABLE:
                continue
            there = set(unique.values)
            for table, column in _referring(relations, target, unique):
                one = _tested(table, column, target, unique, there, tolerance)
                if one is not None:
                    found.append(one)
    return tuple(found)


def _referring(
    relations: Sequence[Relation], target: Relation, unique: Column
) -> Iterator[tuple[Relation, Column]]:
    for table in relations:
        for column in table.columns:
            itself = table is target and column is unique
            if not itself and column.kind is unique.kind:
                yield table, column


def _tested(
    table: Relation,
    column: Column,
    target: Relation,
    unique: Column,
    there: set[str | None],
    tolerance: float,
) -> Inclusion | None:
    missing = {
        code for code, value in enumerate(column.values) if value is not None and value not in there
    }
    rows = table.rows - column.nulls
    orphans = 0
    examples: list[tuple[int, str]] = []
    if missing:
        if len(missing) > tolerance * rows:
            return None
        for row, code in enumerate(column.codes):
            if code in missing:
                orphans += 1
                if len(examples) < EXAMPLES:
                    examples.append((row + 1, str(column.values[code])))
        if orphans > tolerance * rows:
            return None
    return Inclusion(
        table.name,
        column.name,
        target.name,
        unique.name,
        column.distinct - (column.null is not None) - len(missing),
        unique.distinct,
        orphans,
        tuple(examples),
    )
