"""A migration is older than one that was applied before it.

## What it finds

A file that was not run, with a version below one that was. Found by `dbwright migrate verify`.

## Why it matters

It runs after migrations that were written later, in an order that nobody tried.

## How to fix

Give it a later version; or run it all the same with `dbwright migrate up --allow-gaps`.

## When to ignore

It was merged late, and touches nothing that the later ones do.

## Sources

- Flyway documentation, outOfOrder.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.WARNING)
