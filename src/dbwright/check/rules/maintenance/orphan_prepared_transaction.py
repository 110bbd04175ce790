"""A prepared transaction was left behind.

## What it finds

A transaction that was prepared for two-phase commit an hour ago or earlier, in any database of the
cluster, and was neither committed nor rolled back.

## Why it matters

It keeps its row and table locks, also over a restart, and holds back vacuum; in the end the server
stops for fear of transaction id wraparound.

## How to fix

Ask the transaction manager what it decided, and COMMIT PREPARED or ROLLBACK PREPARED accordingly,
in the transaction's own database.

## When to ignore

A transaction manager is known to work on it.

## Sources

- PostgreSQL manual, PREPARE TRANSACTION: "It is unwise to leave transactions in the prepared state
  for a long time."
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.maintenance._storage import day
from dbwright.model.activity import Activity
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Fix, Severity
from dbwright.model.names import literal, quote

PREPARED = """
CREATE TABLE accounts (id bigint PRIMARY KEY);
BEGIN;
INSERT INTO accounts VALUES (1);
PREPARE TRANSACTION 'transfer 17';
"""

BAD = Example(PREPARED, own_server=True, options={"min_minutes": 0}, objects=("transfer 17",))

GOOD = (
    Example(
        PREPARED + "COMMIT PREPARED 'transfer 17';", own_server=True, options={"min_minutes": 0}
    ),
    Example(PREPARED, own_server=True),
)


@rule(
    severity=Severity.ERROR,
    needs=("activity.prepared_transactions",),
    bad=BAD,
    good=GOOD,
)
def orphan_prepared_transaction(
    catalog: Catalog,
    activity: Activity,
    *,
    min_minutes: Annotated[float, "a younger one may still be decided"] = 60.0,
) -> Iterator[Fault]:
    for prepared in activity.prepared_transactions:
        seconds = activity.seconds_since(prepared.prepared_at)
        if seconds is None or seconds < min_minutes * 60:
            continue
        here = prepared.database == catalog.server.database
        yield Fault(
            object=prepared.ref,
            message=f"the transaction {literal(prepared.name)} in {quote(prepared.database)} "
            f"waits for its end since {prepared.prepared_at:%Y-%m-%d %H:%M}",
            evidence={
                "database": prepared.database,
                "owner": prepared.owner,
                "prepared_on": day(prepared.prepared_at),
                "age_transactions": prepared.xid_age,
            },
            fix=Fix(
                up=f"ROLLBACK PREPARED {literal(prepared.name)};",
                down="",
                transactional=False,
                risk="its changes are lost for good; if it was decided to commit, run COMMIT "
                "PREPARED instead",
            )
            if here and not activity.in_recovery
            else None,
            advice=f"Ask the transaction manager, then end it in {quote(prepared.database)}.",
        )
