"""A table was made anew without all that the old one had.

## What it finds

A table that another one has taken the place and the name of (a copy that is renamed, a partitioned
one), and that lacks defaults, identity, `NOT NULL`, keys, indexes, checks, foreign keys, triggers,
policies or privileges of the one before. Found by `dbwright migrate rehearse`.

## Why it matters

`CREATE TABLE … AS` copies none of them and `LIKE … INCLUDING ALL` neither foreign keys, triggers,
policies nor privileges. Nothing fails at first: rows come in that no constraint looks at, queries
are slow, roles are refused.

## How to fix

Make them on the new table before it takes the name, and the foreign keys of other tables after it.

## When to ignore

They are meant to go.

## Sources

- PostgreSQL documentation, CREATE TABLE (LIKE), CREATE TABLE AS.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.WARNING)
