"""The same query with the same values again and again.

## What it finds

Two faults of one kind:

- Within one burst (a transaction, or statements of one session that follow one another closely) a
  SELECT ran at least `times` times, and at least half of the calls had values that it had been run
  with before.
- In the whole log, one call with the very same values ran at least `calls` times, was at least
  `share` of all calls of its statement, and took at least `seconds` on the server in all. This one
  is a notice, of medium confidence: the calls may be far apart.

A SELECT that locks rows (`FOR UPDATE SKIP LOCKED` of a worker), or that reads no table
(`SELECT nextval(…)`), is passed over: its answer is another one each time.

## Why it matters

The answer is known already; asking again costs the server and the one who waits.

In one request it is mostly a helper that is called in a loop (the current user, a setting, a rate),
each time with a round trip and a planning of its own.

## How to fix

In one request: keep the answer for the length of the request, in a variable, in the ORM's identity
map (`Session.get` in SQLAlchemy does not ask again for a key whose object is still held), in its
query cache (Rails has one for each request), or with `functools.cached_property`.

Across requests: a cache in the application or beside it, for as long as the answer may be stale,
which is thrown away when the row changes (`LISTEN` and `NOTIFY` can tell). For an answer that is
dear to compute and read by all, a materialized view.

## When to ignore

The query must see each change at once: a queue that is polled, a lock that is waited for. Polling
has a better way, too: `LISTEN`, and a poll every few seconds for what it missed.

One statement is silenced by
`ignore` with its fingerprint, which the finding names as its object.

## Sources

- [PostgreSQL: NOTIFY](https://www.postgresql.org/docs/current/sql-notify.html)
- [PostgreSQL: Materialized Views](https://www.postgresql.org/docs/current/rules-materializedviews.html)
- [SQLAlchemy: Session Basics, Is the Session a cache?](https://docs.sqlalchemy.org/en/20/orm/session_basics.html#is-the-session-a-cache)
- [Django: Database access optimization, Understand cached attributes](https://docs.djangoproject.com/en/stable/topics/db/optimization/)
- [Rails: Caching with Rails, SQL Caching](https://guides.rubyonrails.org/caching_with_rails.html#sql-caching)
"""

from __future__ import annotations

from dbwright.model.described import Threshold
from dbwright.model.finding import Confidence, Severity
from dbwright.tune.pages.page import HEARD, finding_page

FOUND = """
BEGIN;
SELECT rate FROM currencies WHERE code = 'EUR';
SELECT total FROM orders WHERE id = 1;
SELECT rate FROM currencies WHERE code = 'EUR';
SELECT total FROM orders WHERE id = 2;
SELECT rate FROM currencies WHERE code = 'EUR';
-- … once for each order
COMMIT;
"""

page = finding_page(
    severity=Severity.WARNING,
    confidence=Confidence.HIGH,
    asks=HEARD,
    thresholds=(
        Threshold("times", int, 10, "calls in one burst; of a log no fewer than 5 are kept"),
        Threshold("calls", int, 100, "calls with the very same values, in the whole log"),
        Threshold("share", float, 0.1, "they are at least so much of all calls of the statement"),
        Threshold("seconds", float, 1.0, "they took at least so long on the server, in all"),
    ),
    found=("sql", FOUND.strip()),
)
