"""Numbers or times lose digits.

## What it finds

A column whose values, cast back to the type that they had, are not what they were: numeric with
fewer digits, timestamps without fractions, double precision as numeric. Found by `dbwright
migrate rehearse`.

## Why it matters

A cast rounds without an error, and nothing brings the digits back.

## How to fix

Choose a type that holds every value, or round by an UPDATE that says so.

## When to ignore

The digits are noise: `--accept migrate/changed-precision`.

## Sources

- PostgreSQL documentation, Numeric Types; Date/Time Types.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
