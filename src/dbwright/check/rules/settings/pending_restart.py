"""A changed setting waits for a restart.

## What it finds

Settings whose value in the configuration files is another than the one the server runs with, and
that only a restart changes.

## Why it matters

The next restart, perhaps a crash at night, brings a server with a configuration that nobody has
seen at work: it may need more memory than there is, or not start.

## How to fix

Restart at a time of your choosing, or take the change back.

## When to ignore

The restart is planned.

## Sources

- PostgreSQL manual, pg_settings: pending_restart; pg_file_settings.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import shown
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

BAD = Example(
    """
    ALTER SYSTEM SET max_connections = 150;
    SELECT pg_reload_conf();
    SELECT pg_sleep(0.3);
    """,
    own_server=True,
    objects=("max_connections",),
    fix_mends=False,
)
GOOD = Example(
    """
    ALTER SYSTEM SET work_mem = '8MB';
    SELECT pg_reload_conf();
    """,
    own_server=True,
)


@rule(severity=Severity.WARNING, needs=("catalog.settings",), bad=BAD, good=GOOD)
def pending_restart(catalog: Catalog) -> Iterator[Fault]:
    for setting in catalog.settings:
        if setting.pending_restart:
            yield Fault(
                object=setting.ref,
                message=f"{setting.name} was changed, and the server still runs with "
                f"{shown(setting) or 'none'}",
                evidence={"value": shown(setting), "source": setting.source},
                advice="Look at pg_file_settings for the new value; restart the server at a time "
                "of your choosing, or take the change back.",
            )
