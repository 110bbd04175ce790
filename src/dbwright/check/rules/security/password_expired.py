"""A role's password has expired, or will within days.

## What it finds

A login role whose password is valid until a day in the past (a notice), or less than `soon_days`
ahead (a warning).

## Why it matters

From that moment on the server refuses the password, with the same message as for a wrong one:
a program that uses the role stops.

## How to fix

Set a new password with a new date before; or, if it is not needed any more, drop the role.

## When to ignore

The account was meant to end then.

## Sources

- PostgreSQL manual, CREATE ROLE, VALID UNTIL.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, PasswordKind
from dbwright.model.finding import Fix, Severity
from dbwright.model.names import literal, quote

BAD = (
    Example(
        "CREATE ROLE guest LOGIN PASSWORD 'Orchid-7-lantern' VALID UNTIL '2020-01-01';",
        own_server=True,
        objects=("guest",),
        fix_mends=False,
    ),
    Example(
        """
CREATE ROLE shop LOGIN PASSWORD 'Orchid-7-lantern';
DO $$ BEGIN
    EXECUTE format('ALTER ROLE shop VALID UNTIL %L', now() + interval '3 days');
END $$;
""",
        own_server=True,
        objects=("shop",),
    ),
)
GOOD = Example(
    """
CREATE ROLE shop LOGIN PASSWORD 'Orchid-7-lantern' VALID UNTIL 'infinity';
CREATE ROLE later LOGIN PASSWORD 'Orchid-8-lantern' VALID UNTIL '2199-01-01';
CREATE ROLE former NOLOGIN PASSWORD 'Orchid-9-lantern' VALID UNTIL '2020-01-01';
""",
    own_server=True,
)


@rule(severity=Severity.WARNING, needs=("catalog.roles",), bad=BAD, good=GOOD)
def password_expired(
    catalog: Catalog,
    *,
    soon_days: Annotated[int, "a password that is valid for less is told"] = 14,
) -> Iterator[Fault]:
    soon = catalog.captured_at + timedelta(days=soon_days)
    for role in catalog.roles:
        end = role.valid_until
        if not role.login or end is None or end > soon or role.password is PasswordKind.NONE:
            continue
        expired = end <= catalog.captured_at
        name = quote(role.name)
        yield Fault(
            object=role.ref,
            message=f"the password of {name} {'expired' if expired else 'expires'} "
            f"on {end:%Y-%m-%d}",
            evidence={"valid_until": f"{end:%Y-%m-%d %H:%M %Z}", "superuser": role.superuser},
            severity=Severity.NOTICE if expired else None,
            fix=None
            if expired
            else Fix(
                up=f"ALTER ROLE {name} VALID UNTIL 'infinity';",
                down=f"ALTER ROLE {name} VALID UNTIL {literal(end.isoformat())};",
                risk="the old password stays valid: better set a new one with a new date",
            ),
            advice="Drop the role if nobody needs it, else set a new password and date."
            if expired
            else "",
        )
