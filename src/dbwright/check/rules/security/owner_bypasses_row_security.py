"""A role that logs in owns tables whose row level security does not bind it.

## What it finds

A role that can log in and is no superuser, and owns tables with policies on which row level
security is not forced.

## Why it matters

Policies don't count for a table's owner. If the application logs in as the owner, which is common,
its policies never come into effect and nothing tells so.

## How to fix

Let the application use a role that owns nothing. Or force row level security on the tables; then
the owner's own jobs (migrations, backups) are bound by it as well.

## When to ignore

The role is for migrations only, and the application logs in as another.

## Sources

- PostgreSQL manual, Row Security Policies: "Table owners normally bypass row security as well".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, Role, Table
from dbwright.model.finding import Confidence, Fix, LockMode, Severity
from dbwright.model.names import quote

TABLE = """
CREATE ROLE shop LOGIN;
CREATE TABLE notes (id bigint PRIMARY KEY, author text NOT NULL);
CREATE POLICY own ON notes USING (author = current_setting('app.user'));
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE notes OWNER TO shop;
"""

BAD = Example(TABLE, own_server=True, objects=("shop",))
GOOD = Example(TABLE + "ALTER TABLE notes FORCE ROW LEVEL SECURITY;", own_server=True)

SHOWN = 10


@rule(
    severity=Severity.NOTICE,
    confidence=Confidence.MEDIUM,
    needs=("catalog.policies", "catalog.roles"),
    bad=BAD,
    good=GOOD,
)
def owner_bypasses_row_security(catalog: Catalog) -> Iterator[Fault]:
    owned: dict[str, list[Table]] = {}
    for table in catalog.tables:
        if table.row_security and table.policies and not table.force_row_security:
            owned.setdefault(table.owner, []).append(table)
    for role in catalog.roles:
        tables = owned.get(role.name, [])
        if tables and role.login and not role.superuser and not role.bypass_rls:
            yield _fault(role, tables)


def _fault(role: Role, tables: list[Table]) -> Fault:
    count = len(tables)
    return Fault(
        object=role.ref,
        message=f"{quote(role.name)} logs in and owns {count} table{'' if count == 1 else 's'} "
        "with policies that do not bind it",
        evidence={
            "tables": [table.qualified for table in tables[:SHOWN]],
            "table_count": count,
        },
        fix=Fix(
            up="\n".join(f"ALTER TABLE {t.qualified} FORCE ROW LEVEL SECURITY;" for t in tables),
            down="\n".join(
                f"ALTER TABLE {t.qualified} NO FORCE ROW LEVEL SECURITY;" for t in tables
            ),
            lock=LockMode.ACCESS_EXCLUSIVE,
            risk="where the policies don't name the owner, its jobs see no rows from then on",
        ),
    )
