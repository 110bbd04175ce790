"""The role that is to run a migration may not.

## What it finds

A file that is refused (SQLSTATE 42501) when it runs on the copy as the role that connects to the
target, or as that of `--role`, with the attributes, memberships, ownerships and privileges that the
role has there. The rest of the rehearsal then goes on as a superuser. Found by
`dbwright migrate rehearse`.

## Why it matters

It would fail on the target too, in the middle of a deployment; outside of a transaction it would
stay half done.

## How to fix

Make the role the owner of what it alters, or a member of the owner (`GRANT owner TO role`), or
grant it what the message names. Or have another role run it, and rehearse with `--role`.

## When to ignore

A managed service lets its administrators do more than PostgreSQL does (such as
`CREATE EXTENSION`): `--accept migrate/lacks-privilege`.

## Sources

- PostgreSQL documentation, Privileges; Role Membership.
"""

from __future__ import annotations

from dbwright.migrate.pages.page import migration_page
from dbwright.model.finding import Severity

__all__ = ["PAGE"]

PAGE = migration_page(severity=Severity.ERROR)
