"""Everybody may read personal data.

## What it finds

A table, view or materialized view that PUBLIC may read, in a schema that PUBLIC may use and without
row level security, with columns whose names say personal data: email, first_name, birthday, iban …
Two such columns make it an error, one a warning; names that companies and products have as well
(phone, street) count only beside such a one or in pairs.

## Why it matters

Every role that can connect reads it, also those of other programs and those that are made later;
data protection law asks that only those who need the data can.

## How to fix

Grant SELECT to the roles that need it and revoke it from PUBLIC.

## When to ignore

The data is public anyway: the addresses of shops, the names of authors.

## Sources

- PostgreSQL manual, Privileges.
- GDPR, article 25(2) (data protection by default) and article 32 (security of processing).
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._grants import (
    Relation,
    is_filtered,
    public_may,
    public_schemas,
    revoke_public_reads,
    top_relations,
)
from dbwright.check.rules.security._sensitive import personal, personal_kind
from dbwright.model.catalog import Catalog, Column
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import quote

TABLE = """
CREATE TABLE users (
    id bigint PRIMARY KEY, email text NOT NULL, birthday date, newsletter boolean
);
"""

BAD = (
    Example(TABLE + "GRANT SELECT ON users TO PUBLIC;", objects=("public.users",)),
    Example(TABLE + "GRANT SELECT (id, email) ON users TO PUBLIC;", objects=("public.users",)),
)
GOOD = Example(
    TABLE
    + """
GRANT SELECT ON users TO pg_monitor;
GRANT SELECT (id, newsletter) ON users TO PUBLIC;
CREATE TABLE shops (id bigint PRIMARY KEY, street text);
GRANT SELECT ON shops TO PUBLIC;
"""
)


@rule(
    severity=Severity.ERROR,
    confidence=Confidence.MEDIUM,
    needs=("catalog.schemas",),
    bad=BAD,
    good=GOOD,
)
def personal_data_readable_by_public(catalog: Catalog) -> Iterator[Fault]:
    usable = public_schemas(catalog)
    for relation in top_relations(catalog.relations()):
        if relation.schema not in usable or is_filtered(relation):
            continue
        columns = personal(_readable(relation))
        if not columns:
            continue
        telling = [column for column in columns if personal_kind(column) == "telling"]
        names = [column.name for column in columns]
        yield Fault(
            object=relation.ref,
            message=f"everybody may read {', '.join(map(quote, names))} of {relation.qualified}",
            evidence={"columns": names, "owner": relation.owner},
            severity=None if len(telling) > 1 else Severity.WARNING,
            confidence=None if telling else Confidence.LOW,
            fix=revoke_public_reads(relation, columns),
        )


def _readable(relation: Relation) -> Iterator[Column]:
    """The columns that PUBLIC may read."""
    whole = public_may(relation.grants, "SELECT")
    for column in relation.columns:
        if whole or (column.grants and public_may(column.grants, "SELECT")):
            yield column
