"""Queries that only ask whether the connection lives.

## What it finds

Statements that read nothing, such as `SELECT 1` or an empty one: at least `times`, and at least
`share` of all statements.

## Why it matters

Each is a round trip before the one that matters.

It proves little: a connection that answered can break before the next statement, so the application
must be ready for that anyway.

## How to fix

Let the pool test connections that were idle for a while only, and run the work once more on a new
connection where one turns out to be dead:

- SQLAlchemy: `pool_pre_ping=True` asks at each checkout; `pool_recycle` with the time after which
  something between closes idle connections does without.
- psycopg_pool: leave `check` out (it asks at each `getconn`); `max_idle` and `max_lifetime` end
  connections before others do.
- Django: `CONN_HEALTH_CHECKS` asks once a request that uses the database, and only where
  connections are kept (`CONN_MAX_AGE`); nothing of the application's own is needed beside it.
- HikariCP: leave `connectionTestQuery` out (the driver's `isValid` is used then, and a connection
  that was used in the last half second is not tested).
- A pooler's or a load balancer's own check: once in some seconds for each server, not for each
  client. TCP keepalives (`keepalives_idle` in libpq) find dead peers without any statement.

## When to ignore

The pings come from monitoring, and the database has little else to do: their share is large since
the whole is small. A firewall drops idle connections and nothing else can be set.

## Sources

- [PostgreSQL: libpq, Parameter Key Words (keepalives_idle)](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS)
- [SQLAlchemy: Connection Pooling, Dealing with Disconnects](https://docs.sqlalchemy.org/en/20/core/pooling.html#dealing-with-disconnects)
- [psycopg: Connection pools, Connection quality](https://www.psycopg.org/psycopg3/docs/advanced/pool.html#connection-quality)
- [Django: Databases, Persistent connections](https://docs.djangoproject.com/en/stable/ref/databases/#persistent-connections)
- [HikariCP: Configuration, connectionTestQuery](https://github.com/brettwooldridge/HikariCP#gear-configuration-knobs-baby)
"""

from __future__ import annotations

from dbwright.model.described import Threshold
from dbwright.model.finding import Confidence, Severity
from dbwright.tune.pages.page import HEARD, finding_page

FOUND = """
SELECT 1;
SELECT name FROM customers WHERE id = 17;
SELECT 1;
SELECT status FROM orders WHERE id = 4;
"""

page = finding_page(
    severity=Severity.NOTICE,
    confidence=Confidence.HIGH,
    asks=HEARD,
    thresholds=(
        Threshold("times", int, 100, "pings, in the whole log"),
        Threshold("share", float, 0.1, "they are at least so much of all statements"),
    ),
    found=("sql", FOUND.strip()),
)
