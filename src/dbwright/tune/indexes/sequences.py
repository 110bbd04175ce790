"""The B-trees that could serve one relation of a query: equalities, then a range or an order.

Only the order of keys that roles allow is made, not every permutation: each equality may lead (so
that queries can share an index), the others follow by their selectivity.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from dbwright.tune.indexes.candidate import CandidateKey
from dbwright.tune.indexes.usage import Condition, Usage

__all__ = ["Keys", "key_sequences"]

MOST_LEADERS = 4
"""Equalities (or join partners) that are tried as the first key."""
MOST_RANGES = 3


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a B-tree, what they are for, and the share of rows that are read by them."""

    keys: tuple[CandidateKey, ...]
    reasons: tuple[str, ...]
    share: float = 1.0
    lead: float = 1.0
    """The share by the first key alone."""


def key_sequences(usage: Usage, width: int) -> Iterator[Keys]:
    """All sequences of at most `width` keys, some of them several times."""
    fixed, ranges = usage.fixed, usage.ranges[:MOST_RANGES]
    for leading in _rotated(fixed):
        yield from _prefixes(leading, width)
        for last in ranges:
            yield from _whole([*leading, last], width)
    for condition in ranges:
        yield from _whole([condition], width)
    yield from _for_joins(usage, width)
    yield from _for_orders(usage, width)
    for arm in usage.arms:
        equal = [c for c in arm if c.reason not in ("range", "like")]
        behind = [c for c in arm if c.reason in ("range", "like")]
        for keys in _whole([*_best_first(equal), *_best_first(behind)[:1]], width):
            yield replace(keys, reasons=(*keys.reasons, "or"))


def _for_joins(usage: Usage, width: int) -> Iterator[Keys]:
    """The inner side of a nested loop, or the order of a merge join."""
    fixed = usage.fixed
    groups = _by_partner(usage)
    groups += [_together(pair) for pair in combinations(groups[:MOST_LEADERS], 2)]
    for group in groups:
        for leading in _rotated(group):
            yield from _prefixes(leading, width)
            for equal in _rotated(fixed) if fixed else ([],):
                yield from _whole([*leading, *equal], width)
                yield from _whole([*equal, *leading], width)
            for last in usage.ranges[:MOST_RANGES]:
                yield from _whole([*leading, last], width)
                if fixed:
                    yield from _whole([*fixed, *leading, last], width)
                    yield from _whole([*leading, *fixed, last], width)


def _for_orders(usage: Usage, width: int) -> Iterator[Keys]:
    """What comes out sorted or grouped already."""
    single = [condition for condition in usage.fixed if usage.single(condition)]
    for order, reason in usage.orders:
        share = usage.rows and usage.limited and min(1.0, 100 / usage.rows)
        # A page of a list needs all its equalities and the whole order, else it sorts everything.
        most = width + len(order) if usage.limited else max(width, len(order))
        yield from _ordered([], order, reason, most, share or 1.0)
        for count in range(1, min(len(single), width) + 1):
            yield from _ordered(single[:count], order, reason, most, share or 1.0)
        # The newest of each: all that finds the rows of one partner, then the order.
        for group in _by_partner(usage):
            found = [[condition] for condition in group] + [group, [*group, *single]]
            for equal in found:
                yield from _ordered(equal[:width], order, reason, most, 1.0)


def _by_partner(usage: Usage) -> list[list[Condition]]:
    """The join conditions with each other relation, each key once."""
    partners: dict[int | None, list[Condition]] = {}
    for condition in usage.joins:
        keys = partners.setdefault(condition.partner, [])
        if all(other.key != condition.key for other in keys):
            keys.append(condition)
    return list(partners.values())


def _ordered(
    equal: Sequence[Condition],
    order: Sequence[CandidateKey],
    reason: str,
    most: int,
    share: float,
) -> Iterator[Keys]:
    taken = {condition.key.text for condition in equal}
    behind = _forward([key for key in order if key.text not in taken])
    keys = (*(condition.key for condition in equal), *behind)
    if behind and len(keys) <= most:
        for condition in equal:
            share *= condition.share
        lead = equal[0].share if equal else 1.0
        yield Keys(keys, (*(condition.reason for condition in equal), reason), share, lead)


def _forward(order: Sequence[CandidateKey]) -> tuple[CandidateKey, ...]:
    """An index is read backward as well: of the two that are the same, the one that ascends."""
    if not order or not order[0].descending:
        return tuple(order)
    return tuple(
        replace(key, descending=not key.descending, nulls_first=not key.nulls_first)
        for key in order
    )


def _rotated(conditions: Sequence[Condition]) -> Iterator[list[Condition]]:
    """Each of the first ones in the lead, the others behind it in their order."""
    for place in range(min(len(conditions), MOST_LEADERS)):
        rest = [c for other, c in enumerate(conditions) if other != place]
        yield [conditions[place], *rest]


def _prefixes(conditions: Sequence[Condition], width: int) -> Iterator[Keys]:
    for count in range(1, min(len(conditions), width) + 1):
        yield from _whole(conditions[:count], width)


def _whole(conditions: Sequence[Condition], width: int) -> Iterator[Keys]:
    """The keys in this order, each once (the first `width` of them)."""
    kept: dict[str, Condition] = {}
    for condition in conditions:
        kept.setdefault(condition.key.text, condition)
    chosen = list(kept.values())[:width]
    share = 1.0
    for condition in chosen:
        share *= condition.share
    if chosen:
        reasons = dict.fromkeys(condition.reason for condition in chosen)
        keys = tuple(condition.key for condition in chosen)
        yield Keys(keys, tuple(reasons), share, chosen[0].share)


def _together(groups: Iterable[list[Condition]]) -> list[Condition]:
    return [condition for group in groups for condition in group]


def _best_first(conditions: list[Condition]) -> list[Condition]:
    return sorted(conditions, key=lambda condition: (condition.share, condition.key.text))
