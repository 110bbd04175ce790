"""A page of a finding: a docstring with the fixed headings, in a file of its own."""

from __future__ import annotations

import inspect

from dbwright.model.described import DescribedRule
from dbwright.model.finding import Confidence, Severity
from dbwright.model.page import read_own_page

__all__ = ["migration_page"]


def migration_page(*, severity: Severity, since: str = "0.1") -> DescribedRule:
    """The page of the file that calls it: `pages/<topic>/<name_of_the_fault>.py`.

    Raises TypeError where its docstring is not in order.
    """
    frame = inspect.currentframe()
    assert frame is not None and frame.f_back is not None
    id_, page = read_own_page(frame.f_back.f_globals)
    return DescribedRule(
        id=id_,
        severity=severity,
        confidence=Confidence.HIGH,
        page=page,
        since=since,
        needs=("migrations",),
    )
