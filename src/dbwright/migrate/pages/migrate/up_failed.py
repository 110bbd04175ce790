"""A migration does not run.

## What it finds

A migration whose UP part the server refuses on a copy of the target. What it leaves behind is
told, and whether another `up` would finish it. Found by `dbwright migrate rehearse`.

## Why it matters

It would stop a deployment in the middle.

## How to fix

Mend the statement that the message names.

## When to ignore

The copy lacks what the target has (an extension, a type): it is listed as not looked at.

## Sources

- PostgreSQL documentation, Appendix A (error codes).
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
