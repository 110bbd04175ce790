"""Rows are changed one statement each.

## What it finds

An UPDATE, DELETE or MERGE that ran at least `times` times in one burst: one transaction or, outside
of transactions, statements of one session that follow one another closely.

## Why it matters

Each row pays a round trip and a statement; the locks of a transaction are held all that time.

Two such transactions that take the same rows in different orders end in a deadlock, the likelier
the longer they last.

## How to fix

One statement for all rows:

- the same new value for all: `UPDATE orders SET status = 'sent' WHERE id = ANY ($1)`;
- a value for each: `UPDATE orders SET status = given.status FROM unnest($1::int[], $2::text[]) AS
  given (id, status) WHERE orders.id = given.id`; for very many, COPY into a temporary table and
  join that;
- deletions: `DELETE FROM orders WHERE id = ANY ($1)`, or with the condition by which the
  application found the ids.

In an ORM: `update()` and `bulk_update` in Django, `update()` with a WHERE or a list of rows in
SQLAlchemy, `update_all` and `upsert_all` in Rails. These pass by the ORM's signals and callbacks:
look whether anything hangs on them. Where it must stay one statement a row, send them in a pipeline
(psycopg's `executemany()` does).

A statement that changes very many rows is best cut into pieces of some thousand, each in its own
transaction, so that vacuum and waiting sessions come between.

## When to ignore

Each change stands for something that a person or another system did at that moment. A backfill that
goes slowly on purpose.

One statement is silenced by `ignore` with its fingerprint, which the finding names as its object.

## Sources

- [PostgreSQL: UPDATE](https://www.postgresql.org/docs/current/sql-update.html)
- [PostgreSQL: Array Functions and Operators, unnest](https://www.postgresql.org/docs/current/functions-array.html)
- [PostgreSQL: Explicit Locking, Deadlocks](https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS)
- [psycopg: Pipeline mode support](https://www.psycopg.org/psycopg3/docs/advanced/pipeline.html)
- [SQLAlchemy: ORM-Enabled INSERT, UPDATE, and DELETE statements](https://docs.sqlalchemy.org/en/20/orm/queryguide/dml.html)
- [Django: QuerySet API, bulk_update](https://docs.djangoproject.com/en/stable/ref/models/querysets/#bulk-update)
- [Rails: ActiveRecord::Relation, update_all](https://api.rubyonrails.org/classes/ActiveRecord/Relation.html#method-i-update_all)
"""

from __future__ import annotations

from dbwright.model.described import Threshold
from dbwright.model.finding import Confidence, Severity
from dbwright.tune.pages.page import HEARD, finding_page

FOUND = """
BEGIN;
UPDATE orders SET status = 'sent' WHERE id = 17;
UPDATE orders SET status = 'sent' WHERE id = 4;
-- … once for each order
COMMIT;

-- instead:
UPDATE orders SET status = 'sent' WHERE id = ANY ('{17, 4}');
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
