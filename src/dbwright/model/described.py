"""What a rule says of itself: its page, its thresholds, its examples.

`check` has rules over a catalog, `explain` insights over a plan, `tune` rewrites of queries and
advisors over a workload, `migrate lint` hazards over migrations; all give this noun, so that one
command lists them, one writer makes their pages, and one reader checks what users set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dbwright.model.finding import Confidence, Severity

__all__ = [
    "ADVICE",
    "CHATTINESS",
    "INSIGHTS",
    "MIGRATING",
    "MIGRATIONS",
    "NOT_OF_CHECK",
    "REWRITES",
    "DescribedRule",
    "Threshold",
]

INSIGHTS = "plans"
"""The topic of insights: `[rules."plans/…"]` is for `explain`."""
REWRITES = "rewrites"
"""The topic of other ways to write a query: for `tune`."""
ADVICE = "tune"
"""The topic of what else `tune` advises."""
CHATTINESS = "chattiness"
"""The topic of how applications talk to the database: for `tune`."""
MIGRATIONS = "migrations"
"""The topic of what is wrong with statements of migrations: for `migrate lint`."""
MIGRATING = "migrate"
"""The topic of what `migrate verify` and `migrate rehearse` find of files and their history."""
NOT_OF_CHECK = frozenset((INSIGHTS, REWRITES, ADVICE, CHATTINESS, MIGRATIONS, MIGRATING))
"""Every other topic is for `check`."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A figure that dbwright.toml may set."""

    name: str
    type: Any
    default: object
    """None: nothing is set."""
    help: str


@dataclass(frozen=True, slots=True)
class DescribedRule:
    """A rule, an insight, a rewrite or an advisor as its page shows it."""

    id: str
    """`<topic>/<name-of-the-fault>`."""
    severity: Severity
    confidence: Confidence
    page: Mapping[str, str]
    """The docstring's sections by heading, in order; its first line under the key `title`."""
    since: str
    """The first version that has it."""
    thresholds: tuple[Threshold, ...] = ()
    needs: tuple[str, ...] = ()
    """What it can't be decided without."""
    reads_data: bool = False
    asks: str = ""
    """What must be asked for so that it is decided, as a sentence's end."""
    mark: str = ""
    """The same in a list, where it says nothing without; empty else."""
    in_comments: bool = False
    """Can it be silenced in an object's comment?"""
    found: tuple[str, str] | None = None
    """The language and the text of an example that it finds."""
    not_found: tuple[str, str] | None = None
    """And of one that it does not."""

    @property
    def topic(self) -> str:
        return self.id.partition("/")[0]

    @property
    def name(self) -> str:
        return self.id.partition("/")[2]

    @property
    def title(self) -> str:
        return self.page["title"]

    @property
    def sections(self) -> Mapping[str, str]:
        """The page without its title."""
        return {heading: text for heading, text in self.page.items() if heading != "title"}
