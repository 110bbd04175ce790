"""A role that logs in may run programs or read and write files of the server.

## What it finds

Members of `pg_execute_server_program`, `pg_write_server_files` and `pg_read_server_files` that log
in and are no superusers, themselves or through the role that was granted. Reading is a warning,
the others are errors.

## Why it matters

They reach past the database: who runs programs or writes files as the server's user can make
itself a superuser, and who reads files gets password files and keys.

## How to fix

Revoke the membership. Use `COPY … FROM STDIN` (`\\copy` in psql), which reads the client's files
and needs none of this.

## When to ignore

A role of a load job on a server of its own, whose password only that job knows.

## Sources

- PostgreSQL manual, Predefined Roles: they "could be used to gain superuser-level
  access".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._roles import login_members
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Fix, Severity
from dbwright.model.names import quote

BAD = Example(
    """
CREATE ROLE loader LOGIN;
GRANT pg_execute_server_program TO loader;
CREATE ROLE loaders;
CREATE ROLE nightly LOGIN IN ROLE loaders;
GRANT pg_read_server_files TO loaders;
""",
    own_server=True,
    objects=("loader", "loaders"),
)
GOOD = Example(
    """
CREATE ROLE reporter LOGIN;
GRANT pg_monitor TO reporter;
CREATE ROLE nobody;
GRANT pg_read_server_files TO nobody;
""",
    own_server=True,
)

DANGEROUS = {
    "pg_execute_server_program": ("run programs on the server", Severity.ERROR),
    "pg_write_server_files": ("write files of the server", Severity.ERROR),
    "pg_read_server_files": ("read files of the server", Severity.WARNING),
}


@rule(severity=Severity.ERROR, needs=("catalog.roles",), bad=BAD, good=GOOD)
def dangerous_predefined_role(catalog: Catalog) -> Iterator[Fault]:
    logins = login_members(catalog)
    for role in catalog.roles:
        if role.predefined or role.superuser:
            continue
        members = [member.name for member in logins.get(role.name, ())]
        for group in role.member_of:
            if group not in DANGEROUS or not members:
                continue
            what, severity = DANGEROUS[group]
            name = quote(role.name)
            yield Fault(
                object=role.ref,
                message=f"{', '.join(map(quote, members))} may {what}: {name} is a member of "
                f"{group}",
                evidence={"granted": group, "logins": members},
                severity=severity,
                detail=group,
                fix=Fix(
                    up=f"REVOKE {group} FROM {name};",
                    down=f"GRANT {group} TO {name};",
                    risk="COPY with a file or PROGRAM and file_fdw stop working for it",
                ),
            )
