"""The password of a foreign server is open to everybody.

## What it finds

A password or token among the options of a foreign server itself, which every role can read in
`pg_foreign_server`; and a user mapping for PUBLIC with a password, with which everybody who may use
the server logs in there: a warning where PUBLIC may use the server, else a notice.

## Why it matters

Whoever can connect here reads the password, or acts on the other server with it.

## How to fix

Put the password into user mappings for the roles that need it, remove it from the server or from
PUBLIC's mapping, and change it: it was readable.

## When to ignore

A mapping for PUBLIC to a server whose data everybody here may read, with an account that can do no
more.

## Sources

- PostgreSQL manual, CREATE SERVER; CREATE USER MAPPING; pg_foreign_server (system catalogs).
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.security._grants import public_may
from dbwright.model.catalog import PUBLIC, Catalog, ForeignServer, UserMapping
from dbwright.model.finding import Fix, ObjectRef, Severity
from dbwright.model.names import quote

WRAPPER = "CREATE FOREIGN DATA WRAPPER warehouse_fdw;"

BAD = (
    Example(
        WRAPPER
        + """
CREATE SERVER warehouse FOREIGN DATA WRAPPER warehouse_fdw
OPTIONS (host 'warehouse', password 'Orchid-7-lantern');
""",
        objects=("warehouse",),
    ),
    Example(
        WRAPPER
        + """
CREATE SERVER warehouse FOREIGN DATA WRAPPER warehouse_fdw OPTIONS (host 'warehouse');
CREATE USER MAPPING FOR PUBLIC SERVER warehouse OPTIONS (password 'Orchid-7-lantern');
""",
        objects=("PUBLIC on warehouse",),
        fix_mends=False,
    ),
)
GOOD = Example(
    WRAPPER
    + """
CREATE SERVER warehouse FOREIGN DATA WRAPPER warehouse_fdw OPTIONS (host 'warehouse');
CREATE USER MAPPING FOR CURRENT_USER SERVER warehouse OPTIONS (password 'Orchid-7-lantern');
CREATE USER MAPPING FOR PUBLIC SERVER warehouse OPTIONS (username 'guest');
"""
)

SECRETS = ("password", "passwd", "passcode", "secret", "token")


@rule(severity=Severity.ERROR, needs=("catalog.foreign_servers",), bad=BAD, good=GOOD)
def readable_foreign_password(catalog: Catalog) -> Iterator[Fault]:
    for server in catalog.foreign_servers:
        name = quote(server.name)
        if server.secret_options:
            yield Fault(
                object=server.ref,
                message=f"every role can read {', '.join(server.secret_options)} in the options of "
                f"the foreign server {name}",
                evidence={"options": server.secret_options, "wrapper": server.wrapper},
                fix=_fix(server),
                advice="Put it into user mappings, and change it: it was readable.",
            )
        for mapping in server.user_mappings:
            secrets = _secrets(mapping)
            if mapping.role == PUBLIC and secrets:
                everybody = public_may(server.grants, "USAGE")
                yield Fault(
                    object=ObjectRef("user mapping", f"PUBLIC on {name}"),
                    message=f"everybody who may use the foreign server {name} logs in there with "
                    "the password of PUBLIC's user mapping",
                    evidence={"options": secrets, "server_open_to_public": everybody},
                    severity=Severity.WARNING if everybody else Severity.NOTICE,
                    advice="Make a user mapping for each role that needs it, then drop PUBLIC's.",
                )


def _secrets(mapping: UserMapping) -> list[str]:
    return [
        option
        for option in mapping.options or ()
        if any(part in option.lower() for part in SECRETS)
    ]


def _fix(server: ForeignServer) -> Fix:
    drops = ", ".join(f"DROP {quote(option)}" for option in server.secret_options)
    return Fix(
        up=f"ALTER SERVER {quote(server.name)} OPTIONS ({drops});",
        down="",
        risk="put it into user mappings first; the value is not kept, so there is no way back",
    )
