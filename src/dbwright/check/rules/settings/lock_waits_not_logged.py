"""Long waits for locks leave no trace in the log.

## What it finds

`log_lock_waits` is off.

## Why it matters

When requests hang and nobody looks at that moment, the log is the only place that can tell later
who waited for whom, and for what.

## How to fix

Switch it on; a reload is enough. One line is written for each wait longer than
`deadlock_timeout`, by default a second, and one when it ends.

## When to ignore

Something else records blocked sessions all the time.

## Sources

- PostgreSQL manual, What to Log: log_lock_waits.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import server_wide, wrong_setting
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity

BAD = Example(settings={"log_lock_waits": "off"}, objects=("log_lock_waits",))
GOOD = Example(settings={"log_lock_waits": "on"})


@rule(severity=Severity.NOTICE, needs=("catalog.settings",), bad=BAD, good=GOOD)
def lock_waits_not_logged(catalog: Catalog) -> Iterator[Fault]:
    setting = server_wide(catalog, "log_lock_waits")
    if setting is not None and setting.value == "off":
        yield wrong_setting(catalog, setting, "waits for locks are not logged", should_be="on")
