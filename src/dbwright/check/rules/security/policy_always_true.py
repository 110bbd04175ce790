"""A policy lets everybody change every row.

## What it finds

A permissive policy for PUBLIC (or a role of `wide_roles`) whose USING or WITH CHECK is always true
(`true`, `1 = 1` …) and that covers a change which others than the owner may make: UPDATE, DELETE
or ALL is a warning, INSERT a notice. Not policies for one named role, nor for SELECT alone, nor
where a restrictive policy for everybody narrows the same command.

## Why it matters

Permissive policies are joined by OR: one that is always true makes all others for the command
pointless, and row level security protects nothing. With WITH CHECK (true) a role can hand its rows
over to another tenant.

## How to fix

Say which rows: compare a column with the current user or tenant, in USING as well as in WITH CHECK.
Leave WITH CHECK out where it should be the same as USING.

## When to ignore

Everybody may really change every row, as in a public form that anybody fills in.

## Sources

- PostgreSQL manual, CREATE POLICY: all permissive policies that apply are combined with OR.
- PostgreSQL manual, Row Security Policies (its example gives `USING (true)` to one named role).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._grants import granted
from dbwright.check.rules.security._policies import is_always_true, roles_sql
from dbwright.check.rules.security._roles import bypasses_row_security
from dbwright.model.catalog import PUBLIC, Catalog, Policy, Table
from dbwright.model.finding import Severity
from dbwright.model.names import quote

TABLE = """
CREATE TABLE notes (id bigint PRIMARY KEY, author name NOT NULL);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO PUBLIC;
"""

BAD = (
    Example(
        TABLE + "CREATE POLICY anybody ON notes USING (true);",
        objects=("public.notes.anybody",),
        fix_mends=False,
    ),
    Example(
        TABLE
        + """
CREATE POLICY own ON notes FOR UPDATE USING (author = current_user) WITH CHECK (1 = 1);
""",
        objects=("public.notes.own",),
        fix_mends=False,
    ),
)
GOOD = (
    Example(
        TABLE
        + """
CREATE POLICY read ON notes FOR SELECT USING (true);
CREATE POLICY own ON notes FOR UPDATE USING (author = current_user);
CREATE POLICY monitoring ON notes TO pg_monitor USING (true);
"""
    ),
    Example(
        TABLE
        + """
CREATE POLICY anybody ON notes USING (true);
CREATE POLICY own ON notes AS RESTRICTIVE USING (author = current_user);
"""
    ),
)

CHANGES = {
    "ALL": frozenset(["INSERT", "UPDATE", "DELETE"]),
    "INSERT": frozenset(["INSERT"]),
    "UPDATE": frozenset(["UPDATE"]),
    "DELETE": frozenset(["DELETE"]),
}


@rule(severity=Severity.WARNING, needs=("catalog.policies", "catalog.roles"), bad=BAD, good=GOOD)
def policy_always_true(
    catalog: Catalog,
    *,
    wide_roles: Annotated[tuple[str, ...], "roles that stand for everybody, as PUBLIC does"] = (
        "anon",
        "authenticated",
    ),
) -> Iterator[Fault]:
    everybody = {PUBLIC, *wide_roles}
    for table in catalog.tables:
        if not table.row_security:
            continue
        for policy in table.policies:
            wide = everybody.intersection(policy.roles)
            if not policy.permissive or policy.command not in CHANGES or not wide:
                continue
            open_part = _open_part(policy)
            if not open_part or _is_narrowed(table, policy):
                continue
            possible = _possible(catalog, table, sorted(wide)) & CHANGES[policy.command]
            if possible:
                yield _fault(table, policy, open_part, sorted(possible))


def _open_part(policy: Policy) -> str:
    """The expression that is always true, as the statement names it."""
    if is_always_true(policy.using):
        return "USING"
    return "WITH CHECK" if is_always_true(policy.check) else ""


def _is_narrowed(table: Table, policy: Policy) -> bool:
    return any(
        not other.permissive
        and other.command in ("ALL", policy.command)
        and (PUBLIC in other.roles or set(policy.roles) <= set(other.roles))
        for other in table.policies
    )


def _possible(catalog: Catalog, table: Table, roles: Sequence[str]) -> frozenset[str]:
    """What those whom the policy is for may do with rows, apart from policies."""
    found: set[str] = set()
    for grant in (*table.grants, *(g for column in table.columns for g in column.grants)):
        bound = grant.grantee == PUBLIC or (
            grant.grantee != table.owner
            and not bypasses_row_security(catalog, grant.grantee, table)
        )
        if bound and (PUBLIC in roles or grant.grantee in (PUBLIC, *roles)):
            found |= granted((grant,), grant.grantee)
    return frozenset(found)


def _fault(table: Table, policy: Policy, open_part: str, possible: Sequence[str]) -> Fault:
    pointless = [
        other.name
        for other in table.policies
        if other is not policy
        and other.permissive
        and other.command == policy.command
        and open_part == "USING"
    ]
    return Fault(
        object=table.policy_ref(policy.name),
        message=f"the policy {quote(policy.name)} on {table.qualified} is always true in "
        f"{open_part}: {roles_sql(policy)} may {', '.join(possible)} "
        + ("any row" if open_part == "USING" else "any values"),
        evidence={
            "command": policy.command,
            "roles": policy.roles,
            "possible": possible,
            "policies_made_pointless": pointless,
        },
        severity=Severity.NOTICE if policy.command == "INSERT" else None,
        advice="Compare a column with the current user or tenant, or give the policy to the one "
        "role that may change all rows.",
    )
