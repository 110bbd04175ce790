"""A password is one of the first that anybody would try.

## What it finds

A login role whose stored hash fits a guess out of a short list: the name of the role or the
database, the name with a digit or backwards, and the commonest passwords. Which one it was is
neither kept nor shown.

## Why it matters

Programs that search the net for database servers try exactly these; a superuser's password gives
the whole machine away.

## How to fix

Set a long random password (`\\password role` in psql), and look in the log who logged in.

## When to ignore

A server for tests that nobody else can reach.

## Sources

- PostgreSQL manual, Password Authentication.
- OWASP Top 10 (2021), A07 Identification and Authentication Failures.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.names import quote

BAD = Example(
    "CREATE ROLE shop LOGIN PASSWORD 'shop';",
    own_server=True,
    objects=("shop",),
    fix_mends=False,
)
GOOD = Example("CREATE ROLE shop LOGIN PASSWORD 'Orchid-7-lantern';", own_server=True)

LOCAL = frozenset(["", "localhost", "127.0.0.1", "::1"])


@rule(severity=Severity.ERROR, needs=("catalog.roles.passwords",), bad=BAD, good=GOOD)
def guessable_password(catalog: Catalog) -> Iterator[Fault]:
    addresses = catalog.setting("listen_addresses")
    on_the_net = addresses is not None and not LOCAL.issuperset(
        address.strip() for address in addresses.value.split(",")
    )
    for role in catalog.roles:
        if not role.login or not role.guessable_password:
            continue
        name = quote(role.name)
        yield Fault(
            object=role.ref,
            message=f"the password of {name}"
            + (", a superuser," if role.superuser else "")
            + " is easy to guess",
            evidence={"superuser": role.superuser, "listens_on_the_network": on_the_net},
            severity=Severity.CRITICAL if role.superuser and on_the_net else None,
            advice=f"Set a long random one: \\password {name} in psql sends only its hash.",
        )
