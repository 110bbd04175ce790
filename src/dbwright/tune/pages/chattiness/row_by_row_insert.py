"""Rows are inserted one statement each.

## What it finds

An INSERT of one row that ran at least `times` times in one burst: one transaction or, outside of
transactions, statements of one session that follow one another closely. The finding's evidence has
the same INSERT for several rows under `batch`.

## Why it matters

Each row pays a round trip and a statement; outside of a transaction also a commit, which waits for
the disk.

## How to fix

Best first:

- `COPY … FROM STDIN` for thousands of rows (`cursor.copy()` in psycopg). It takes no
  `ON CONFLICT`: copy into a temporary table and `INSERT … SELECT … ON CONFLICT` from there.
- One INSERT of some hundred rows (`VALUES (…), (…)`), or of arrays, which is one statement whatever
  the number of rows: `INSERT INTO t (a, b) SELECT * FROM unnest($1::int[], $2::text[])`. One
  statement has at most 65,535 parameters.
- The same statement row by row in a pipeline, as `executemany()` of psycopg 3 does: no round trips
  are waited for, each row is still a statement.

In an ORM: `bulk_create` in Django, `session.execute(insert(Model), rows)` in SQLAlchemy,
`insert_all` in Rails, `hibernate.jdbc.batch_size` with sequences rather than identity columns in
Hibernate. Whichever it is, do it in one transaction, so that it is one commit.

## When to ignore

Rows that come one by one and must be safe before the next is taken (a till, a queue's consumer).
Where triggers or rules of the ORM must run for each row and cost more than the round trip.

One statement is silenced by `ignore` with its fingerprint, which the finding names as its object.

## Sources

- [PostgreSQL: Populating a Database](https://www.postgresql.org/docs/current/populate.html)
- [PostgreSQL: COPY](https://www.postgresql.org/docs/current/sql-copy.html)
- [PostgreSQL: PostgreSQL Limits, query parameters](https://www.postgresql.org/docs/current/limits.html)
- [psycopg: Using COPY TO and COPY FROM](https://www.psycopg.org/psycopg3/docs/basic/copy.html)
- [SQLAlchemy: ORM Bulk INSERT Statements](https://docs.sqlalchemy.org/en/20/orm/queryguide/dml.html#orm-bulk-insert-statements)
- [Django: QuerySet API, bulk_create](https://docs.djangoproject.com/en/stable/ref/models/querysets/#bulk-create)
"""

from __future__ import annotations

from dbwright.model.described import Threshold
from dbwright.model.finding import Confidence, Severity
from dbwright.tune.pages.page import HEARD, finding_page

FOUND = """
BEGIN;
INSERT INTO items (order_id, line, name) VALUES (1, 1, 'pen');
INSERT INTO items (order_id, line, name) VALUES (1, 2, 'ink');
-- … once for each line
COMMIT;

-- instead:
INSERT INTO items (order_id, line, name) VALUES (1, 1, 'pen'), (1, 2, 'ink');
"""

page = finding_page(
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    asks=HEARD,
    thresholds=(
        Threshold("times", int, 10, "calls in one burst; of a log no fewer than 5 are kept"),
    ),
    found=("sql", FOUND.strip()),
)
