"""A table with rows is dropped.

## What it finds

A table that had rows before UP and is not there after it, nor one that has its rows. A notice
where DOWN brings them back. Found by `dbwright migrate rehearse`.

## Why it matters

Once it ran where it counts, its rows are in a backup at best.

## How to fix

Drop it in a deployment of its own, when nothing has read it for a while; keep the rows until
then.

## When to ignore

The rows are kept elsewhere, or are meant to go.

## Sources

- PostgreSQL documentation, DROP TABLE.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.WARNING)
