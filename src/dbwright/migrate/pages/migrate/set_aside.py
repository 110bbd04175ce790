"""An empty table or column has the name of one with values.

## What it finds

A table or column that was renamed, and an empty one that took its name: the rows are there, but who
reads them by the old name finds none. A notice where DOWN restores it. Found by `dbwright migrate
rehearse`.

## Why it matters

The application asks for the name.

## How to fix

Copy what it still needs before the names change, or let the application know both.

## When to ignore

The old rows are an archive, and the new table is to begin empty.

## Sources

- PostgreSQL documentation, ALTER TABLE (RENAME).
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.WARNING)
