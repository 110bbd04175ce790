"""Clients get in without proof of who they are.

## What it finds

Lines of pg_hba.conf with the method `trust`, and with `ident` over the network (the client's
machine says who it is). Lines behind an earlier one that everybody fits are left out, and so are
those that ask for a client certificate.

## Why it matters

Whoever reaches the server is any user he names, the superuser too, and with the superuser he has
the files and programs of the server's account.

## How to fix

Write `scram-sha-256` (or `peer` for the socket) as the method and reload. Set passwords first.

## When to ignore

On the socket and on loopback, where nobody but you has an account on the machine or in the
container: those are lesser findings, and `sockets = false` silences those of the socket.

## Sources

- PostgreSQL manual, Trust Authentication; Ident Authentication.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

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
from dbwright.model.catalog import Catalog, HbaRule
from dbwright.model.finding import Severity

LINES = """
host all         all 10.1.0.0/16  trust
host all         all 10.1.2.0/24  trust
host replication all 127.0.0.1/32 trust
host all         all 0.0.0.0/0    scram-sha-256
"""

BAD = (
    # The first line lets in whom the second would; the server of the example has two before them.
    Example(hba=LINES.lstrip(), options={"sockets": False}, objects=("3", "5"), fix_mends=False),
    Example(hba="local all all trust", objects=("1", "2", "3"), fix_mends=False),
)
GOOD = Example(
    hba="local all all peer\nhost all all 10.1.0.0/16 scram-sha-256",
    options={"sockets": False},
)

SEVERITY = {
    Reach.SOCKET: Severity.NOTICE,
    Reach.LOOPBACK: Severity.WARNING,
    Reach.NETWORK: Severity.ERROR,
    Reach.ANYWHERE: Severity.CRITICAL,
}
FROM = {
    Reach.SOCKET: "through the socket",
    Reach.LOOPBACK: "from the server's machine",
    Reach.NETWORK: "over the network",
    Reach.ANYWHERE: "from anywhere",
}


@rule(severity=Severity.ERROR, needs=("catalog.hba_rules",), bad=BAD, good=GOOD)
def trust_authentication(
    catalog: Catalog,
    *,
    sockets: Annotated[bool, "also tell of lines for the unix socket"] = True,
) -> Iterator[Fault]:
    reachable = listens_to_others(catalog)
    for line in usable_lines(catalog):
        distance = reach(line)
        if not _trusts(line, distance) or (distance is Reach.SOCKET and not sockets):
            continue
        severity = SEVERITY[distance]
        if distance >= Reach.NETWORK and not reachable:
            severity = Severity.NOTICE
        yield Fault(
            object=line.ref,
            message=f"line {line.line} of pg_hba.conf lets {_whom(line)} in {FROM[distance]} "
            f"without a password ({line.method})",
            evidence={"line": line_text(line), "listens_on_the_network": reachable},
            severity=severity,
            detail=line_text(line),
            advice="Set passwords, then change the line to: "
            + line_text(line, "peer" if distance is Reach.SOCKET else "scram-sha-256"),
        )


def _trusts(line: HbaRule, distance: Reach) -> bool:
    if line.method == "ident":
        return distance >= Reach.NETWORK
    return line.method == "trust" and not asks_for_certificate(line)


def _whom(line: HbaRule) -> str:
    return "every user" if "all" in line.users else ", ".join(line.users)
