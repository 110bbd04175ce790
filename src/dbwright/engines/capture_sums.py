"""What a capture's lines add up to: queries, and what is repeated within transactions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import sqrt
from typing import Any

from dbwright.model.conversation import Call, Repetition
from dbwright.model.workload import Query
from dbwright.sql.parameters import numbers_in

__all__ = ["Group", "Repeated", "Statement", "Step", "moment", "repeat"]

SHORTEST = 1e-6
BUCKETS_PER_OCTAVE = 4
"""As the writer has them: bucket n of a histogram goes up to SHORTEST * 2 ** (n / 4) seconds."""

MOST_SITES = 10
"""Call sites that are told of one query."""

LEAST_TIMES = 5
"""Fewer calls in one transaction are not kept as repeated."""

ONE, OTHER, SAME = "one value", "another value", "the same value"
"""In the place of values that were not recorded."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One text from one place in the application."""

    text: str
    """As the application sent it, with `$1` … for parameters."""
    call_site: str
    """`file:line function`; empty where it is not known."""
    fingerprint: str


@dataclass(slots=True)
class Group:
    """What is added up for one fingerprint."""

    text: str
    calls: int = 0
    seconds: float = 0.0
    squares: float = 0.0
    shortest: float = float("inf")
    longest: float = 0.0
    rows: int | None = None
    histogram: Counter[int] = field(default_factory=Counter)
    sites: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    values: dict[str, list[tuple[str | None, ...]]] = field(default_factory=dict)
    """Of the text that was sent with them."""
    first: float = float("inf")
    last: float = 0.0

    def add(self, statement: Statement, line: Mapping[str, Any]) -> None:
        """A line of calls. Raises KeyError, TypeError, ValueError where it is damaged."""
        scale = float(line.get("scale", 1))
        calls, seconds = round(int(line["calls"]) * scale), float(line["seconds"]) * scale
        histogram = [(int(bucket), round(int(n) * scale)) for bucket, n in line["histogram"]]
        self.squares += float(line["squares"]) * scale
        self.shortest = min(self.shortest, float(line["min"]))
        self.longest = max(self.longest, float(line["max"]))
        self.first = min(self.first, float(line["first"]))
        self.last = max(self.last, float(line["last"]))
        if "rows" in line:
            self.rows = (self.rows or 0) + round(int(line["rows"]) * scale)
        for values in line.get("values", ()):
            self.values.setdefault(statement.text, []).append(tuple(values))
        for bucket, count in histogram:
            self.histogram[bucket] += count
        if statement.call_site:
            self.sites[statement.call_site] += calls
        self.texts[statement.text] += calls
        self.calls += calls
        self.seconds += seconds

    def query(self, name: str) -> Query:
        """The group as a query."""
        mean = self.seconds / self.calls
        variance = max(0.0, self.squares / self.calls - mean * mean)
        example = max(self.texts, key=lambda text: (text in self.values, self.texts[text], text))
        return Query(
            text=self.text,
            fingerprint=name,
            calls=self.calls,
            total_seconds=self.seconds,
            mean_seconds=mean,
            stddev_seconds=sqrt(variance),
            rows=self.rows,
            example=example,
            parameters=self.values.get(example, [()])[-1],
            minimum_seconds=self.shortest,
            p95_seconds=self._quantile(0.95),
            max_seconds=self.longest,
            call_sites=tuple(site for site, _ in self.sites.most_common(MOST_SITES)),
            first_seen=moment(self.first),
            last_seen=moment(self.last),
        )

    def _quantile(self, share: float) -> float:
        """The upper bound of the bucket that it is in."""
        left = share * self.calls
        for bucket in sorted(self.histogram):
            left -= self.histogram[bucket]
            if left <= 0:
                return float(min(SHORTEST * 2.0 ** (bucket / BUCKETS_PER_OCTAVE), self.longest))
        return self.longest


@dataclass(frozen=True, slots=True)
class Step:
    """Calls of one statement that a transaction sent one right after the other."""

    statement: Statement
    times: int
    seconds: float
    changed: int
    """Calls, from the third one on, whose values were others than the call's before."""
    varying: tuple[int, ...]
    """The numbers of the parameters that changed."""

    @property
    def distinct(self) -> float:
        """Calls with values of their own, as far as neighbours tell it."""
        compared = self.times - 2
        return self.times * self.changed / compared if compared > 0 else self.times


@dataclass(slots=True)
class Repeated:
    """What transactions repeat of one query after one other, added up."""

    parent: Statement | None
    bursts: int = 0
    times: int = 0
    most: int = 0
    distinct: float = 0.0
    seconds: float = 0.0
    waiting_seconds: float = 0.0
    in_transactions: int = 0
    sites: Counter[str] = field(default_factory=Counter)
    parent_sites: Counter[str] = field(default_factory=Counter)
    varying: Counter[int] = field(default_factory=Counter)
    text: str = ""
    """Of the longest burst."""

    def repetition(self, name: str, group: Group | None) -> Repetition:
        """As the noun; the group's recorded values are the examples where there are any."""
        parent = self.parent
        return Repetition(
            fingerprint=name,
            examples=self._examples(group),
            parent=None if parent is None else parent.fingerprint,
            parent_example=None if parent is None else Call(parent.text),
            bursts=self.bursts,
            times=self.times,
            most=self.most,
            distinct=min(self.times, max(1, round(self.distinct))),
            seconds=self.seconds,
            waiting_seconds=self.waiting_seconds,
            in_transactions=self.in_transactions,
            call_sites=tuple(site for site, _ in self.sites.most_common(MOST_SITES)),
            parent_call_sites=tuple(site for site, _ in self.parent_sites.most_common(MOST_SITES)),
        )

    def _examples(self, group: Group | None) -> tuple[Call, ...]:
        numbers = numbers_in(self.text)
        recorded = [] if group is None else group.values.get(self.text, [])
        # Of several parameters the one that changes has to differ, and the others not.
        for one in recorded:
            for other in recorded:
                if sum(a != b for a, b in zip(one, other, strict=False)) == 1:
                    return Call(self.text, one), Call(self.text, other)
        varying = {number for number, _ in self.varying.most_common(1)} or set(numbers[:1])
        if not varying or (not self.varying and len(numbers) != 1) or self.distinct < 2:
            return (Call(self.text),)
        ones = tuple(ONE if n in varying else SAME for n in range(1, numbers[-1] + 1))
        others = tuple(OTHER if n in varying else SAME for n in range(1, numbers[-1] + 1))
        return Call(self.text, ones), Call(self.text, others)


def repeat(
    found: dict[tuple[str | None, str], Repeated],
    steps: Sequence[Step],
    lasted: float,
    in_transaction: bool,
) -> None:
    """Add one transaction's repetitions; `lasted`: seconds from its first to its last statement."""
    tallies: dict[str, list[int]] = {}
    for place, step in enumerate(steps):
        tallies.setdefault(step.statement.fingerprint, []).append(place)
    times = {name: sum(steps[place].times for place in places) for name, places in tallies.items()}
    waiting = max(0.0, lasted - sum(step.seconds for step in steps))
    for name, places in tallies.items():
        if times[name] < LEAST_TIMES:
            continue
        parent = _parent(steps, places[0], times)
        key = (None if parent is None else parent.fingerprint, name)
        repeated = found.setdefault(key, Repeated(parent))
        repeated.bursts += 1
        repeated.times += times[name]
        repeated.in_transactions += in_transaction
        repeated.waiting_seconds += waiting * times[name] / sum(times.values())
        if parent is not None and parent.call_site:
            repeated.parent_sites[parent.call_site] += 1
        if times[name] > repeated.most:
            repeated.most = times[name]
            repeated.text = steps[places[0]].statement.text
        for place in places:
            step = steps[place]
            repeated.distinct += step.distinct
            repeated.seconds += step.seconds
            repeated.varying.update(step.varying)
            if step.statement.call_site:
                repeated.sites[step.statement.call_site] += step.times


def moment(seconds: float) -> datetime:
    """Of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def _parent(steps: Sequence[Step], place: int, times: Mapping[str, int]) -> Statement | None:
    """The statement before a loop's first: not one of the same loop."""
    own = times[steps[place].statement.fingerprint]
    for step in reversed(steps[:place]):
        if times[step.statement.fingerprint] * 2 < own:
            return step.statement
    return None
