"""A migration's file can't be run as it is.

## What it finds

A file that is not UTF-8, has no statement, an option that is none, a marker that may be meant as
one, or what only psql understands. Found by `dbwright migrate verify`.

## Why it matters

The next deployment stops before its first migration.

## How to fix

The message says what is wrong, and in which line.

## When to ignore

Never: `dbwright migrate up` refuses the file, and with it those after it.

## Sources

- What a file may say: `dbwright migrate up --help`, and "A file" in the guide to changing a schema.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
