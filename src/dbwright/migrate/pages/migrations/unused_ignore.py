"""A comment silences nothing.

## What it finds

`-- dbwright: ignore RULE` before a statement of which that rule says nothing. Found by
`dbwright migrate lint`.

## Why it matters

The fault was mended or never was there, and the comment would hide the next one.

## How to fix

Take the comment out.

## When to ignore

The rule only speaks with a target whose tables are large.

## Sources

- squawk, unused-ignore.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.NOTICE)
