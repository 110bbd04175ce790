"""What `tune` was asked to do, as its steps need it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dbwright.chosen_rules import ChosenRules, choose_rules
from dbwright.configuration import Configuration
from dbwright.model.described import ADVICE, CHATTINESS
from dbwright.model.finding import Severity
from dbwright.model.machine import Machine
from dbwright.model.report import Skipped
from dbwright.tune.advisors.advisor import Advisor
from dbwright.tune.advisors.describe import described_advisors
from dbwright.tune.advisors.registry import all_advisors
from dbwright.tune.indexes.advise import IndexOptions
from dbwright.tune.pages.registry import described_pages
from dbwright.tune.rewrites.configure import ChosenRewrites, choose_rewrites

__all__ = ["Chosen", "Rows", "TuneOptions", "choose"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which rewrites and advisors run, how, and what is not to be seen."""

    rewrites: ChosenRewrites
    advisors: tuple[Advisor, ...]
    advice: ChosenRules
    """What dbwright.toml says of the topic `tune`."""
    talk: ChosenRules
    """And of `chattiness`."""

    @property
    def topics(self) -> tuple[ChosenRules, ...]:
        return (self.advice, self.talk, self.rewrites.rules)

    @property
    def switched_off(self) -> Iterator[Skipped]:
        """Told, so that nobody takes silence for a clean workload."""
        return (off for rules in self.topics for off in rules.switched_off)


def choose(configuration: Configuration) -> Chosen:
    """What dbwright.toml says of the topics that `tune` speaks of. Raises BadConfiguration."""
    known = (*described_advisors(), *described_pages())
    advice, talk = (
        choose_rules(configuration, topic, [rule for rule in known if rule.topic == topic])
        for topic in (ADVICE, CHATTINESS)
    )
    return Chosen(
        rewrites=choose_rewrites(configuration),
        advisors=tuple(one for one in all_advisors() if one.id in advice.enabled),
        advice=advice,
        talk=talk,
    )


@dataclass(frozen=True, slots=True)
class Rows:
    """Where rows are read, and how many."""

    url: str
    each: int | None = None
    """Of each table at most so many, a sample; None for all."""
    most_bytes: int | None = None
    """Of all tables together."""


@dataclass(frozen=True)
class TuneOptions:
    indexes: IndexOptions = field(default_factory=IndexOptions)
    chosen: Chosen = field(default_factory=lambda: choose(Configuration()))
    machine: Machine | None = None
    rows: Rows | None = None
    """None: none are read."""
    measured: bool = False
    """Run before and after on a copy: `rows` are all of them."""
    statement_seconds: float = 60.0
    """No statement runs longer on the copy."""
    fail_on: Severity | None = None
