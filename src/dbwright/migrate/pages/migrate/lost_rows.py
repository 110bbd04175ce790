"""Rows are gone after a migration.

## What it finds

A table with fewer rows after UP than before, row by row where a primary key tells them apart.
It is an error where no statement of the file deletes from that table: a cascade, a trigger or a
copy did. What the file deletes itself is a warning, and a notice where DOWN brings it back.
Found by `dbwright migrate rehearse`.

## Why it matters

Once it ran where it counts, they are in a backup at best.

## How to fix

Look for ON DELETE CASCADE, TRUNCATE … CASCADE and triggers of the tables that the file deletes
from.

## When to ignore

The rows are meant to go: `--accept migrate/lost-rows`.

## Sources

- PostgreSQL documentation, Constraints (foreign keys); TRUNCATE.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
