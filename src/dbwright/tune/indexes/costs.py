"""What each query costs under each set of candidates, with as few planner calls as may be.

A plan that was chosen with the indexes Y visible and uses only U of them is the cheapest for every
set X with U ⊆ X ⊆ Y: the planner had all of X to choose from, and X has all that it chose. So each
answer serves an interval of sets. Sets are bit masks: bit n is candidate n.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Answered", "Costs", "KnownPlan", "Planner", "bits", "mask"]


class Answered(Protocol):
    """What a planner says: total cost, and the names of the indexes that the plan uses."""

    @property
    def cost(self) -> float: ...
    @property
    def used(self) -> frozenset[str]: ...


class Planner(Protocol):
    """`sandbox.twin.what_if.WhatIf`."""

    def ask(self, statements: Sequence[str], visible: Iterable[str]) -> Sequence[Answered]: ...


@dataclass(frozen=True, slots=True)
class KnownPlan:
    """The cheapest plan of one query for all sets from `used` to `visible`."""

    cost: float
    used: int
    visible: int
    others: frozenset[str] = frozenset()
    """Names of indexes in the plan that are no candidates."""

    def serves(self, chosen: int) -> bool:
        return not (self.used & ~chosen) and not (chosen & ~self.visible)


class Costs:
    """Of `statements` by number, under sets of the candidates `names` (by number, as bits)."""

    def __init__(
        self,
        planner: Planner,
        statements: Sequence[str],
        names: Sequence[str],
        relevant: Sequence[int],
    ) -> None:
        self._planner = planner
        self._statements = statements
        self._names = names
        self._numbers: Mapping[str, int] = {name: n for n, name in enumerate(names)}
        self.relevant = list(relevant)
        """The candidates that could matter to each statement; all others never do."""
        self.plans: list[list[KnownPlan]] = [[] for _ in statements]
        self.calls = 0
        self.requests = 0

    def __len__(self) -> int:
        return len(self._statements)

    def names(self, chosen: int) -> list[str]:
        """What the planner calls these candidates."""
        return [self._names[number] for number in bits(chosen)]

    def cost(self, query: int, chosen: int) -> float:
        return self.plan(query, chosen).cost

    def plan(self, query: int, chosen: int) -> KnownPlan:
        """The plan of one statement. Raises psycopg.Error where it can't be planned."""
        known = self.known(query, chosen)
        return self._learn([query], chosen)[0] if known is None else known

    def all(self, chosen: int, queries: Iterable[int] | None = None) -> list[float]:
        """The cost of each statement (or of these): the unknown ones in one question."""
        wanted = range(len(self)) if queries is None else list(queries)
        found = {query: self.known(query, chosen) for query in wanted}
        missing = [query for query, plan in found.items() if plan is None]
        found.update(zip(missing, self._learn(missing, chosen), strict=True))
        return [plan.cost for plan in found.values() if plan is not None]

    def widen(self, chosen: int) -> bool:
        """Ask every statement with all of `chosen` visible, those of other statements as well.
        Does one of these matter to a statement for which it was not made?"""
        before = list(self.relevant)
        self._learn(range(len(self)), chosen)
        return self.relevant != before

    def known(self, query: int, chosen: int) -> KnownPlan | None:
        """The plan, where an earlier answer has it."""
        self.requests += 1
        chosen &= self.relevant[query]
        return next((plan for plan in self.plans[query] if plan.serves(chosen)), None)

    def bound(self, query: int, chosen: int) -> float:
        """A cost that the statement can't exceed: of the known plans whose indexes are there."""
        return min(plan.cost for plan in self.plans[query] if not plan.used & ~chosen)

    def _learn(self, queries: Sequence[int], chosen: int) -> list[KnownPlan]:
        if not queries:
            return []
        visible = 0
        for query in queries:
            visible |= chosen & self.relevant[query]
        asked = [self._statements[query] for query in queries]
        answers = self._planner.ask(asked, self.names(visible))
        self.calls += len(queries)
        plans: list[KnownPlan] = []
        for query, answer in zip(queries, answers, strict=True):
            used = mask(self._numbers[name] for name in answer.used if name in self._numbers)
            # One that was thought not to matter, and does: from now on it may.
            self.relevant[query] |= used
            others = frozenset(name for name in answer.used if name not in self._numbers)
            plan = KnownPlan(answer.cost, used, visible & self.relevant[query], others)
            self.plans[query].append(plan)
            plans.append(plan)
        return plans


def mask(numbers: Iterable[int]) -> int:
    """The set of these numbers."""
    found = 0
    for number in numbers:
        found |= 1 << number
    return found


def bits(chosen: int) -> Iterator[int]:
    """The numbers in the set, rising."""
    while chosen:
        lowest = chosen & -chosen
        yield lowest.bit_length() - 1
        chosen ^= lowest
