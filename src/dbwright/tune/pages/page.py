"""A page of a finding: a docstring with the fixed headings, in a file of its own."""

from __future__ import annotations

import inspect

from dbwright.model.described import DescribedRule, Threshold
from dbwright.model.finding import Confidence, Severity
from dbwright.model.page import read_own_page

__all__ = ["HEARD", "finding_page"]

HEARD = "needs a server log or a capture: `dbwright tune --workload`"
"""What pages of the topic `chattiness` ask for: the order of statements is in these only."""


def finding_page(
    *,
    severity: Severity,
    confidence: Confidence,
    asks: str = "needs a workload: `dbwright tune`",
    thresholds: tuple[Threshold, ...] = (),
    mark: str = "",
    found: tuple[str, str] | None = None,
    since: str = "0.1",
) -> DescribedRule:
    """The page of the file that calls it: `pages/<topic>/<name_of_the_fault>.py`.

    Raises TypeError where its docstring is not in order.
    """
    frame = inspect.currentframe()
    assert frame is not None and frame.f_back is not None
    id_, page = read_own_page(frame.f_back.f_globals)
    return DescribedRule(
        id=id_,
        severity=severity,
        confidence=confidence,
        page=page,
        since=since,
        thresholds=thresholds,
        needs=("workload",),
        asks=asks,
        mark=mark,
        found=found,
    )
