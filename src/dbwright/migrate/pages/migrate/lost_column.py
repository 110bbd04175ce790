"""A column with values is dropped.

## What it finds

A column that had values before UP and is not there after it. A notice where DOWN brings them
back. Found by `dbwright migrate rehearse`.

## Why it matters

Once it ran where it counts, its values are in a backup at best.

## How to fix

Drop it in a deployment of its own, when nothing has read it for a while.

## When to ignore

The values are kept elsewhere, or are meant to go.

## Sources

- PostgreSQL documentation, ALTER TABLE.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.WARNING)
