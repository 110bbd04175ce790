"""Nothing ends a transaction that is left open.

## What it finds

`idle_in_transaction_session_timeout` is 0 for the server, and neither the database nor every role
that logs in has its own (nor, from PostgreSQL 17 on, a `transaction_timeout`).

## Why it matters

One client that hangs after BEGIN keeps its locks, and keeps vacuum from removing dead rows in the
whole database, until somebody finds it.

## How to fix

Five minutes end what is forgotten and disturb nobody who works. A role that needs longer pauses
gets its own value (`ALTER ROLE … SET`).

## When to ignore

Something else ends such sessions: a pooler (`idle_transaction_timeout` of PgBouncer), or a
watchdog.

## Sources

- PostgreSQL manual, Statement Behavior: idle_in_transaction_session_timeout.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import server_wide, wrong_setting
from dbwright.check.rules.settings._timeouts import unbounded_roles
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

NAME = "idle_in_transaction_session_timeout"

BAD = Example(settings={NAME: "0"}, objects=(NAME,))
GOOD = (
    Example(settings={NAME: "5min"}),
    Example(
        f"CREATE ROLE shop LOGIN;ALTER ROLE shop SET {NAME} = '1min';",
        own_server=True,
    ),
)


@rule(
    severity=Severity.WARNING,
    needs=("catalog.settings", "catalog.roles", "catalog.setting_overrides"),
    bad=BAD,
    good=GOOD,
)
def idle_in_transaction_timeout_missing(catalog: Catalog) -> Iterator[Fault]:
    setting = server_wide(catalog, NAME)
    if setting is None or setting.value != "0":
        return
    whole = server_wide(catalog, "transaction_timeout")
    if whole is not None and whole.value != "0":
        return
    roles = unbounded_roles(catalog, NAME)
    if roles:
        yield wrong_setting(
            catalog,
            setting,
            f"no time-out ends a transaction left open by {len(roles)} "
            f"role{'s' if len(roles) > 1 else ''} that log{'' if len(roles) > 1 else 's'} in",
            should_be="5min",
            evidence={"roles_without": len(roles)},
            risk="sessions that pause longer inside a transaction lose their connection",
        )
