"""Dependencies that are meant, told from those that only happen to hold.

What counts: whether the left side is made to name something, how often it repeats (among the
things it is said of, not among rows that repeat these), how likely the right side were equal by
chance, names, and whether the right side may be what was true at one time: a price, a date, the
address on an invoice. Of that a person is asked, for the rows can't tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from math import log10

from dbwright.design.normalize.forms.theory import FD, implies
from dbwright.design.normalize.mining.found import Dependency, Mined
from dbwright.design.normalize.ranking.judged import Judged, Judgement, Verdict
from dbwright.design.normalize.ranking.key import best_key, equivalent
from dbwright.design.normalize.ranking.words import (
    alike,
    is_copied,
    is_event,
    is_identifier,
    is_measure,
    is_moment,
    is_ordinal,
    stem,
)
from dbwright.design.normalize.relation import Kind, Relation

__all__ = ["accepted_set", "judge", "stated", "worth_mending"]

LEAST_REPEATS = 3
LEAST_FOR_NAMES = 20
"""Repeats that a text must have before it is taken to name something."""
CHANCE = -6.0
"""Decimal logarithm of how likely it may be to have come by chance."""


def judge(relation: Relation, mined: Mined) -> Judgement:
    """What the rows and the names tell; nobody was asked yet."""
    classes = equivalent(relation, mined)
    stands_for = {name: group[0] for group in classes for name in group}
    key, why = best_key(relation, mined, stands_for)
    judging = _Judging(relation, mined, stands_for)
    judged = [judging.verdict(one) for one in mined.dependencies]
    return _followed(Judgement(relation, mined, key, why, tuple(judged), classes))


def accepted_set(judgement: Judgement) -> tuple[FD, ...]:
    """What tables are made of: the key's dependencies, and those that were accepted."""
    found = [
        FD.of(one.dependency.left, (one.dependency.right,))
        for one in judgement.of(Verdict.ACCEPTED)
    ]
    if judgement.key:
        found.append(FD.of(judgement.key, judgement.relation.names))
    return tuple(found)


def _followed(judgement: Judgement) -> Judgement:
    """What follows from the accepted ones holds as long as these do."""
    taken = [
        FD.of(one.dependency.left, (one.dependency.right,))
        for one in judgement.of(Verdict.ACCEPTED)
    ]
    judged = tuple(
        Judged(one.dependency, Verdict.ACCEPTED, "it follows from accepted ones")
        if one.verdict in (Verdict.ASKED, Verdict.ACCIDENTAL)
        and implies(taken, FD.of(one.dependency.left, (one.dependency.right,)))
        else one
        for one in judgement.dependencies
    )
    return replace(judgement, dependencies=judged)


def worth_mending(judgement: Judgement) -> tuple[Dependency, ...]:
    """Of what holds but for a few rows, that whose left side names something."""
    judging = _Judging(
        judgement.relation,
        judgement.mined,
        {name: group[0] for group in judgement.equivalent for name in group},
    )
    return tuple(
        one
        for one in judgement.mined.near
        if judging.verdict(one).verdict in (Verdict.ACCEPTED, Verdict.ASKED)
    )


class _Judging:
    def __init__(self, relation: Relation, mined: Mined, stands_for: dict[str, str]) -> None:
        self.relation = relation
        self.stands_for = stands_for
        self.named = any(is_identifier(column) for column in relation.columns)
        self.things = frozenset(
            word
            for column in relation.columns
            if is_identifier(column)
            for word in stem(column.name)
        )
        self.single: dict[str, set[str]] = {}
        for one in mined.dependencies:
            if len(one.left) == 1:
                self.single.setdefault(one.left[0], set()).add(one.right)
        for key in mined.keys:
            if len(key.columns) == 1:
                self.single[key.columns[0]] = set(relation.names) - set(key.columns)
        self._equal = lru_cache(maxsize=None)(self._equal_by_chance)

    def verdict(self, one: Dependency) -> Judged:
        verdict, why = self._decided(one)
        return Judged(one, verdict, why)

    def _decided(self, one: Dependency) -> tuple[Verdict, str]:
        for name in one.left:
            other = self.stands_for.get(name, name)
            if other != name:
                return Verdict.ACCIDENTAL, f"{name} is one to one with {other}, which names it"
        refused = self._unfit(one)
        if refused:
            return Verdict.ACCIDENTAL, refused
        repeats = self._repeats(one)
        if repeats < LEAST_REPEATS:
            return Verdict.ACCIDENTAL, f"only {repeats} of what it is said of repeat the left side"
        chance = repeats * self._equal(one.right)
        if chance > CHANCE:
            return Verdict.ACCIDENTAL, (
                f"it may be chance: {repeats} repeats, and {one.right} is often the same"
            )
        return self._meant(one, repeats)

    def _meant(self, one: Dependency, repeats: int) -> tuple[Verdict, str]:
        columns = [self.relation.column(name) for name in one.left]
        named = all(is_identifier(column) or is_ordinal(column) for column in columns)
        related = alike(columns, one.right, self.relation.name, self.things)
        if not named:
            if len(one.left) > 1:
                return Verdict.ACCIDENTAL, "several columns that name nothing"
            if repeats < LEAST_FOR_NAMES and not related:
                return Verdict.ACCIDENTAL, f"{repeats} repeats only, of what is no identifier"
            if columns[0].kind is Kind.INTEGER and not related:
                return Verdict.ACCIDENTAL, f"{one.left[0]} is a number that names nothing"
            if self.named and not (related and repeats >= LEAST_FOR_NAMES):
                return Verdict.ASKED, f"is {one.left[0]} a name of something? ({repeats} repeats)"
        historical = self._historical(one, related)
        if len(one.left) > 1:
            if historical or repeats < max(LEAST_FOR_NAMES, one.distinct):
                return Verdict.ACCIDENTAL, f"several identifiers, and few repeats ({repeats})"
            alone = self._alone(one)
            if alone:
                return Verdict.ACCIDENTAL, f"{alone} alone determines it, and not the left side"
        if historical:
            nearer = self._nearer(one)
            if nearer:
                return Verdict.ACCIDENTAL, f"{nearer} is nearer to it"
            return Verdict.ASKED, historical
        said = "named after it" if related else "an identifier" if named else "it repeats often"
        return Verdict.ACCEPTED, f"{said}; {repeats:,} repeats, none other"

    def _alone(self, one: Dependency) -> str:
        """An identifier that determines the right side and not the left: this is of another thing,
        and several columns together hit on it."""
        for name, rights in self.single.items():
            named = is_identifier(self.relation.column(name)) and name not in one.left
            if named and one.right in rights and not rights.issuperset(one.left):
                return name
        return ""

    def _nearer(self, one: Dependency) -> str:
        """A finer identifier that determines it as well: the track, not its album, has a price."""
        for name, rights in self.single.items():
            column = self.relation.column(name)
            finer = name not in one.left and rights.issuperset(one.left) and one.right in rights
            back = self.single.get(one.left[0], set()) if len(one.left) == 1 else set()
            event = is_event(column) or column.distinct == self.relation.rows
            if finer and name not in back and is_identifier(column) and not event:
                return name
        return ""

    def _unfit(self, one: Dependency) -> str:
        """Why the left side can be no key of a table."""
        for name in one.left:
            column = self.relation.column(name)
            if is_measure(column) or column.kind in (Kind.NUMERIC, Kind.BOOLEAN):
                return f"{name} is a measure" if is_measure(column) else f"{name} is a yes or no"
            if is_moment(column):
                return f"{name} is a moment"
            if column.kind is Kind.OTHER and not is_identifier(column):
                return f"{name} is {column.type}"
        missing = self._without_left(one)
        if missing:
            return f"{missing} rows have a NULL on the left and a value on the right"
        return ""

    def _without_left(self, one: Dependency) -> int:
        """Rows that a key could not tell: NULL on the left, a value on the right."""
        right = self.relation.column(one.right)
        without: set[int] = set()
        for name in one.left:
            column = self.relation.column(name)
            if column.null is None:
                continue
            null, none = column.null, right.null
            without.update(
                row
                for row, (code, own) in enumerate(zip(column.codes, right.codes, strict=True))
                if code == null and own != none
            )
        return len(without)

    def _repeats(self, one: Dependency) -> int:
        """How many things repeat the left side. Rows of a joined table repeat all there is of a
        customer: of what a customer's columns say, customers count, and not rows."""
        counts = [self.relation.rows]
        for name, rights in self.single.items():
            column = self.relation.column(name)
            knows = one.right in rights and rights.issuperset(one.left)
            if knows and name not in one.left and is_identifier(column):
                counts.append(column.distinct)
        larger = [count for count in counts if count > one.distinct]
        return min(larger, default=one.distinct) - one.distinct

    def _equal_by_chance(self, name: str) -> float:
        """Decimal logarithm of how likely two rows are equal in it."""
        counts = Counter(self.relation.column(name).codes).values()
        rows = self.relation.rows
        return log10(max(sum(count * count for count in counts) / (rows * rows), 1e-300))

    def _historical(self, one: Dependency, related: bool) -> str:
        """The question, where the right side may be what was true at one time."""
        right = self.relation.column(one.right)
        copied = is_copied(right) and not related
        if not (copied or is_measure(right) or is_moment(right)):
            return ""
        left = [self.relation.column(name) for name in one.left]
        if related or any(is_event(column) for column in left):
            return ""
        what = ", ".join(one.left)
        if is_moment(right):
            return f"is {one.right} a date of {what}, or of each row?"
        return f"may {one.right} change while {what} stays, with old rows keeping the old one?"


def stated(judgement: Judgement, said: Sequence[tuple[tuple[str, ...], str, Verdict]]) -> Judgement:
    """With what a person said of dependencies (left, right, verdict), and what follows from it."""
    by_name = {
        (frozenset(left), right): verdict
        for left, right, verdict in said
        if verdict in (Verdict.ACCEPTED, Verdict.REJECTED)
    }
    judged = tuple(
        Judged(one.dependency, verdict, "a person said so", stated=True)
        if (verdict := by_name.get((frozenset(one.dependency.left), one.dependency.right)))
        else one
        for one in judgement.dependencies
    )
    return _followed(replace(judgement, dependencies=judged))
