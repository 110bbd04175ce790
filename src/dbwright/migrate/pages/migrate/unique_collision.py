"""Rows are equal under a unique index.

## What it finds

Rows of the target that a unique index, a key or a collation that the migration makes calls
equal. Building the index fails then; and a copy with ON CONFLICT DO NOTHING into a table that
has it drops all but one. Found by `dbwright migrate rehearse`.

## Why it matters

A build that fails stops a deployment; a copy that drops rows says nothing at all.

## How to fix

Decide which of the rows stays, and delete or change the others by a statement of their own
before.

## When to ignore

The rows are the same thing twice, and one is to go: `--accept migrate/unique-collision`.

## Sources

- github/gh-ost, issue 1526: rows lost without a word under a new unique key.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
