"""An old snapshot blocks vacuum.

## What it finds

The oldest transaction or snapshot that vacuum must keep dead rows for, once it is millions of
transactions old: a session of this database, a standby with `hot_standby_feedback`, or a
replication slot in use. Slots that nobody uses and prepared transactions have rules of their own.

## Why it matters

No row that died since then can be removed, in any table of the database: tables and indexes grow,
and every scan gets slower, until that transaction ends.

## How to fix

Let it finish, or end the session. If it is a standby's query, end it there. Then bound it:
`idle_in_transaction_session_timeout`, `statement_timeout`, `transaction_timeout` (17 and later).

## When to ignore

A dump or a migration that is known to run, and ends.

## Sources

- PostgreSQL manual, Recovering Disk Space; Handling Query Conflicts
  (hot_standby_feedback); pg_stat_activity: backend_xmin.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.maintenance._horizon import Holder, holders
from dbwright.model.activity import Activity
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Fix, Severity
from dbwright.model.statistics import Statistics

USE_TRANSACTIONS = """
DO $$ BEGIN
    FOR n IN 1..500 LOOP PERFORM txid_current(); COMMIT; END LOOP;
END $$;
"""

OLD = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;"
OPTIONS = {"min_transactions": 400}

BAD = (
    Example(sessions=(OLD, USE_TRANSACTIONS), own_server=True, oldest=14, options=OPTIONS),
    Example(
        sessions=(OLD, USE_TRANSACTIONS),
        own_server=True,
        newest=13,
        options=OPTIONS,
        fix_mends=False,  # ending a session takes a moment, and these can't wait for it
    ),
)

GOOD = Example(sessions=("BEGIN; SELECT 1;", USE_TRANSACTIONS), own_server=True, options=OPTIONS)


@rule(severity=Severity.WARNING, needs=("activity.sessions",), bad=BAD, good=GOOD)
def old_snapshot_blocks_vacuum(
    catalog: Catalog,
    activity: Activity,
    statistics: Statistics | None,
    *,
    min_transactions: Annotated[int, "how old it must be"] = 5_000_000,
    error_transactions: Annotated[int, "from here on it is an error"] = 100_000_000,
) -> Iterator[Fault]:
    if activity.in_recovery:  # vacuum runs on the primary
        return
    all_old = [h for h in holders(catalog, activity) if h.age >= min_transactions]
    told = [holder for holder in all_old if not holder.own_rule]
    if not told:
        return
    oldest = told[0]
    dead = sum(table.dead_rows for table in statistics.tables) if statistics else None
    session = oldest.session
    yield Fault(
        object=oldest.ref,
        message=f"{oldest.text} keeps vacuum from removing rows that died in the last "
        f"{oldest.age:,} transactions",
        evidence={
            "age_transactions": oldest.age,
            "state": session.state if session else None,
            "dead_rows_in_database": dead,
            "others": [f"{h.text}: {h.age:,} transactions" for h in all_old if h is not oldest],
        },
        severity=Severity.ERROR if oldest.age >= error_transactions else None,
        fix=_fix(catalog, oldest),
        advice="End its transaction; then bound such ones by a time-out."
        if session and session.is_client
        else "Look for the long query on the standby or the consumer behind it.",
    )


def _fix(catalog: Catalog, holder: Holder) -> Fix | None:
    session = holder.session
    if session is None or not session.is_client:
        return None
    # From 14 on the function waits until the session is gone.
    wait = ", 5000" if catalog.server.major >= 14 else ""
    return Fix(
        up=f"SELECT pg_terminate_backend({session.pid}{wait});",
        down="",
        risk="its transaction is rolled back; look at what it does first",
    )
