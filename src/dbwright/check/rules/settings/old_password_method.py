"""Passwords are stored or sent in an old way.

## What it finds

`password_encryption = md5`, which new passwords are stored with; and lines of pg_hba.conf that ask
for a password in clear text (`password`, `ldap`, `pam`, `radius`, `bsd`) over connections that
need not be encrypted.

## Why it matters

An md5 hash is as good as the password to who gets hold of it, and is guessed at billions a second;
a password in clear text is read by everybody on the way.

## How to fix

Set `scram-sha-256` and let each role set its password anew; drivers of the last years know it. In
pg_hba.conf write `scram-sha-256`, or `hostssl` where the method must stay.

## When to ignore

A client can't be replaced that knows md5 only. PostgreSQL 18 calls md5 deprecated.

## Sources

- PostgreSQL manual, Password Authentication; Authentication: password_encryption.
- PostgreSQL 18 release notes: MD5 password authentication is deprecated.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._access import (
    Reach,
    line_text,
    listens_to_others,
    reach,
    usable_lines,
)
from dbwright.check.rules.settings._server_setting import server_wide, wrong_setting
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

BAD = (
    Example(settings={"password_encryption": "md5"}, objects=("password_encryption",)),
    Example(
        settings={"password_encryption": "scram-sha-256"},
        hba="host all all 10.0.0.0/8 password",
        objects=("3",),
        fix_mends=False,
    ),
)
GOOD = Example(
    settings={"password_encryption": "scram-sha-256"},
    hba="host all all 10.0.0.0/8 scram-sha-256",
)

CLEAR_TEXT = frozenset(("bsd", "ldap", "pam", "password", "radius"))
UNENCRYPTED = frozenset(("host", "hostnogssenc", "hostnossl"))


@rule(severity=Severity.WARNING, needs=("catalog.settings",), bad=BAD, good=GOOD)
def old_password_method(catalog: Catalog) -> Iterator[Fault]:
    setting = server_wide(catalog, "password_encryption")
    if setting is not None and setting.value in ("md5", "on"):
        yield wrong_setting(
            catalog,
            setting,
            "new passwords are stored as md5",
            should_be="scram-sha-256",
            risk="old drivers can't log in with passwords that are set from then on; those that "
            "are stored stay as they are until they are set again",
        )
    for line in usable_lines(catalog):
        if (
            line.method not in CLEAR_TEXT
            or line.type not in UNENCRYPTED
            or reach(line) < Reach.NETWORK
        ):
            continue
        yield Fault(
            object=line.ref,
            message=f"line {line.line} of pg_hba.conf asks for a password in clear text over "
            f"connections that need no TLS ({line.method})",
            evidence={"line": line_text(line)},
            severity=Severity.ERROR if listens_to_others(catalog) else Severity.NOTICE,
            detail=line_text(line),
            advice="Write scram-sha-256 as its method, or hostssl as its type, and reload.",
        )
