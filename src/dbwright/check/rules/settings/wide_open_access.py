"""Every user may connect from every address.

## What it finds

Lines of pg_hba.conf that let all users in from anywhere (`0.0.0.0/0`, `::/0`, `all`, or a network
nearly as large), with a password or the like. Lines that need no proof at all are told by
`settings/trust-authentication`; lines that need a client certificate are left out.

## Why it matters

Only the password of the weakest role, the superuser's included, is between the Internet and the
data, if no firewall is; and a line of type `host` doesn't even ask for TLS.

## How to fix

Name the networks and roles that need it, as `hostssl`; superusers get in through the socket.

## When to ignore

A firewall or a private network lets only known machines reach the port: the server can't see that.

## Sources

- PostgreSQL manual, The pg_hba.conf File.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._access import (
    Reach,
    asks_for_certificate,
    line_text,
    listens_to_others,
    reach,
    usable_lines,
)
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Confidence, Severity

BAD = Example(
    hba="host all all 0.0.0.0/0 scram-sha-256\nhost shop all ::/0 scram-sha-256",
    objects=("3", "4"),
    fix_mends=False,
)
GOOD = Example(
    hba="host shop shop 0.0.0.0/0 scram-sha-256\n"
    "host all all 10.0.0.0/8 scram-sha-256\n"
    "host all all all reject\n"
    "host all all 0.0.0.0/0 scram-sha-256",
)

WITHOUT_PROOF = frozenset(("ident", "trust"))
"""Another rule tells of them."""
UNENCRYPTED = frozenset(("host", "hostnogssenc", "hostnossl"))


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    needs=("catalog.hba_rules",),
    bad=BAD,
    good=GOOD,
)
def wide_open_access(catalog: Catalog) -> Iterator[Fault]:
    reachable = listens_to_others(catalog)
    for line in usable_lines(catalog):
        if (
            reach(line) is not Reach.ANYWHERE
            or "all" not in line.users
            or line.method in WITHOUT_PROOF
            or asks_for_certificate(line)
        ):
            continue
        plain = line.type in UNENCRYPTED
        yield Fault(
            object=line.ref,
            message=f"line {line.line} of pg_hba.conf lets every user in from every address"
            + (", also without TLS" if plain else ""),
            evidence={"line": line_text(line), "listens_on_the_network": reachable},
            severity=None if plain and reachable else Severity.NOTICE,
            detail=line_text(line),
            advice="Name the networks and the roles that connect, write hostssl, and reload.",
        )
