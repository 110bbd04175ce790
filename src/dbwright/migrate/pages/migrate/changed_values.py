"""Values are others after a migration.

## What it finds

A column that both schemas have under one name, with other values in the same rows. It is an error
where no statement of the file sets it, and a notice where one does. A warning is what a trigger
changes in rows that the file updates, what `ALTER … TYPE … USING` makes of values that nothing
brings back, and another column under the old name, unless values are missing there: then it is an
error. Found by `dbwright migrate rehearse`.

## Why it matters

What the file updates is meant; what changes beside it may not be.

## How to fix

Look for triggers and for casts that are not reversible.

## When to ignore

A trigger is meant to change them: `--accept migrate/changed-values`.

## Sources

- PostgreSQL documentation, Triggers; ALTER TABLE (USING).
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
