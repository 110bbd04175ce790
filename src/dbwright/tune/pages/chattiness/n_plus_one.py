"""One query, and then one more for each of its rows.

## What it finds

A SELECT that ran at least `times` times in one burst, mostly with values that it had not been run
with before. A burst is one transaction or, outside of transactions, statements of one session that
follow one another closely (a pause of 0.2 s in a log, 1 s in a capture ends it). The finding names
the query before the loop, how often the loop ran, the time on the server and the time between the
statements, the places in the application's code where comments or a capture tell them, and, where
it is safe to write one, the statement that fetches all rows at once.

A loop that goes on where the last call ended (`WHERE id > … ORDER BY id LIMIT 100`: keyset
pagination, a worker that looks for what is new) is passed over.

## Why it matters

Each of these queries is a round trip and a planning of its own; their number grows with the rows of
the first one, so that it is slow in production only.

No index mends it: a look-up that takes 0.05 ms on the server takes 1 ms with the network, and a
page that shows 200 orders waits for 200 of them.

## How to fix

Fetch all of them in one query: a join, or the same query with an array of the values in place of
the one value. The finding's evidence has it under `batch`.

In an ORM this is called eager loading: `select_related` and `prefetch_related` in Django,
`joinedload` and `selectinload` in SQLAlchemy, `includes` or `preload` in Rails, `JOIN FETCH` or an
entity graph in JPA. To keep new ones out, let the ORM refuse to load lazily: `raiseload` in
SQLAlchemy, `strict_loading` in Rails.

Where the queries do not depend on one another but can't become one, send them in a pipeline
(`connection.pipeline()` in psycopg): it saves the round trips, not the work.

## When to ignore

A job that runs at night, where nobody waits and one row at a time keeps memory small. A loop whose
next query depends on the answer to the last one (walking up a tree): a recursive query is the mend
there, not a batch.

Outside of a transaction, requests that follow one another closely on one connection of a pool can
look like a loop: confidence is medium there. One statement is silenced by `ignore` with its
fingerprint, which the finding names as its object.

## Sources

- [PostgreSQL: Row and Array Comparisons, ANY/SOME (array)](https://www.postgresql.org/docs/current/functions-comparisons.html)
- [PostgreSQL: libpq, Pipeline Mode](https://www.postgresql.org/docs/current/libpq-pipeline-mode.html)
- [SQLAlchemy: Relationship Loading Techniques](https://docs.sqlalchemy.org/en/20/orm/queryguide/relationships.html)
- [Django: QuerySet API, select_related and prefetch_related](https://docs.djangoproject.com/en/stable/ref/models/querysets/)
- [Rails: Active Record Query Interface, Eager Loading Associations](https://guides.rubyonrails.org/active_record_querying.html#eager-loading-associations)
- [psycopg: Pipeline mode support](https://www.psycopg.org/psycopg3/docs/advanced/pipeline.html)
"""

from __future__ import annotations

from dbwright.model.described import Threshold
from dbwright.model.finding import Confidence, Severity
from dbwright.tune.pages.page import HEARD, finding_page

FOUND = """
BEGIN;
SELECT id, customer_id FROM orders WHERE placed >= '2026-11-01';
SELECT name FROM customers WHERE id = 17;
SELECT name FROM customers WHERE id = 4;
SELECT name FROM customers WHERE id = 23;
-- … once for each order
COMMIT;

-- instead:
SELECT name, id FROM customers WHERE id = ANY ('{17, 4, 23}');
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
