"""What is tried, how, and what was seen of it: the nouns of one rehearsal."""

from __future__ import annotations

from dataclasses import dataclass, field

from dbwright.migrate.rehearsal.between import Written
from dbwright.migrate.rehearsal.changes import Change
from dbwright.migrate.rehearsal.runs import Outcome
from dbwright.migrate.runner.work import Work
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Finding
from dbwright.model.rehearsal import RehearsedRun

__all__ = ["Options", "Seen", "Try"]


@dataclass(frozen=True, slots=True)
class Options:
    clients: bool = True
    """Run it among readers and writers as well?"""
    show_values: bool = False
    longest_wait: float = 1.0
    """Seconds that a client may wait before that is told."""


@dataclass(frozen=True, slots=True)
class Try:
    """A migration that is tried."""

    up: Work
    down: Work | None
    """None where the file has no such part, or it is not to be run."""
    resumed: bool = False
    """Is some of it done on the target, which the way back would take along?"""


@dataclass(slots=True)
class Seen:
    """What the runs without clients showed."""

    before: Catalog
    up: RehearsedRun
    after: Catalog | None = None
    """None where UP failed."""
    down: RehearsedRun | None = None
    down_ended: bool = False
    changes: tuple[Change, ...] = ()
    left: tuple[Change, ...] = ()
    """What is not as it was, after UP and DOWN."""
    written: int = 0
    """Rows that were written between UP and DOWN."""
    lost_writes: tuple[Written, ...] = ()
    """Those that DOWN lost."""
    findings: list[Finding] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
