"""A migration can't be taken back.

## What it finds

A file without a DOWN part, or with one that can't be run. Found by `dbwright migrate verify`, and
by `dbwright migrate rehearse`, which then proves the way up alone.

## Why it matters

If the deployment fails, the schema can't follow the application back.

## How to fix

Write a DOWN part; an empty one says that there is nothing to do.

## When to ignore

Data is gone for good with the way up, and a backup is the way back.

## Sources

- Expand and contract: each step leaves both versions of the application working.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.NOTICE)
