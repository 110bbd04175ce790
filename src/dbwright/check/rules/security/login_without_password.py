"""A role may log in, has no password, and every way in asks for one.

## What it finds

A role with LOGIN and without a password that pg_hba.conf lets in by password only: it can't log in
at all. Roles that come in by certificate, Kerberos, LDAP, peer and the like need none; a `trust`
line is the matter of `settings/trust-authentication`.

## Why it matters

It is either a mistake (the program can't connect) or a forgotten account, which opens to everybody
as soon as somebody adds a `trust` line.

## How to fix

Set a password if somebody uses it (`\\password role` in psql), else take LOGIN away.

## When to ignore

It waits for its first password, or comes in through a pooler that knows another way.

## Sources

- PostgreSQL manual, Role Attributes; The pg_hba.conf File.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._roles import groups_of
from dbwright.model.catalog import Catalog, PasswordKind, Role
from dbwright.model.finding import Fix, Severity
from dbwright.model.names import quote

BAD = Example(
    "CREATE ROLE shop LOGIN;",
    hba="local all all scram-sha-256\nhost all all 127.0.0.1/32 md5",
    objects=("shop",),
)
GOOD = (
    Example("CREATE ROLE shop LOGIN;", hba="local all all peer"),
    Example(
        "CREATE ROLE shop LOGIN PASSWORD 'Orchid-7-lantern'; CREATE ROLE owner;",
        hba="local all all scram-sha-256",
    ),
)

BY_PASSWORD = frozenset(["password", "md5", "scram-sha-256"])


@rule(
    severity=Severity.NOTICE,
    needs=("catalog.roles.passwords", "catalog.hba_rules"),
    bad=BAD,
    good=GOOD,
)
def login_without_password(catalog: Catalog) -> Iterator[Fault]:
    for role in catalog.roles:
        if not role.login or role.password is not PasswordKind.NONE:
            continue
        methods = _methods(catalog, role)
        if not methods or not methods <= BY_PASSWORD:
            continue
        name = quote(role.name)
        yield Fault(
            object=role.ref,
            message=f"{name} may log in and has no password, and pg_hba.conf asks for one each "
            "way in",
            evidence={"methods": sorted(methods), "superuser": role.superuser},
            fix=Fix(
                up=f"ALTER ROLE {name} NOLOGIN;",
                down=f"ALTER ROLE {name} LOGIN;",
                risk="set a password instead if somebody needs it",
            ),
        )


def _methods(catalog: Catalog, role: Role) -> frozenset[str]:
    """The authentication methods of the lines that may apply to the role."""
    names = {"all", role.name, *(f"+{group}" for group in groups_of(catalog, role.name))}
    return frozenset(
        line.method
        for line in catalog.hba_rules
        if line.method is not None
        and line.method != "reject"
        and line.databases != ("replication",)
        and any(user in names or user.startswith("/") for user in line.users)
    )
