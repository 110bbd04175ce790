"""Connections over the network are not encrypted.

## What it finds

`ssl = off` on a server that listens on other addresses than loopback and whose pg_hba.conf, where
it can be read, lets clients in over the network.

## Why it matters

Queries, results and, with some methods, passwords can be read and changed by everybody on the
way.

## How to fix

Give the server a certificate (`ssl_cert_file`, `ssl_key_file`), switch `ssl` on, reload, and make
`hostssl` of the `host` lines in pg_hba.conf.

## When to ignore

The network encrypts by itself (WireGuard, IPsec, a service mesh), or a pooler on the same machine
does it for the server. Cloud services are left out: theirs end the encryption in a proxy.

## Sources

- PostgreSQL manual, Secure TCP/IP Connections with SSL; SSL.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._access import (
    Reach,
    listens_to_others,
    reach,
    usable_lines,
)
from dbwright.check.rules.settings._server_setting import managed_by
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

REMOTE = "host all all 10.0.0.0/8 scram-sha-256"

BAD = Example(
    # On one major only: two servers can't have the same port.
    settings={"listen_addresses": "*", "port": "54371", "ssl": "off"},
    hba=REMOTE,
    oldest=18,
    objects=("ssl",),
    fix_mends=False,
)
GOOD = Example("-- It listens on its socket only.", settings={"listen_addresses": "", "ssl": "off"})


@rule(severity=Severity.WARNING, needs=("catalog.settings",), bad=BAD, good=GOOD)
def tls_off(catalog: Catalog) -> Iterator[Fault]:
    setting = catalog.setting("ssl")
    listens = catalog.setting("listen_addresses")
    if setting is None or setting.value != "off" or listens is None:
        return
    if not listens_to_others(catalog) or managed_by(catalog) is not None:
        return
    remote = [line for line in usable_lines(catalog) if reach(line) >= Reach.NETWORK]
    if catalog.hba_rules and not remote:
        return
    yield Fault(
        object=setting.ref,
        message="ssl is off, and clients connect over the network: what they send is not encrypted",
        evidence={
            "value": setting.value,
            "listen_addresses": listens.value,
            "hba_lines": [line.line for line in remote],
        },
        advice="Give the server a certificate, switch ssl on and reload; then make hostssl of the "
        "host lines in pg_hba.conf.",
    )
