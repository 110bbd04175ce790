"""Clients wait for a migration.

## What it finds

Readers or writers of a table that waited for longer than `--max-wait` while it ran. Found by
`dbwright migrate rehearse`.

## Why it matters

Who waits for a lock keeps its connection, and soon there are none.

## How to fix

`dbwright migrate plan` writes the steps that don't block.

## When to ignore

The copy's machine is much slower than the target's, or the application is stopped meanwhile.

## Sources

- PostgreSQL documentation, Explicit Locking.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.WARNING)
