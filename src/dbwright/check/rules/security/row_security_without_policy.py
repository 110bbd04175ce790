"""Row level security is on, and no policy lets anybody in.

## What it finds

A table with row level security, on which others than the owner have privileges, without a
permissive policy. With restrictive policies alone it is a warning: they only narrow what a
permissive one allows. Without any policy it is a notice.

## Why it matters

Everybody but the owner and roles that bypass row level security reads an empty table and can't
insert, without an error on reading: programs behave as if there were no data.

## How to fix

Write a permissive policy for those who should see rows. If nobody should, take the privileges
away as well, so that the attempt is an error and not an empty answer.

## When to ignore

The table is closed to all roles but those that bypass row level security, on purpose.

## Sources

- PostgreSQL manual, Row Security Policies: "If no policy exists for the table, a default-deny
  policy is used".
- PostgreSQL manual, CREATE POLICY: "there needs to be at least one permissive policy to grant
  access to records before restrictive policies can be usefully used to reduce that access".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._grants import grantee_name, others_with
from dbwright.check.rules.security._roles import bypasses_row_security
from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import Severity

TABLE = """
CREATE TABLE notes (id bigint PRIMARY KEY, tenant text NOT NULL);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
"""
GRANT = "GRANT SELECT ON notes TO PUBLIC;"

BAD = (
    Example(TABLE + GRANT, objects=("public.notes",), fix_mends=False),
    Example(
        TABLE + GRANT + "CREATE POLICY tenants ON notes AS RESTRICTIVE USING (tenant <> 'gone');",
        objects=("public.notes",),
        fix_mends=False,
    ),
)
GOOD = (
    Example(TABLE),
    Example(TABLE + GRANT + "CREATE POLICY tenants ON notes USING (tenant = current_user);"),
)

ROWS = ("SELECT", "INSERT", "UPDATE", "DELETE")


@rule(
    severity=Severity.NOTICE,
    needs=("catalog.policies", "catalog.roles"),
    bad=BAD,
    good=GOOD,
)
def row_security_without_policy(catalog: Catalog) -> Iterator[Fault]:
    for table in catalog.tables:
        if not table.row_security or any(policy.permissive for policy in table.policies):
            continue
        shut_out = _shut_out(catalog, table)
        if not shut_out:
            continue
        what = "only restrictive policies" if table.policies else "no policy"
        yield Fault(
            object=table.ref,
            message=f"{table.qualified} has row level security and {what}: "
            f"{', '.join(map(grantee_name, shut_out))} may use it and "
            f"get{'' if len(shut_out) > 1 else 's'} no rows",
            evidence={
                "roles_without_rows": shut_out,
                "restrictive_policies": [policy.name for policy in table.policies],
            },
            severity=Severity.WARNING if table.policies else None,
            advice="Write a permissive policy for the roles that should see rows, or revoke their "
            "privileges.",
        )


def _shut_out(catalog: Catalog, table: Table) -> list[str]:
    """Who has privileges on rows and gets none; also the owner where policies bind it."""
    found = [
        role
        for role in sorted(others_with(table, ROWS))
        if not bypasses_row_security(catalog, role, table)
    ]
    owner = catalog.role(table.owner)
    if owner is not None and not bypasses_row_security(catalog, owner.name, table):
        found.append(owner.name)
    return found
