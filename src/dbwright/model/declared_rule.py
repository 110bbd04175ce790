"""What every rule is, whatever it reads: a function with its id, its page and its examples.

Rules of `check`, insights of `explain`, advisors and rewrites of `tune` and hazards of
`migrate lint` are each such a noun, with what only their kind has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from dbwright.model.described import DescribedRule, Threshold
from dbwright.model.finding import Confidence, Severity
from dbwright.model.page import why_it_matters

__all__ = ["DeclaredRule"]

Found = TypeVar("Found")
"""What its function yields."""
Example = TypeVar("Example")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRule(Generic[Found, Example]):
    """A rule with everything that is known about it."""

    id: str
    """`<topic>/<name-of-the-fault>`."""
    severity: Severity
    confidence: Confidence
    function: Callable[..., Iterable[Found]]
    parts: tuple[str, ...]
    """What the function reads, in the order of its parameters."""
    thresholds: tuple[Threshold, ...]
    page: Mapping[str, str]
    """The docstring's sections by heading; its first line under the key `title`."""
    bad: tuple[Example, ...]
    """In which it finds something."""
    good: tuple[Example, ...]
    """In which it finds nothing."""
    since: str
    """The first version that has it."""

    @property
    def title(self) -> str:
        return self.page["title"]

    @property
    def why(self) -> str:
        """The first paragraph of "Why it matters", as one line."""
        return why_it_matters(self.page)

    def described(self, shown: Callable[[Example], tuple[str, str] | None]) -> DescribedRule:
        """What all kinds say of themselves alike. `shown`: an example's language and text, None
        where nothing of it can be printed."""
        return DescribedRule(
            id=self.id,
            severity=self.severity,
            confidence=self.confidence,
            page=self.page,
            since=self.since,
            thresholds=self.thresholds,
            found=shown(self.bad[0]) if self.bad else None,
            not_found=shown(self.good[0]) if self.good else None,
        )
