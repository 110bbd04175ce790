"""A DOWN part fails.

## What it finds

A migration that runs, and whose DOWN part the server refuses. Found by `dbwright migrate
rehearse`.

## Why it matters

If the deployment fails, the schema can't follow the application back.

## How to fix

Mend the DOWN part; `dbwright migrate diff` writes one.

## When to ignore

Nobody will ever go back: then leave the DOWN part out, and say so by that.

## Sources

- Expand and contract: each step leaves both versions of the application working.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
