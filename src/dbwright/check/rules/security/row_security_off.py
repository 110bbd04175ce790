"""Policies exist, and row level security is off.

## What it finds

A table with policies on which row level security is not enabled.

## Why it matters

The policies do nothing: everybody with SELECT on the table reads every row, although somebody
wrote down who should see which.

PostgreSQL takes CREATE POLICY without a warning while row level security is off.

## How to fix

Enable row level security. From then on a role that none of the permissive policies names sees no
rows, so try the application's roles on a copy first.

## When to ignore

Row level security is switched off for a short while on purpose, during a migration.

## Sources

- PostgreSQL manual, Row Security Policies; ALTER TABLE, ENABLE ROW LEVEL SECURITY.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.fixes import alter_table
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

TABLE = """
CREATE TABLE notes (id bigint PRIMARY KEY, author name NOT NULL, body text);
CREATE POLICY own_notes ON notes USING (author = current_user);
"""

BAD = Example(TABLE, objects=("public.notes",))
GOOD = Example(
    TABLE
    + """
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE TABLE countries (code text PRIMARY KEY);
"""
)


@rule(severity=Severity.ERROR, needs=("catalog.policies",), bad=BAD, good=GOOD)
def row_security_off(catalog: Catalog) -> Iterator[Fault]:
    for table in catalog.tables:
        if not table.policies or table.row_security:
            continue
        count = len(table.policies)
        yield Fault(
            object=table.ref,
            message=f"{table.qualified} has {count} polic{'y' if count == 1 else 'ies'}, "
            "and row level security is off",
            evidence={"policies": [policy.name for policy in table.policies]},
            fix=alter_table(
                table,
                "ENABLE ROW LEVEL SECURITY",
                "DISABLE ROW LEVEL SECURITY",
                risk="roles without a fitting policy see no rows from then on: try it on a copy",
            ),
        )
