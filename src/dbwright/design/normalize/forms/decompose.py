"""Taking a relation apart: synthesis of the third normal form, decomposition to Boyce-Codd's.

Synthesis (Bernstein; Biskup, Dayal, Bernstein): one scheme for each left side of a minimal cover,
left sides that determine each other together, no scheme within another, and one with a key of the
whole. It loses no row and no dependency. The other may lose dependencies: it says which.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from dbwright.design.normalize.forms.theory import (
    FD,
    candidate_keys,
    closure,
    minimal_cover,
)

__all__ = ["Scheme", "boyce_codd", "is_lossless", "lost", "synthesis"]

MOST_SUBSETS = 14
"""Attributes of a scheme up to which each subset is asked what it determines."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """The columns of one table, and those of its key."""

    columns: tuple[str, ...]
    key: tuple[str, ...]


def synthesis(
    attributes: Sequence[str],
    dependencies: Sequence[FD],
    prefer: Sequence[Sequence[str]] = (),
    *,
    contained: bool = False,
) -> tuple[Scheme, ...]:
    """Schemes in third normal form; that with a key of the whole is the last.

    `prefer`: keys to be taken where there are several; `contained`: keep schemes that are within
    others, so that each determinant is the key of one.
    """
    cover = minimal_cover(dependencies)
    groups = _grouped(cover)
    wanted = {frozenset(key) for key in prefer}
    schemes: list[Scheme] = []
    for lefts, rights in groups:
        key = next((left for left in lefts if left in wanted), lefts[0])
        columns = frozenset().union(rights, *lefts)
        schemes.append(Scheme(_in_order(columns, attributes, key), _in_order(key, attributes)))
    if not contained:
        schemes = _not_contained(schemes)
    return _with_key(schemes, attributes, cover, wanted)


def _grouped(cover: Sequence[FD]) -> list[tuple[list[frozenset[str]], frozenset[str]]]:
    """Left sides that determine each other, and all that they determine directly."""
    rights: dict[frozenset[str], set[str]] = {}
    for one in cover:
        rights.setdefault(one.left, set()).update(one.right)
    closures = {left: closure(left, cover) for left in rights}
    groups: list[list[frozenset[str]]] = []
    for left in rights:
        for group in groups:
            if group[0] <= closures[left] and left <= closures[group[0]]:
                group.append(left)
                break
        else:
            groups.append([left])
    merged = [_spared(group, groups, rights, cover) for group in groups]
    return [(group, frozenset(own)) for group, own in zip(groups, merged, strict=True)]


def _spared(
    group: list[frozenset[str]],
    groups: list[list[frozenset[str]]],
    rights: dict[frozenset[str], set[str]],
    cover: Sequence[FD],
) -> set[str]:
    """What the group determines, without what it only does through another group: once left sides
    are equal, a dependency of one may follow from those of the other."""
    own: set[str] = set().union(*(rights[left] for left in group))
    if len(group) == 1:
        return own
    between = [FD(left, other) for left in group for other in group if other is not left]
    others = [one for one in cover if one.left not in group]
    kept = set(own) - frozenset().union(*group)
    for name in sorted(kept):
        rest = [FD(group[0], frozenset(kept - {name}))]
        if name in closure(group[0], [*between, *others, *rest]):
            kept.discard(name)
    return kept


def _not_contained(schemes: Sequence[Scheme]) -> list[Scheme]:
    sets = [frozenset(scheme.columns) for scheme in schemes]
    return [
        scheme
        for number, scheme in enumerate(schemes)
        if not any(
            sets[number] < other or (sets[number] == other and place < number)
            for place, other in enumerate(sets)
            if place != number
        )
    ]


def _with_key(
    schemes: list[Scheme],
    attributes: Sequence[str],
    cover: Sequence[FD],
    wanted: set[frozenset[str]],
) -> tuple[Scheme, ...]:
    everything = frozenset(attributes)
    whole = [scheme for scheme in schemes if closure(scheme.columns, cover) >= everything]
    if whole:
        # The one with the key that is wanted, else the largest.
        best = next((one for one in whole if frozenset(one.key) in wanted), whole[-1])
        return (*(scheme for scheme in schemes if scheme is not best), best)
    keys = candidate_keys(attributes, cover)
    key = next((one for one in keys if frozenset(one) in wanted), keys[0])
    return (*schemes, Scheme(key, key))


def _in_order(
    names: Iterable[str], attributes: Sequence[str], first: Iterable[str] = ()
) -> tuple[str, ...]:
    """As in the relation, the key before the rest."""
    names, first = frozenset(names), frozenset(first)
    ordered = [name for name in attributes if name in names]
    return tuple(sorted(ordered, key=lambda name: name not in first))


def boyce_codd(
    attributes: Sequence[str], dependencies: Sequence[FD]
) -> tuple[tuple[Scheme, ...], tuple[FD, ...]]:
    """Schemes in Boyce-Codd normal form, and the dependencies that no single one of them holds."""
    cover = minimal_cover(dependencies)
    done: list[frozenset[str]] = []
    waiting = [frozenset(attributes)]
    while waiting:
        scheme = waiting.pop(0)
        broken = _violation(scheme, cover)
        if broken is None:
            done.append(scheme)
        else:
            # The smaller part first; what is left keeps the determinant.
            waiting[:0] = [broken.left | broken.right, scheme - (broken.right - broken.left)]
    done = [one for one in done if not any(one < other for other in done)]
    schemes = tuple(
        Scheme(_in_order(one, attributes, key), key)
        for one in dict.fromkeys(done)
        for key in [_key_within(one, attributes, cover)]
    )
    return schemes, lost(cover, [frozenset(scheme.columns) for scheme in schemes])


def _violation(scheme: frozenset[str], cover: Sequence[FD]) -> FD | None:
    """A left side that determines something of the scheme, and not all of it."""
    lefts: Iterable[frozenset[str]] = [one.left for one in cover if one.left <= scheme]
    if len(scheme) <= MOST_SUBSETS:
        lefts = [
            *lefts,
            *(
                frozenset(names)
                for size in range(1, len(scheme) - 1)
                for names in combinations(sorted(scheme), size)
            ),
        ]
    for left in lefts:
        found = closure(left, cover) & scheme
        if left < found < scheme:
            return FD(left, found)
    return None


def _key_within(
    scheme: frozenset[str], attributes: Sequence[str], cover: Sequence[FD]
) -> tuple[str, ...]:
    key = scheme
    # From the right: the names on the left stay.
    for name in reversed([one for one in attributes if one in scheme]):
        if closure(key - {name}, cover) >= scheme:
            key -= {name}
    return _in_order(key, attributes)


def lost(cover: Sequence[FD], schemes: Sequence[frozenset[str]]) -> tuple[FD, ...]:
    """Those that do not follow from what each scheme by itself can hold."""
    found: list[FD] = []
    for one in cover:
        known = set(one.left)
        grew = True
        while grew:
            before = len(known)
            for scheme in schemes:
                known |= closure(known & scheme, cover) & scheme
            grew = len(known) > before
        if not one.right <= known:
            found.append(one)
    return tuple(found)


def is_lossless(
    attributes: Sequence[str], schemes: Sequence[Iterable[str]], dependencies: Sequence[FD]
) -> bool:
    """The chase (Aho, Beeri, Ullman): does the join of the schemes give nothing but the whole?"""
    tableau = [
        {name: -1 if name in set(scheme) else number for name in attributes}
        for number, scheme in enumerate(schemes)
    ]
    changed = True
    while changed:
        changed = False
        for one in dependencies:
            by_left: dict[tuple[int, ...], dict[str, int]] = {}
            for row in tableau:
                first = by_left.setdefault(tuple(row[name] for name in sorted(one.left)), row)
                for name in one.right:
                    if row[name] != first[name]:
                        _equate(tableau, name, row[name], first[name])
                        changed = True
    return any(all(symbol == -1 for symbol in row.values()) for row in tableau)


def _equate(tableau: Sequence[dict[str, int]], name: str, one: int, other: int) -> None:
    low, high = min(one, other), max(one, other)
    for row in tableau:
        if row[name] == high:
            row[name] = low
