"""Which extended statistics mend the estimates of one table's questions."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog
from dbwright.model.names import quote
from dbwright.tune.statistics.asked import Question
from dbwright.tune.statistics.known import Known, Limits
from dbwright.tune.statistics.trial import (
    KINDS,
    MOST_MEMBERS,
    Gathered,
    Option,
    Relation,
    Trial,
    trial,
)

__all__ = ["Mend", "mends", "options_for"]

ABOUT_AS_GOOD = 1.25
"""Times the least error: what is simpler is taken then."""
ALL_SUBSETS = 4
"""Members of which all subsets are tried; of more, the pairs and the whole."""
MOST_PARTS = 60
"""Objects of one kind that are tried at a time."""


@dataclass(frozen=True, slots=True)
class Mend:
    """Statistics that mend estimates, and what they do to the one that is most wrong."""

    option: Option
    question: Question
    before: float
    """Rows (or groups) that the planner expects without them."""
    real: int
    after: float
    cases: int
    """Constants that were tried."""
    mean_before: float
    """Geometric mean of the errors of all cases."""
    mean_after: float
    served: tuple[Question, ...]
    """All questions that they mend, some perhaps together with other statistics."""
    gathered: tuple[Gathered, ...]


def mends(
    connection: psycopg.Connection[Any],
    catalog: Catalog,
    relation: Relation,
    known: Sequence[Known],
    limits: Limits,
) -> tuple[Mend, ...]:
    """The statistics worth having for questions whose number of rows is known, on a server with
    the table's rows (and fresh statistics). Raises psycopg.Error, also for a time-out."""
    major = connection.info.server_version // 10000
    wrong = [one for one in known if one.worst(one.estimates(connection), limits) is not None]
    best: list[tuple[Known, Option]] = []
    for batch in _batches([(one, options_for(one.question, relation, major)) for one in wrong]):
        every = [option for _, options in batch for option in options]
        with trial(connection, catalog, relation, every) as tried:
            look = _Look(connection, tried, limits)
            for one, options in batch:
                option = look.best(one, options)
                if option is not None:
                    best.append((one, option))
    if not best:
        return ()
    # Once more, with these alone: of another sample of rows that ANALYZE takes.
    joined = _joined([option for _, option in best])
    mended = [one for one, _ in best]
    with trial(connection, catalog, relation, joined) as tried:
        look = _Look(connection, tried, limits)
        kept = look.without_superfluous(joined, mended)
        found = [look.mend(option, kept, mended) for option in kept]
    return tuple(mend for mend in found if mend is not None)


def _batches(
    asked: Sequence[tuple[Known, tuple[Option, ...]]],
) -> Iterator[list[tuple[Known, tuple[Option, ...]]]]:
    """Questions with their options, as many as one ANALYZE may be asked to fill."""
    batch: list[tuple[Known, tuple[Option, ...]]] = []
    parts: set[tuple[tuple[str, ...], str]] = set()
    for one, options in asked:
        own = {(option.members, kind) for option in options for kind in option.kinds or ("",)}
        if batch and len(parts | own) > MOST_PARTS:
            yield batch
            batch, parts = [], set()
        if own:
            batch.append((one, options))
            parts |= own
    if batch:
        yield batch


def options_for(question: Question, relation: Relation, major: int) -> tuple[Option, ...]:
    """What may mend a question's estimates, the simplest first."""
    columns = {quote(column.name) for column in relation.columns}
    keys = [key for key in question.keys if key in columns or major >= 14][:MOST_MEMBERS]
    if len(keys) == 1 and keys[0] not in columns:
        return (Option(tuple(keys), ()),)
    if question.groups:
        return (Option(tuple(keys), ("ndistinct",)),) if len(keys) > 1 else ()
    kinds = (("dependencies",), ("mcv",), ("dependencies", "mcv"))
    return tuple(Option(members, each) for members in _subsets(keys) for each in kinds)


def _subsets(keys: Sequence[str]) -> Iterator[tuple[str, ...]]:
    every = len(keys) <= ALL_SUBSETS
    sizes = range(2, len(keys) + 1) if every else (2, len(keys))
    for size in sizes:
        yield from itertools.combinations(keys, size)


@dataclass(frozen=True)
class _Look:
    """At what is tried."""

    connection: psycopg.Connection[Any]
    tried: Trial
    limits: Limits

    def after(self, known: Known, options: Collection[Option]) -> tuple[float, ...]:
        with self.tried.only(options):
            return known.estimates(self.connection)

    def mended(self, known: Known, options: Collection[Option]) -> bool:
        before, after = self.after(known, ()), self.after(known, options)
        return known.mended(before, after, self.limits)

    def best(self, known: Known, options: Sequence[Option]) -> Option | None:
        """The simplest of those that mend the estimates about as well as any."""
        before = self.after(known, ())
        found: list[tuple[float, Option]] = []
        for option in options:
            if self.tried.has(option):
                after = self.after(known, (option,))
                if known.mended(before, after, self.limits):
                    found.append((known.mean_error(after), option))
        least = min((error for error, _ in found), default=0.0)
        return next((option for error, option in found if error <= ABOUT_AS_GOOD * least), None)

    def without_superfluous(
        self, options: Sequence[Option], wrong: Sequence[Known]
    ) -> tuple[Option, ...]:
        """Those without which some estimate would stay wrong: statistics on (a, b, c) also serve
        what asks for a and b."""
        kept = list(options)
        for option in sorted(options, key=lambda option: len(option.members)):
            others = [other for other in kept if other != option]
            if others and all(self._as_good(one, others, kept) for one in wrong):
                kept = others
        return tuple(kept)

    def _as_good(self, known: Known, others: Sequence[Option], kept: Sequence[Option]) -> bool:
        with_others, with_all = self.after(known, others), self.after(known, kept)
        as_good = known.mean_error(with_others) <= ABOUT_AS_GOOD * known.mean_error(with_all)
        return as_good and self.mended(known, others)

    def needed(self, known: Known, option: Option, kept: Sequence[Option]) -> bool:
        """Does it mend the estimate, by itself or together with others that do not alone?"""
        if self.mended(known, (option,)):
            return True
        others = [other for other in kept if other != option]
        return self.mended(known, kept) and not self.mended(known, others)

    def mend(self, option: Option, kept: Sequence[Option], wrong: Sequence[Known]) -> Mend | None:
        """What it does by itself, to the estimate that is most wrong."""
        alone = [one for one in wrong if self.mended(one, (option,))]
        served = [one for one in wrong if self.needed(one, option, kept)]
        before = [self.after(one, ()) for one in alone]
        found = [
            (one.mean_error(was), one, was, place)
            for one, was in zip(alone, before, strict=True)
            if (place := one.worst(was, self.limits)) is not None
        ]
        if not found:
            return None
        mean, shown, was, place = max(found, key=lambda each: each[0])
        after = self.after(shown, (option,))
        with self.tried.only((option,)):
            gathered = tuple(self.tried.gathered(option))
        return Mend(
            option=option,
            question=shown.question,
            before=was[place],
            real=shown.real[place],
            after=after[place],
            cases=len(shown.cases),
            mean_before=mean,
            mean_after=shown.mean_error(after),
            served=tuple(one.question for one in served),
            gathered=gathered,
        )


def _joined(options: Collection[Option]) -> tuple[Option, ...]:
    """Options on the same members are one with the kinds of all."""
    kinds: dict[tuple[str, ...], set[str]] = {}
    for option in options:
        kinds.setdefault(option.members, set()).update(option.kinds)
    return tuple(
        Option(members, tuple(kind for kind in KINDS if kind in own))
        for members, own in kinds.items()
    )
