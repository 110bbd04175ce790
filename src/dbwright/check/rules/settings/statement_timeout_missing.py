"""Roles may run a statement for ever.

## What it finds

`statement_timeout` is 0 for the server, and at least one role that logs in and is no superuser has
none of its own (nor the database, nor, from PostgreSQL 17 on, a `transaction_timeout`).

## Why it matters

A runaway query of an application holds a connection, processor, memory and its snapshot long after
the user has gone away; a few of them stop the application.

## How to fix

Set it for the roles of applications, not for the server: a restore, a migration or a report may
take hours with good reason.

## When to ignore

The role runs only such work, or its application sets the time-out for each connection (then it is
not to be seen here).

## Sources

- PostgreSQL manual, Statement Behavior: statement_timeout: "Setting statement_timeout in
  postgresql.conf is not recommended because it would affect all sessions".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import server_wide
from dbwright.check.rules.settings._timeouts import unbounded_roles
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, Fix, Severity
from dbwright.model.names import quote

NAME = "statement_timeout"

BAD = Example("CREATE ROLE shop LOGIN;", own_server=True, objects=(NAME,))
GOOD = Example(f"CREATE ROLE shop LOGIN; ALTER ROLE shop SET {NAME} = '30s';", own_server=True)


@rule(
    severity=Severity.NOTICE,
    confidence=Confidence.MEDIUM,
    needs=("catalog.settings", "catalog.roles", "catalog.setting_overrides"),
    bad=BAD,
    good=GOOD,
)
def statement_timeout_missing(
    catalog: Catalog,
    *,
    seconds: Annotated[int, "what the fix sets"] = 60,
) -> Iterator[Fault]:
    setting = server_wide(catalog, NAME)
    if setting is None or setting.value != "0":
        return
    whole = server_wide(catalog, "transaction_timeout")
    if whole is not None and whole.value != "0":
        return
    roles = [role for role in unbounded_roles(catalog, NAME) if not role.superuser]
    if not roles:
        return
    names = [quote(role.name) for role in roles]
    yield Fault(
        object=setting.ref,
        message=f"{', '.join(names[:3])}{' …' if len(names) > 3 else ''} may run a statement "
        "for ever: no statement_timeout",
        evidence={"roles": names[:50], "roles_without": len(names)},
        fix=Fix(
            up="\n".join(f"ALTER ROLE {name} SET {NAME} = '{seconds}s';" for name in names),
            down="\n".join(f"ALTER ROLE {name} RESET {NAME};" for name in names),
            risk="longer statements of these roles are cancelled, from their next connection on: "
            "leave out roles for reports, backups and migrations",
        ),
    )
