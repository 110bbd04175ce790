"""A migration was changed after it was applied.

## What it finds

A file whose SHA-256 (line ends as on Unix) is not the one that the history has of it. Found by
`dbwright migrate verify`.

## Why it matters

Databases that ran the file before and after the change have different schemas, and nobody sees it.

## How to fix

Put the file back as it was, from version control, and write the change into a new migration.

## When to ignore

Only a comment was changed, and every database has the same history: then write the new checksum
into the history by hand.

## Sources

- Flyway documentation, validate. amacneil/dbmate#100.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
