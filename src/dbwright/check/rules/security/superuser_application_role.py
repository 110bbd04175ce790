"""A program, or a role beside the first one, is a superuser.

## What it finds

Superusers that log in, other than the one that initdb made (the owner of `template0`). A warning
where such a role owns tables, functions or the database, else a notice: a database administrator's
own account is fine. Also the first superuser, as a warning, where a program is connected as it at
this moment (its application_name is none of psql, pgAdmin, pg_dump and the like).

## Why it matters

A superuser passes every check: one SQL injection in the program reads and changes all databases of
the cluster, reads files and runs programs on the server.

## How to fix

Give the program a role of its own with the privileges it needs, move what it owns to a role that
can't log in, and take SUPERUSER away.

## When to ignore

It is the account of a person who administers the server, or of the provider's own tools.

## Sources

- PostgreSQL manual, Role Attributes: "It is good practice to create a role that has the
  CREATEDB and CREATEROLE privileges, but is not a superuser".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.activity import Activity
from dbwright.model.catalog import Catalog, Role
from dbwright.model.finding import Confidence, Fix, Severity
from dbwright.model.names import quote

BAD = (
    Example(
        """
CREATE ROLE shop LOGIN SUPERUSER;
CREATE TABLE orders (id bigint PRIMARY KEY);
ALTER TABLE orders OWNER TO shop;
""",
        own_server=True,
        objects=("shop",),
    ),
    Example(
        sessions=("SET application_name = 'shop'; SELECT 1;",),
        own_server=True,
        objects=("dbwright",),
        fix_mends=False,
    ),
)
GOOD = Example(
    """
CREATE ROLE shop LOGIN;
CREATE ROLE administrators SUPERUSER;
""",
    sessions=("SET application_name = 'psql'; SELECT 1;",),
    own_server=True,
)

TOOLS = tuple(
    """
    psql pgadmin pg_ dbwright dbeaver datagrip dbvisualizer tableplus navicat postico
    pgbackrest barman wal-g patroni repmgr pgpool
    """.split()
)
"""How the application names of administrators' programs begin."""
PROVIDERS = frozenset(
    """
    rdsadmin cloudsqladmin alloydbadmin azuresu azure_superuser supabase_admin cloud_admin
    neon_superuser _doadmin avnadmin tembo
    """.split()
)


@rule(severity=Severity.WARNING, needs=("catalog.roles",), bad=BAD, good=GOOD)
def superuser_application_role(catalog: Catalog, activity: Activity | None) -> Iterator[Fault]:
    template = next((d for d in catalog.databases if d.name == "template0"), None)
    first = template.owner if template else "postgres"
    programs = _programs(activity)
    for role in catalog.roles:
        if not (role.superuser and role.login) or role.name in PROVIDERS:
            continue
        used_by = sorted(programs.get(role.name, ()))
        owned = 0 if role.name == first else _owned(catalog, role)
        if role.name == first and not used_by:
            continue
        name = quote(role.name)
        if used_by:
            message = f"{', '.join(used_by)} is connected as the superuser {name}"
        elif owned:
            message = f"{name} is a superuser that logs in and owns {owned} objects here"
        else:
            message = f"{name} is another superuser that logs in"
        yield Fault(
            object=role.ref,
            message=message,
            evidence={"owned_objects": owned, "programs": used_by},
            severity=None if owned or used_by else Severity.NOTICE,
            confidence=None if owned or used_by else Confidence.MEDIUM,
            fix=None if role.name == first else _fix(name),
            advice="Give the program a role of its own with the privileges it needs.",
        )


def _programs(activity: Activity | None) -> dict[str, set[str]]:
    """The names of the programs that are connected, by role; tools and unnamed ones left out."""
    found: dict[str, set[str]] = {}
    for session in activity.sessions if activity else ():
        name = session.application
        if session.is_client and session.user and name and not name.lower().startswith(TOOLS):
            found.setdefault(session.user, set()).add(name)
    return found


def _owned(catalog: Catalog, role: Role) -> int:
    owners = [r.owner for r in catalog.relations()]
    owners += [function.owner for function in catalog.functions]
    owners += [catalog.database.owner] if catalog.database else []
    return owners.count(role.name)


def _fix(name: str) -> Fix:
    return Fix(
        up=f"ALTER ROLE {name} NOSUPERUSER;",
        down=f"ALTER ROLE {name} SUPERUSER;",
        risk="try on a copy what it can't do any more: grant that first",
    )
