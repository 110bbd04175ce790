"""A sequence gives numbers that rows have already.

## What it finds

A column whose sequence was ahead of its rows before the migration, and is behind them after it.
Found by `dbwright migrate rehearse`.

## Why it matters

The next INSERT fails, or the next thousands of them. It is what becomes of a serial column that
is made an identity column without a word on where to begin.

## How to fix

SELECT setval(pg_get_serial_sequence('table', 'column'), max(column)) FROM table.

## When to ignore

The rows with the high numbers come from elsewhere, and another range is used here.

## Sources

- PostgreSQL documentation, Sequence Manipulation Functions; Identity Columns.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
