"""A password is stored as an MD5 hash.

## What it finds

A role that logs in and whose password is stored in the old form `md5…` instead of SCRAM-SHA-256.

## Why it matters

Who gets hold of the stored hash (from a dump of the roles, a backup, a disk) can log in with it
without ever knowing the password, and MD5 gives the password itself away to a fast guesser.

PostgreSQL 18 warns of MD5 passwords; a later version will no longer take them.

## How to fix

Set `password_encryption = 'scram-sha-256'` and let each role set its password again
(`\\password role` in psql), then ask for `scram-sha-256` in pg_hba.conf.

## When to ignore

A client that can't do SCRAM (libpq before 10, JDBC before 42.2) still needs it; upgrade the client.

## Sources

- PostgreSQL manual, Password Authentication; release notes of 18: MD5 password authentication
  is deprecated.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, PasswordKind
from dbwright.model.finding import Severity
from dbwright.model.names import quote

BAD = Example(
    "SET password_encryption = 'md5'; CREATE ROLE shop LOGIN PASSWORD 'Orchid-7-lantern';",
    own_server=True,
    objects=("shop",),
    fix_mends=False,
)
GOOD = Example(
    """
SET password_encryption = 'scram-sha-256';
CREATE ROLE shop LOGIN PASSWORD 'Orchid-7-lantern';
""",
    own_server=True,
)


@rule(severity=Severity.WARNING, needs=("catalog.roles.passwords",), bad=BAD, good=GOOD)
def md5_password(catalog: Catalog) -> Iterator[Fault]:
    for role in catalog.roles:
        if not role.login or role.password is not PasswordKind.MD5:
            continue
        name = quote(role.name)
        yield Fault(
            object=role.ref,
            message=f"the password of {name} is stored as an MD5 hash",
            evidence={"superuser": role.superuser},
            advice="Set password_encryption to scram-sha-256, then set the password again: "
            f"\\password {name} in psql sends only the new hash.",
        )
