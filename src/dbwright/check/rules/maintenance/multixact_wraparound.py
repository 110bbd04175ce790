"""A database comes near the end of its multixact ids.

## What it finds

A database whose oldest multixact id is at least twice as old as
`autovacuum_multixact_freeze_max_age`. Such ids stand for rows that several transactions lock at
once; foreign keys make them.

## Why it matters

When they run out, the server refuses every command that would make another one: locking rows,
writing to tables with foreign keys.

## How to fix

End what holds vacuum back, then run a plain VACUUM of the whole database.

## When to ignore

The age falls already: an autovacuum `(to prevent wraparound)` is at work and will be in time.

## Sources

- PostgreSQL manual, Multixacts and Wraparound.
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

MULTIXACTS = Counter(
    "multixacts",
    "autovacuum_multixact_freeze_max_age",
    400_000_000,
    lambda counted: counted.multixact_age,
)

USE_MULTIXACTS = """
CREATE TABLE seats (id int PRIMARY KEY, taken int);
INSERT INTO seats VALUES (1, 0);
DO $$ BEGIN
    FOR n IN 1..200 LOOP
        PERFORM FROM seats FOR KEY SHARE;
        BEGIN  -- a subtransaction: two ids hold the row
            UPDATE seats SET taken = n;
        EXCEPTION WHEN division_by_zero THEN NULL;
        END;
        COMMIT;
    END LOOP;
END $$;
"""

BAD = Example(
    USE_MULTIXACTS,
    settings={"vacuum_multixact_freeze_table_age": "0", "vacuum_multixact_freeze_min_age": "0"},
    options={"late_times": 0.0000003},
)

GOOD = Example(USE_MULTIXACTS)


@rule(severity=Severity.WARNING, needs=("statistics.databases",), bad=BAD, good=GOOD)
def multixact_wraparound(
    catalog: Catalog,
    statistics: Statistics,
    activity: Activity | None,
    *,
    late_times: Annotated[
        float, "how many times autovacuum_multixact_freeze_max_age is too old"
    ] = 2.0,
    error_share: Annotated[float, "of all ids: from here on it is an error"] = 0.5,
    critical_share: Annotated[float, "of all ids: from here on it is critical"] = 0.75,
) -> Iterator[Fault]:
    yield from wraparound(
        MULTIXACTS, catalog, statistics, activity, late_times, error_share, critical_share
    )
