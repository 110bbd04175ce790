"""A DOWN part loses what was written since UP.

## What it finds

A row that was deleted after UP and is there again after DOWN, one that was added and is gone, one
that was changed and has the values of before. `dbwright migrate rehearse` writes such rows between
the two, to the tables that the file touches and that there were before it.

## Why it matters

Whoever goes back does so hours after a deployment, and loses the orders of those hours, though
the rehearsal of UP and DOWN in a row finds every row in its place.

## How to fix

Keep the old table or column in step while the new one is in use, by a trigger; or have DOWN bring
over what is new before the two change places. Or leave the DOWN part out: then nobody goes back by
mistake.

## When to ignore

Nobody writes between UP and DOWN: `--accept migrate/down-loses-writes`.

## Sources

- Expand and contract: each step leaves both versions of the application working.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
