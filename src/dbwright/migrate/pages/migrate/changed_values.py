"""Values are others after a migration.

## What it finds

A column that both schemas have, with other values in the same rows. It is an error where no
statement of the file changes that table; what the file updates is a notice. Found by `dbwright
migrate rehearse`.

## Why it matters

What the file updates is meant; what changes beside it may not be.

## How to fix

Look for triggers and for casts that are not reversible.

## When to ignore

A trigger is meant to change them.

## Sources

- PostgreSQL documentation, Triggers; ALTER TABLE (USING).
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
