"""A database comes near the end of its transaction ids.

## What it finds

A database whose oldest unfrozen row is at least twice as old as `autovacuum_freeze_max_age`, at
which autovacuum must have stepped in. It is an error from half of the two thousand million ids on,
and critical from three quarters on.

## Why it matters

When three million ids are left (one million before PostgreSQL 14), the server refuses every
command that writes, until vacuum has frozen the old rows; that can take days.

## How to fix

End what holds vacuum back: old transactions, prepared transactions, unused slots. Then run a plain
VACUUM of the whole database: not FREEZE, which does more than is needed, and never FULL.

## When to ignore

The age falls already: an autovacuum `(to prevent wraparound)` is at work and will be in time.

## Sources

- PostgreSQL manual, Preventing Transaction ID Wraparound Failures.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.maintenance._wraparound import Counter, wraparound
from dbwright.model.activity import Activity
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.statistics import Statistics

TRANSACTIONS = Counter(
    "transactions", "autovacuum_freeze_max_age", 200_000_000, lambda counted: counted.xid_age
)

USE_TRANSACTIONS = """
DO $$ BEGIN
    FOR n IN 1..3000 LOOP PERFORM txid_current(); COMMIT; END LOOP;
END $$;
"""

BAD = Example(
    USE_TRANSACTIONS,
    # So that a plain VACUUM freezes everything, as it does to rows that are truly old.
    settings={"vacuum_freeze_table_age": "0", "vacuum_freeze_min_age": "0"},
    options={"late_times": 0.00001},
)

GOOD = Example(USE_TRANSACTIONS)


@rule(severity=Severity.WARNING, needs=("statistics.databases",), bad=BAD, good=GOOD)
def transaction_id_wraparound(
    catalog: Catalog,
    statistics: Statistics,
    activity: Activity | None,
    *,
    late_times: Annotated[float, "how many times autovacuum_freeze_max_age is too old"] = 2.0,
    error_share: Annotated[float, "of all ids: from here on it is an error"] = 0.5,
    critical_share: Annotated[float, "of all ids: from here on it is critical"] = 0.75,
) -> Iterator[Fault]:
    yield from wraparound(
        TRANSACTIONS, catalog, statistics, activity, late_times, error_share, critical_share
    )
