"""A role that an API hands out to anybody may use a table without row level security.

## What it finds

A table without row level security on which a role of `api_roles` has privileges, where that role
can't log in by itself and a login role is a member of it (the pattern of PostgREST and Supabase).
Changes by the anonymous role are an error, by signed-in users a warning, reading a notice.

## Why it matters

The API gives this role to every visitor or every signed-in user: they read or change all rows of
all others, only by knowing the table's name.

## How to fix

Enable row level security and write policies for who may see and change what; or take the
privileges away.

## When to ignore

Every visitor may really see all rows: a list of countries, published articles. The API does not
show the table's schema.

## Sources

- PostgREST documentation, Authentication, Overview of role system.
- Supabase documentation, Row Level Security; splinter, lint 0013 rls_disabled_in_public.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.fixes import alter_table
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._grants import granted
from dbwright.check.rules.security._roles import login_members
from dbwright.model.catalog import PUBLIC, Catalog, TableKind
from dbwright.model.finding import Severity
from dbwright.model.names import quote

ROLES = """
CREATE ROLE anon;
CREATE ROLE authenticator LOGIN NOINHERIT IN ROLE anon;
GRANT USAGE ON SCHEMA public TO anon;
CREATE TABLE orders (id bigint PRIMARY KEY, customer name NOT NULL);
"""

BAD = Example(
    ROLES + "GRANT SELECT, INSERT, UPDATE ON orders TO anon;",
    own_server=True,
    objects=("public.orders",),
)
GOOD = (
    Example(ROLES + "GRANT SELECT ON orders TO authenticator;", own_server=True),
    Example(
        ROLES
        + """
GRANT SELECT, INSERT, UPDATE ON orders TO anon;
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON orders USING (customer = current_setting('request.user'));
""",
        own_server=True,
    ),
)

CHANGES = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
ANONYMOUS = frozenset(["anon", "web_anon", "anonymous"])


@rule(severity=Severity.ERROR, needs=("catalog.roles", "catalog.schemas"), bad=BAD, good=GOOD)
def api_table_without_row_security(
    catalog: Catalog,
    *,
    api_roles: Annotated[tuple[str, ...], "roles that the API takes on for its users"] = (
        "anon",
        "web_anon",
        "anonymous",
        "authenticated",
    ),
) -> Iterator[Fault]:
    logins = login_members(catalog)
    handed_out = [
        role.name
        for role in catalog.roles
        if role.name in api_roles and not role.login and logins.get(role.name)
    ]
    if not handed_out:
        return
    usable = {
        schema.name: [
            role
            for role in handed_out
            if "USAGE" in granted(schema.grants, role) | granted(schema.grants, PUBLIC)
        ]
        for schema in catalog.schemas
    }
    for table in catalog.tables:
        if table.row_security or table.is_partition or table.kind is TableKind.FOREIGN:
            continue
        possible = {
            role: sorted(privileges.intersection(("SELECT", *CHANGES)))
            for role in usable.get(table.schema, ())
            if (privileges := granted(table.grants, role))
        }
        possible = {role: privileges for role, privileges in possible.items() if privileges}
        if not possible:
            continue
        changers = {
            r for r, privileges in possible.items() if not {*CHANGES}.isdisjoint(privileges)
        }
        yield Fault(
            object=table.ref,
            message=f"{table.qualified} has no row level security, and "
            + "; ".join(f"{quote(r)} may {', '.join(p)}" for r, p in possible.items()),
            evidence={"roles": list(possible), "roles_that_change": sorted(changers)},
            severity=None
            if changers & ANONYMOUS
            else Severity.WARNING
            if changers
            else Severity.NOTICE,
            fix=alter_table(
                table,
                "ENABLE ROW LEVEL SECURITY",
                "DISABLE ROW LEVEL SECURITY",
                risk="without policies the API's users see no rows: write them first",
            ),
        )
