"""A role that logs in bypasses row level security.

## What it finds

In a database with row level security: a role with BYPASSRLS that can log in and is no superuser. A
warning where it may change rows of such a table that it doesn't own, else a notice: a role for
backups needs it.

## Why it matters

No policy counts for it: a program that uses this role for one task that needs it shows and changes
every tenant's rows in all others.

## How to fix

Take BYPASSRLS away and write a policy for what the role needs; or keep it on a role without LOGIN
that the program takes on with SET ROLE for that one task.

## When to ignore

It is the role of backups (`pg_dump` fails where rows are hidden from it) or of replication.

## Sources

- PostgreSQL manual, Row Security Policies; CREATE ROLE, BYPASSRLS.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._grants import others_with
from dbwright.check.rules.security._roles import acts_as
from dbwright.model.catalog import PUBLIC, Catalog, Role
from dbwright.model.finding import Fix, Severity
from dbwright.model.names import quote

TABLE = """
CREATE ROLE app LOGIN;
CREATE TABLE notes (id bigint PRIMARY KEY, author name NOT NULL);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notes USING (author = current_user);
GRANT SELECT, UPDATE ON notes TO app;
"""

BAD = Example(TABLE + "ALTER ROLE app BYPASSRLS;", own_server=True, objects=("app",))
GOOD = Example(TABLE + "CREATE ROLE helper NOLOGIN BYPASSRLS;", own_server=True)

CHANGES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")


@rule(severity=Severity.WARNING, needs=("catalog.roles",), bad=BAD, good=GOOD)
def bypass_rls_role(catalog: Catalog) -> Iterator[Fault]:
    protected = [table for table in catalog.tables if table.row_security]
    if not protected:
        return
    for role in catalog.roles:
        if not role.bypass_rls or not role.login or role.superuser:
            continue
        changes = _changes(catalog, role)
        name = quote(role.name)
        yield Fault(
            object=role.ref,
            message=f"{name} logs in with BYPASSRLS"
            + (f" and may change {changes} tables with row level security" if changes else ""),
            evidence={"tables_with_row_security": len(protected), "tables_it_may_change": changes},
            severity=None if changes else Severity.NOTICE,
            fix=Fix(
                up=f"ALTER ROLE {name} NOBYPASSRLS;",
                down=f"ALTER ROLE {name} BYPASSRLS;",
                risk="it sees only what policies let through from then on, and pg_dump as this "
                "role fails",
            ),
        )


def _changes(catalog: Catalog, role: Role) -> int:
    identities = acts_as(catalog, role.name)
    return sum(
        table.row_security
        and table.owner not in identities
        and not others_with(table, CHANGES).isdisjoint({*identities, PUBLIC})
        for table in catalog.tables
    )
