"""A migration has no way back.

## What it finds

A file without a DOWN part. Found by `dbwright migrate rehearse`.

## Why it matters

If the deployment fails, the schema can't follow the application back; what was proven is the way
up alone.

## How to fix

Write one; an empty one says that there is nothing to do.

## When to ignore

Data is gone for good with the way up, and a backup is the way back.

## Sources

- dbwright, how-to: change a schema.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.NOTICE)
