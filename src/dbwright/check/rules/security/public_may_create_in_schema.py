"""Everybody may create objects in a schema.

## What it finds

A schema on which PUBLIC has CREATE. Before PostgreSQL 15 that is so for the schema `public` of each
new database, and an upgrade keeps it.

## Why it matters

Every role that can connect can put a function or an operator there that others call by accident,
and so run its code with their rights (CVE-2018-1058).

## How to fix

Revoke CREATE from PUBLIC and grant it to the roles that make objects there.

## When to ignore

Nobody connects to the database but one trusted role.

## Sources

- PostgreSQL manual, Usage Patterns; release notes of 15, Migration: CREATE on the schema
  `public` is no longer granted to PUBLIC.
- PostgreSQL wiki, A Guide to CVE-2018-1058.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._grants import public_may
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Fix, Severity
from dbwright.model.names import quote

BAD = Example("GRANT CREATE ON SCHEMA public TO PUBLIC;", objects=("public",))
GOOD = Example(
    """
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA shop;
GRANT USAGE ON SCHEMA shop TO PUBLIC;
"""
)


@rule(severity=Severity.WARNING, needs=("catalog.schemas",), bad=BAD, good=GOOD)
def public_may_create_in_schema(catalog: Catalog) -> Iterator[Fault]:
    for schema in catalog.schemas:
        if not public_may(schema.grants, "CREATE"):
            continue
        name = quote(schema.name)
        yield Fault(
            object=schema.ref,
            message=f"everybody may create objects in the schema {name}",
            evidence={"owner": schema.owner},
            fix=Fix(
                up=f"REVOKE CREATE ON SCHEMA {name} FROM PUBLIC;",
                down=f"GRANT CREATE ON SCHEMA {name} TO PUBLIC;",
                risk="grant CREATE to the roles that make objects there first",
            ),
        )
