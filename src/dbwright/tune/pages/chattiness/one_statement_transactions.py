"""BEGIN and COMMIT around one statement.

## What it finds

At least `times` transactions, and at least `share` of all, that hold one statement between BEGIN
and COMMIT (or ROLLBACK).

## Why it matters

A single statement is a transaction by itself; BEGIN and COMMIT around it are two round trips for
nothing.

A look-up by key then takes three round trips rather than one, and its connection is out of the pool
for three times as long.

## How to fix

Let single statements commit by themselves, and open a transaction only where several statements
belong together:

- psycopg: `autocommit=True`, and `with connection.transaction():` where it is wanted. (Without
  autocommit the first statement begins a transaction, and leaving `with connection:` commits it.)
- SQLAlchemy: `engine.execution_options(isolation_level="AUTOCOMMIT")` for the engine of the parts
  that only read.
- Django commits by itself; `ATOMIC_REQUESTS` puts each view into a transaction, and
  `@transaction.non_atomic_requests` takes single views out.
- Rails opens one around each `save`; `insert`, `update_all` and `delete_all` do without.

## When to ignore

The statement needs a setting of its own transaction (`SET LOCAL`, an isolation level, a deferred
constraint), or its rows are read through a server-side cursor. The application runs on the
database's host, where a round trip costs next to nothing. Drivers that send BEGIN together with the
statement (pgjdbc, or a pipeline) wait less than the count says.

## Sources

- [PostgreSQL: Transactions](https://www.postgresql.org/docs/current/tutorial-transactions.html)
- [PostgreSQL: BEGIN](https://www.postgresql.org/docs/current/sql-begin.html)
- [psycopg: Transactions management, Autocommit transactions](https://www.psycopg.org/psycopg3/docs/basic/transactions.html)
- [SQLAlchemy: Setting Transaction Isolation Levels including DBAPI Autocommit](https://docs.sqlalchemy.org/en/20/core/connections.html)
- [Django: Database transactions, Tying transactions to HTTP requests](https://docs.djangoproject.com/en/stable/topics/db/transactions/#tying-transactions-to-http-requests)
"""

from __future__ import annotations

from dbwright.model.described import Threshold
from dbwright.model.finding import Confidence, Severity
from dbwright.tune.pages.page import HEARD, finding_page

FOUND = """
BEGIN;
SELECT name FROM customers WHERE id = 17;
COMMIT;
BEGIN;
SELECT status FROM orders WHERE id = 4;
COMMIT;
"""

page = finding_page(
    severity=Severity.NOTICE,
    confidence=Confidence.HIGH,
    asks=HEARD,
    thresholds=(
        Threshold("times", int, 100, "such transactions, in the whole log"),
        Threshold("share", float, 0.5, "they are at least so much of all transactions"),
    ),
    found=("sql", FOUND.strip()),
)
