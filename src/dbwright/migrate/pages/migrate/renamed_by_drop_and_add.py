"""A rename is done as a drop and an add.

## What it finds

A column (or table) that is dropped while one of its type (its columns) is added: with its
values copied it is a notice, without them an error. Found by `dbwright migrate rehearse`.

## Why it matters

A column that is dropped takes its values along; RENAME keeps them, and is done in a moment.
Tools that compare schemas often write it so.

## How to fix

ALTER TABLE … RENAME COLUMN … TO …; or copy the values before the drop.

## When to ignore

The new column has nothing to do with the old one.

## Sources

- PostgreSQL documentation, ALTER TABLE (RENAME).
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
