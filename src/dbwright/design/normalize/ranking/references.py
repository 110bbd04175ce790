"""Inclusion dependencies that are foreign keys, told from values that only look alike.

The numbers 1 to 9 are among the numbers of any table: names, what share of the other's values is
used, and whether the other column is a key tell more than that no value is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbwright.design.normalize.mining.found import Inclusion
from dbwright.design.normalize.ranking.judged import Verdict
from dbwright.design.normalize.ranking.words import is_identifier, is_measure, stem, words
from dbwright.design.normalize.relation import Column, Kind, Relation

__all__ = ["JudgedInclusion", "judge_inclusions"]

ACCEPTED = 1.7
ASKED = 1.0


@dataclass(frozen=True, slots=True)
class JudgedInclusion:
    """One inclusion, how it ranks (higher is better), and why."""

    inclusion: Inclusion
    verdict: Verdict
    score: float
    why: tuple[str, ...]
    declared: bool = False


def judge_inclusions(
    found: Sequence[Inclusion], relations: Sequence[Relation]
) -> tuple[JudgedInclusion, ...]:
    """The best first."""
    by_name = {relation.name: relation for relation in relations}
    judged = [_judged(one, by_name) for one in found]
    # Of several tables that a column may refer to, one is meant.
    best: dict[tuple[str, str], float] = {}
    for one in judged:
        place = (one.inclusion.table, one.inclusion.column)
        best[place] = max(best.get(place, 0.0), one.score)
    told = [
        _second(one) if one.score < best[one.inclusion.table, one.inclusion.column] else one
        for one in judged
    ]
    return tuple(sorted(told, key=lambda one: (-one.score, *_order(one.inclusion))))


def _second(one: JudgedInclusion) -> JudgedInclusion:
    if one.declared or one.verdict is Verdict.ACCIDENTAL:
        return one
    why = (*one.why, "another column fits better")
    return JudgedInclusion(one.inclusion, Verdict.ACCIDENTAL, one.score, why)


def _order(one: Inclusion) -> tuple[str, str, str, str]:
    return (one.table, one.column, one.referenced_table, one.referenced_column)


def _judged(one: Inclusion, relations: dict[str, Relation]) -> JudgedInclusion:
    table, target = relations[one.table], relations[one.referenced_table]
    column = table.column(one.column)
    unique = target.column(one.referenced_column)
    for reference in table.references:
        if (reference.columns, reference.table, reference.referenced) == (
            (one.column,),
            one.referenced_table,
            (one.referenced_column,),
        ):
            return JudgedInclusion(one, Verdict.ACCEPTED, 10.0, ("declared",), declared=True)
    points = [*_names(column, unique, target), *_values(one, table, target, column, unique)]
    score = sum(points_ for points_, _ in points)
    verdict = Verdict.ACCIDENTAL
    if score >= ASKED:
        verdict = Verdict.ACCEPTED if score >= ACCEPTED and not one.orphans else Verdict.ASKED
    why = tuple(said for _, said in points)
    return JudgedInclusion(one, verdict, round(score, 2), why)


def _names(column: Column, unique: Column, target: Relation) -> list[tuple[float, str]]:
    own, other = words(column.name), words(unique.name)
    table = words(target.name.rpartition(".")[2])
    if own == other and len(own) > 1:
        return [(1.5, "the same name")]
    if table and set(stem(column.name)) >= set(table) and is_identifier(column):
        return [(1.5, f"named after {target.name}")]
    if set(stem(column.name)) & {*table, *stem(unique.name)}:
        return [(0.8, "names that share a word")]
    if is_identifier(column) and own[-1:] == other[-1:] and len(own) > 1:
        return [(0.2, "both are identifiers")]
    return [(-0.5, "names have nothing in common")]


def _values(
    one: Inclusion, table: Relation, target: Relation, column: Column, unique: Column
) -> list[tuple[float, str]]:
    found: list[tuple[float, str]] = []
    share = one.values / max(1, one.referenced_values)
    if share >= 0.5:
        found.append((0.6, f"{share:.0%} of its values are used"))
    elif share < 0.05:
        found.append((-0.4, f"only {share:.1%} of its values are used"))
    if (unique.name,) in target.keys[:1]:
        found.append((0.5, "it is the primary key"))
    elif is_identifier(unique):
        found.append((0.3, "it is an identifier"))
    if is_measure(column):
        found.append((-1.0, f"{column.name} is a measure"))
    own_key = column.distinct == table.rows and not column.nulls
    if own_key and table is not target:
        found.append((-0.6, f"{column.name} is a key itself"))
    if _dense(column) and _dense(unique):
        found.append((-0.5, "small numbers from 1 on are in every table"))
    return found


def _dense(column: Column) -> bool:
    """Small whole numbers, from 0 or 1 on, hardly one left out."""
    if column.kind is not Kind.INTEGER:
        return False
    numbers = [int(value) for value in column.values if value is not None]
    return bool(numbers) and min(numbers) in (0, 1) and max(numbers) <= 1.2 * len(numbers) + 2
