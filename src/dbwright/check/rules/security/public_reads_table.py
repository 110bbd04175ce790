"""Everybody may read a table.

## What it finds

A table, foreign table or materialized view on which PUBLIC has SELECT, in a schema that PUBLIC may
use, without row level security. Where columns look like personal data or secrets, the rules
`security/personal-data-readable-by-public` and `security/secret-column` tell it instead.

## Why it matters

PUBLIC is every role there is and every one that will be made: a read-only account for one report
reads this table as well.

## How to fix

Grant SELECT to the roles that need it and revoke it from PUBLIC.

## When to ignore

Reference data that anybody may know: countries, currencies, settings of the program.

## Sources

- PostgreSQL manual, Privileges.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._grants import (
    is_filtered,
    public_may,
    public_schemas,
    revoke_public_reads,
    top_relations,
)
from dbwright.check.rules.security._sensitive import personal, secret_kind
from dbwright.model.catalog import Catalog, View
from dbwright.model.finding import Severity
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE TABLE invoices (id bigint PRIMARY KEY, total numeric NOT NULL);
GRANT SELECT ON invoices TO PUBLIC;
""",
    objects=("public.invoices",),
)
GOOD = Example(
    """
CREATE TABLE invoices (id bigint PRIMARY KEY, total numeric NOT NULL);
GRANT SELECT ON invoices TO pg_monitor;
CREATE TABLE users (email text PRIMARY KEY);
GRANT SELECT ON users TO PUBLIC;
"""
)


@rule(severity=Severity.NOTICE, needs=("catalog.schemas",), bad=BAD, good=GOOD)
def public_reads_table(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    usable = public_schemas(catalog)
    for relation in top_relations(catalog.relations()):
        if not public_may(relation.grants, "SELECT") or is_filtered(relation):
            continue
        if isinstance(relation, View):
            continue  # to show a part of the data is what views are for
        if relation.schema not in usable:
            continue
        if personal(relation.columns) or any(map(secret_kind, relation.columns)):
            continue
        counted = statistics.of(relation) if statistics else None
        yield Fault(
            object=relation.ref,
            message=f"everybody may read {relation.qualified}",
            evidence={"owner": relation.owner, "rows": counted.best_rows if counted else None},
            fix=revoke_public_reads(relation),
        )
