"""A number is left out between migrations.

## What it finds

Folders that count one by one, with a number missing between the first file and the last. Found by
`dbwright migrate verify`.

## Why it matters

A file may have been forgotten, or is in a branch that was not merged.

## How to fix

Add the file, or number the later ones anew while nobody has run them.

## When to ignore

The number was given up on purpose.

## Sources

- dbwright, how-to: change a schema.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.WARNING)
