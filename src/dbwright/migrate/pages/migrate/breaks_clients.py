"""Clients of the version before are refused.

## What it finds

What the server refuses readers and writers that name the columns of the schema before, while UP
runs and after it. Readers keep their statements prepared, as most drivers do. Found by
`dbwright migrate rehearse`.

## Why it matters

While a deployment is on its way, both versions of the application are at work, and the one
before meets the schema after.

## How to fix

Two deployments: first what both versions can work with (a new column beside the old one), then
the rest. `dbwright migrate plan` writes them.

## When to ignore

The application is stopped for the deployment, or nothing reads the column any more.

## Sources

- PostgreSQL documentation, PREPARE; expand and contract.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.WARNING)
