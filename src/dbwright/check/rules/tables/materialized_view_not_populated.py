"""A materialized view was never filled.

## What it finds

Materialized views in the state WITH NO DATA. Not for SQL files: a dump of a schema holds all of
them so.

## Why it matters

Every query that reads it fails: "materialized view has not been populated".

## How to fix

REFRESH it. The fix first refreshes those that it reads itself and that are empty, too.

## When to ignore

It was just made and the first refresh is planned.

## Sources

- PostgreSQL manual, CREATE MATERIALIZED VIEW, WITH [NO] DATA; REFRESH MATERIALIZED VIEW.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, MaterializedView, View
from dbwright.model.finding import Fix, LockMode, Severity
from dbwright.model.snapshot import Snapshot

BAD = Example(
    """
CREATE TABLE orders (id bigint PRIMARY KEY, total numeric, at date);
CREATE MATERIALIZED VIEW per_day AS
    SELECT at, sum(total) AS total FROM orders GROUP BY at WITH NO DATA;
CREATE VIEW days AS SELECT * FROM per_day;
CREATE MATERIALIZED VIEW best_day AS SELECT max(total) FROM days WITH NO DATA;
""",
    objects=("public.per_day", "public.best_day"),
)

GOOD = """
CREATE TABLE orders (id bigint PRIMARY KEY, total numeric, at date);
CREATE MATERIALIZED VIEW per_day AS SELECT at, sum(total) AS total FROM orders GROUP BY at;
"""


@rule(severity=Severity.ERROR, bad=BAD, good=GOOD)
def materialized_view_not_populated(catalog: Catalog, snapshot: Snapshot) -> Iterator[Fault]:
    empty = [view for view in catalog.materialized_views if not view.populated]
    if snapshot.from_files or not empty:
        return
    known: dict[str, View | MaterializedView] = {view.qualified: view for view in catalog.views}
    known.update((view.qualified, view) for view in catalog.materialized_views)
    for view in empty:
        order = _in_order(view, known)
        yield Fault(
            object=view.ref,
            message=f"{view.qualified} was never filled: every query that reads it fails",
            evidence={"reads_unfilled": [other.qualified for other in order[:-1]]},
            fix=Fix(
                up=_refresh(order, "WITH DATA"),
                down=_refresh([view], "WITH NO DATA"),
                lock=LockMode.ACCESS_EXCLUSIVE,
                rewrites=True,
                scans=True,
                risk="runs the view's query once",
            ),
        )


def _refresh(views: list[MaterializedView], how: str) -> str:
    return "\n".join(f"REFRESH MATERIALIZED VIEW {view.qualified} {how};" for view in views)


def _in_order(
    view: MaterializedView, known: Mapping[str, View | MaterializedView]
) -> list[MaterializedView]:
    """The unfilled materialized views that it needs, each after what it reads; itself last."""
    order: list[MaterializedView] = []
    seen: set[str] = set()
    # A stack instead of recursion: views may be nested deeper than Python likes.
    stack: list[tuple[View | MaterializedView, bool]] = [(view, False)]
    while stack:
        this, done = stack.pop()
        if done:
            if isinstance(this, MaterializedView):
                order.append(this)
            continue
        filled = isinstance(this, MaterializedView) and this.populated
        if this.qualified in seen or filled:
            continue
        seen.add(this.qualified)
        stack.append((this, True))
        stack += [(known[name], False) for name in this.depends_on if name in known]
    return order
