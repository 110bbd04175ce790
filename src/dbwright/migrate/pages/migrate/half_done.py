"""A migration stopped half-way.

## What it finds

A version whose statements were done in part: a file without a transaction that failed or was cut
off. Found by `dbwright migrate verify`.

## Why it matters

Some of it is in the database and some is not: neither the version of the application before it
nor the one after it may fit.

## How to fix

`dbwright migrate status` says at which statement it stopped and why; `dbwright migrate up` goes
on there.

## When to ignore

Never.

## Sources

- dbwright, how-to: change a schema.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
