"""Content could not be compared.

## What it finds

A table or column whose content before and after the server could not compare: a type without a
cast back, a table that a function of the schema keeps from being read. Found by `dbwright
migrate rehearse`.

## Why it matters

What was not compared is not proven.

## How to fix

Compare it by hand, with a query that fits.

## When to ignore

You have compared it.

## Sources

- PostgreSQL documentation, CREATE CAST.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.WARNING)
