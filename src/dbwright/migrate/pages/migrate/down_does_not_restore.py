"""A DOWN part does not restore the schema.

## What it finds

What differs between the schema before UP and the one after UP and DOWN, object by object. Where
sequences stand and the order of columns don't count. Found by `dbwright migrate rehearse`.

## Why it matters

The next UP, or the application before it, may fail on what is left or missing.

## How to fix

Write what is missing into the DOWN part; `dbwright migrate diff` writes one.

## When to ignore

What is left is meant to stay (an extension, an enum's value).

## Sources

- PostgreSQL documentation, ALTER TYPE (a value can't be removed).
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
