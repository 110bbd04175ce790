"""Whether a migration runs depends on the rows.

## What it finds

A migration that made rows with NULLs, long texts and the like stop, and plain ones do not. Only
where rows are made up. Found by `dbwright migrate rehearse`.

## Why it matters

Made rows can't tell whether the real ones fit.

## How to fix

Rehearse on a live target, whose rows decide.

## When to ignore

You know that the rows fit.

## Sources

- PostgreSQL documentation, Appendix A (classes 22 and 23).
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.NOTICE)
