"""Values are cut off.

## What it finds

A text that is shorter after UP, and begins as it did before. Found by `dbwright migrate
rehearse`.

## Why it matters

An explicit cast to varchar(n) cuts texts off without an error, and nothing brings the rest
back.

## How to fix

Leave the cast out: the server then refuses what is too long, and tells of it. Or make the type
long enough.

## When to ignore

What is cut off is meant to go.

## Sources

- PostgreSQL documentation, Character Types (explicit casts truncate).
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
