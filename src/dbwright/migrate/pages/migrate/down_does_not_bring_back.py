"""A DOWN part does not bring the content back.

## What it finds

Rows and values that are not what they were, after UP and DOWN. Rows that stay behind are a
warning. Found by `dbwright migrate rehearse`.

## Why it matters

Going back loses data that the application before it counts on.

## How to fix

Keep what UP removes (in a table of its own) until it is sure that nobody goes back, and have
DOWN take it from there. Or leave the DOWN part out: then nobody goes back by mistake.

## When to ignore

The data is meant to go: `--accept migrate/down-does-not-bring-back`.

## Sources

- Expand and contract: each step leaves both versions of the application working.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
