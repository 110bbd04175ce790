"""There are more rows after a migration.

## What it finds

A table with rows that were not there before UP. Found by `dbwright migrate rehearse`.

## Why it matters

What the file inserts is meant; what a trigger or a rule adds may not be.

## How to fix

Leave the trigger out while the migration runs, or write what it is to write.

## When to ignore

The rows are what the file is for.

## Sources

- PostgreSQL documentation, Triggers.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.NOTICE)
