"""Everybody may change a table.

## What it finds

A table or view on which PUBLIC has INSERT, UPDATE, DELETE or TRUNCATE, in a schema that PUBLIC may
use. With row level security it is a notice, unless PUBLIC may TRUNCATE: policies don't guard that.

## Why it matters

Every role that can connect, and every one that is made later, can alter or empty it.

## How to fix

Grant the privileges to the roles that need them and revoke them from PUBLIC.

## When to ignore

Rarely: a table for notes that really everybody writes.

## Sources

- PostgreSQL manual, Privileges; Row Security Policies: operations on the whole table, "such
  as TRUNCATE and REFERENCES, are not subject to row security".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._grants import (
    ACCESS_RISK,
    Relation,
    granted,
    is_filtered,
    public_schemas,
)
from dbwright.model.catalog import PUBLIC, Catalog, Table
from dbwright.model.finding import Fix, Severity

BAD = Example(
    """
CREATE TABLE invoices (id bigint PRIMARY KEY, total numeric NOT NULL);
GRANT ALL ON invoices TO PUBLIC;
""",
    objects=("public.invoices",),
)
GOOD = Example(
    """
CREATE TABLE invoices (id bigint PRIMARY KEY, total numeric NOT NULL);
GRANT SELECT ON invoices TO PUBLIC;
GRANT INSERT, UPDATE ON invoices TO pg_monitor;
"""
)

CHANGES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")


@rule(severity=Severity.WARNING, needs=("catalog.schemas",), bad=BAD, good=GOOD)
def public_writes_table(catalog: Catalog) -> Iterator[Fault]:
    usable = public_schemas(catalog)
    found: dict[str, tuple[Relation, list[str]]] = {}
    for relation in catalog.relations():
        possible = [p for p in CHANGES if p in granted(relation.grants, PUBLIC)]
        if possible and relation.schema in usable:
            found[relation.qualified] = (relation, possible)
    for relation, possible in found.values():
        parents = relation.inherits if isinstance(relation, Table) else ()
        if not found.keys().isdisjoint(parents):
            continue  # its parent tells it
        filtered = is_filtered(relation) and "TRUNCATE" not in possible
        what = ", ".join(possible)
        yield Fault(
            object=relation.ref,
            message=f"everybody has {what} on {relation.qualified}",
            evidence={"privileges": possible, "owner": relation.owner},
            severity=Severity.NOTICE if filtered else None,
            fix=Fix(
                up=f"REVOKE {what} ON {relation.qualified} FROM PUBLIC;",
                down=f"GRANT {what} ON {relation.qualified} TO PUBLIC;",
                risk=ACCESS_RISK,
            ),
        )
