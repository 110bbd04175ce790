"""Functional dependencies as sets of names: closures, minimal covers, candidate keys.

Everything keeps the order in which it was given, so that the same input gives the same answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dbwright.errors import BadData

__all__ = [
    "FD",
    "attributes_of",
    "candidate_keys",
    "closure",
    "implies",
    "minimal_cover",
    "read_dependencies",
]

MOST_KEYS = 200
"""Candidate keys that are looked for: there can be more than there are atoms."""
TOKEN = re.compile(
    r"""(?P<space>[ \t\r,]+)|(?P<arrow>->|→)|(?P<end>[;\n])
    |(?P<name>"(?:[^"]|"")+"|[^\s,;">→-](?:[^,;\n">→-]|-(?!>))*)|(?P<other>.)""",
    re.VERBOSE,
)


class FD(NamedTuple):
    """left -> right."""

    left: frozenset[str]
    right: frozenset[str]

    @classmethod
    def of(cls, left: Iterable[str], right: Iterable[str]) -> FD:
        return cls(frozenset(left), frozenset(right))

    def __str__(self) -> str:
        return f"{', '.join(sorted(self.left))} -> {', '.join(sorted(self.right))}"


def closure(names: Iterable[str], dependencies: Sequence[FD]) -> frozenset[str]:
    """Everything that these determine."""
    found = set(names)
    waiting = list(dependencies)
    grew = True
    while grew:
        grew = False
        rest = []
        for one in waiting:
            if one.left <= found:
                if not one.right <= found:
                    found |= one.right
                    grew = True
            else:
                rest.append(one)
        waiting = rest
    return frozenset(found)


def implies(dependencies: Sequence[FD], one: FD) -> bool:
    return one.right <= closure(one.left, dependencies)


def attributes_of(dependencies: Iterable[FD]) -> tuple[str, ...]:
    """Every name, sorted."""
    return tuple(sorted({name for one in dependencies for name in one.left | one.right}))


def minimal_cover(dependencies: Sequence[FD]) -> tuple[FD, ...]:
    """One name on each right side, none to spare on a left side, and no dependency that follows
    from the others."""
    single = [
        FD(one.left, frozenset((name,)))
        for one in dependencies
        for name in sorted(one.right - one.left)
    ]
    single = list(dict.fromkeys(single))
    reduced: list[FD] = []
    for one in single:
        left = one.left
        for name in sorted(one.left):
            if len(left) > 1 and one.right <= closure(left - {name}, single):
                left -= {name}
        reduced.append(FD(left, one.right))
    kept = list(dict.fromkeys(reduced))
    # What was found last goes first: the earlier ones are those that a person would keep.
    for one in reversed(list(kept)):
        rest = [other for other in kept if other is not one]
        if one.right <= closure(one.left, rest):
            kept = rest
    return tuple(kept)


def candidate_keys(
    attributes: Sequence[str], dependencies: Sequence[FD]
) -> tuple[tuple[str, ...], ...]:
    """Minimal sets that determine everything, small ones first; at most MOST_KEYS."""
    everything = frozenset(attributes)
    rights = frozenset().union(*(one.right - one.left for one in dependencies))
    # What nothing determines is in each key.
    core = everything - rights
    if closure(core, dependencies) >= everything:
        return (_ordered(core, attributes),)
    found: list[frozenset[str]] = [_minimal(everything, everything, dependencies)]
    # Lucchesi and Osborn: from each key, each dependency leads to another one.
    for key in found:
        for one in dependencies:
            candidate = one.left | (key - one.right)
            if any(known <= candidate for known in found):
                continue
            found.append(_minimal(candidate, everything, dependencies))
            if len(found) >= MOST_KEYS:
                break
        if len(found) >= MOST_KEYS:
            break
    ordered = [_ordered(key, attributes) for key in found]
    place = {name: number for number, name in enumerate(attributes)}
    return tuple(sorted(ordered, key=lambda key: (len(key), [place[name] for name in key])))


def _minimal(
    names: frozenset[str], everything: frozenset[str], dependencies: Sequence[FD]
) -> frozenset[str]:
    for name in sorted(names):
        if closure(names - {name}, dependencies) >= everything:
            names -= {name}
    return names


def _ordered(names: frozenset[str], attributes: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in attributes if name in names)


def read_dependencies(text: str) -> tuple[FD, ...]:
    """`a, b -> c, d; c -> e`; names with marks in them stand in double quotes.

    Raises BadData with the place.
    """
    found: list[FD] = []
    sides: list[list[str]] = [[]]
    start = position = 0
    for token in TOKEN.finditer(text + ";"):
        if token["name"]:
            sides[-1].append(_bare(token["name"].strip()))
        elif token["arrow"]:
            sides.append([])
        elif token["end"]:
            if len(sides) == 2 and all(sides):
                found.append(FD.of(*sides))
            elif sides != [[]]:
                raise _no_dependency(text, start, token.start())
            sides, start = [[]], token.end()
        elif token["other"]:
            raise _no_dependency(text, start, len(text))
        position = token.end()
    assert position >= len(text)
    return tuple(found)


def _no_dependency(text: str, start: int, end: int) -> BadData:
    piece = text[start:end]
    place = start + len(piece) - len(piece.lstrip())
    line = text.count("\n", 0, place) + 1
    column = place - text.rfind("\n", 0, place)
    return BadData(
        f"{line}:{column}: {piece.strip()!r} is no dependency", "write: a, b -> c; c -> d"
    )


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
