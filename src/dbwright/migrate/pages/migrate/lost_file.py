"""The file of an applied migration is gone.

## What it finds

A version in the history, applied and not rolled back, that no file of the folder has. Found by
`dbwright migrate verify`.

## Why it matters

A new database will lack what this version did, and nothing can take it back.

## How to fix

Get the file back from version control, or from the branch that ran it.

## When to ignore

The folder was squashed on purpose: then make the baseline again.

## Sources

- Flyway documentation, validate (missing migrations).
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
