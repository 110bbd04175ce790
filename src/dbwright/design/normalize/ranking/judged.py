"""What became of each dependency that holds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dbwright.design.normalize.mining.found import Dependency, Mined
from dbwright.design.normalize.relation import Relation

__all__ = ["Judged", "Judgement", "Verdict"]


class Verdict(StrEnum):
    """What is made of a dependency."""

    ACCEPTED = "accepted"
    """Tables may be made of it."""
    ASKED = "asked"
    """Nobody knows but the people whose data it is; nothing is made of it until they say so."""
    ACCIDENTAL = "accidental"
    """It holds in these rows, and most likely not in those to come."""
    REJECTED = "rejected"
    """A person said no."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One dependency, and why it is taken as it is."""

    dependency: Dependency
    verdict: Verdict
    why: str
    stated: bool = False
    """Did a person say so?"""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of one relation."""

    relation: Relation
    mined: Mined
    key: tuple[str, ...]
    """Empty where none is fit to be one."""
    key_why: str
    dependencies: tuple[Judged, ...]
    equivalent: tuple[tuple[str, ...], ...]
    """Columns that determine each other; the first stands for all."""

    def of(self, verdict: Verdict) -> tuple[Judged, ...]:
        return tuple(one for one in self.dependencies if one.verdict is verdict)
