"""Which dependencies break which normal form of a relation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dbwright.design.normalize.forms.theory import FD, candidate_keys, closure, minimal_cover

__all__ = ["Form", "Violation", "form_of", "violations"]


class Form(StrEnum):
    """The highest one that a relation is in."""

    FIRST = "1NF"
    SECOND = "2NF"
    THIRD = "3NF"
    BOYCE_CODD = "BCNF"


@dataclass(frozen=True, slots=True)
class Violation:
    """A dependency that a form does not allow."""

    dependency: FD
    breaks: Form
    """The lowest form that it breaks."""
    why: str


def violations(
    attributes: Sequence[str],
    dependencies: Sequence[FD],
    keys: Sequence[Sequence[str]] | None = None,
) -> tuple[Violation, ...]:
    """Of a minimal cover's dependencies, those with the same left side together.

    `keys`: the candidate keys; None for those that follow.
    """
    cover = minimal_cover(dependencies)
    sets = [frozenset(key) for key in keys or candidate_keys(attributes, cover)]
    prime = frozenset().union(*sets)
    everything = frozenset(attributes)
    found: dict[tuple[frozenset[str], Form], set[str]] = {}
    for one in cover:
        if closure(one.left, cover) >= everything:
            continue
        (name,) = one.right
        if name in prime:
            form = Form.BOYCE_CODD
        elif any(one.left < key for key in sets):
            form = Form.SECOND
        else:
            form = Form.THIRD
        found.setdefault((one.left, form), set()).add(name)
    return tuple(
        Violation(FD(left, frozenset(names)), form, _why(left, form, sets))
        for (left, form), names in sorted(
            found.items(), key=lambda item: (item[0][1] is Form.BOYCE_CODD, item[0][1], 0)
        )
    )


def form_of(found: Sequence[Violation]) -> Form:
    """The form that a relation with these violations is in."""
    broken = {one.breaks for one in found}
    if Form.SECOND in broken:
        return Form.FIRST
    if Form.THIRD in broken:
        return Form.SECOND
    return Form.THIRD if broken else Form.BOYCE_CODD


def _why(left: frozenset[str], form: Form, keys: Sequence[frozenset[str]]) -> str:
    names = ", ".join(sorted(left))
    if form is Form.SECOND:
        key = next(key for key in keys if left < key)
        return f"{names} is a part of the key ({', '.join(sorted(key))})"
    if form is Form.THIRD:
        return f"{names} is no key, and what it determines is in none"
    return f"{names} is no key, though what it determines is a part of one"
