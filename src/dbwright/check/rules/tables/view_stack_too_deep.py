"""Views are stacked on views, many levels deep.

## What it finds

Views that reach their tables through more than `max_depth` levels of views. Only the topmost view
of a stack is told. A materialized view ends the count, for it stores its rows.

## Why it matters

Every query on the top is rewritten to the whole stack: tables are joined that nobody needs,
conditions can't always be pushed down to them, and a column can't change without dropping and
making each view above it again.

## How to fix

Write the top view from the tables that it needs, or store a costly level as a materialized view.

## When to ignore

The levels only rename or filter columns, and the plans are good.

## Sources

- PostgreSQL manual, Views and the Rule System; Dependency Tracking.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, MaterializedView, View
from dbwright.model.finding import Severity

STACK = """
CREATE TABLE orders (id bigint PRIMARY KEY, total numeric);
CREATE VIEW a AS SELECT * FROM orders WHERE total > 0;
CREATE VIEW b AS SELECT id, total FROM a;
CREATE VIEW c AS SELECT id, total FROM b WHERE id > 0;
"""

BAD = Example(
    STACK
    + """
CREATE VIEW d AS SELECT c.id FROM c JOIN a USING (id);
CREATE VIEW e AS SELECT count(*) FROM d;
""",
    objects=("public.e",),
    options={"max_depth": 3},
    fix_mends=False,
)

GOOD = Example(
    STACK
    + """
CREATE MATERIALIZED VIEW stored AS SELECT id FROM c;
CREATE VIEW d AS SELECT id FROM stored;
""",
    options={"max_depth": 3},
)

AnyView = View | MaterializedView


@rule(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def view_stack_too_deep(
    catalog: Catalog,
    *,
    max_depth: Annotated[int, "more levels of views than these are told"] = 5,
) -> Iterator[Fault]:
    views = {view.qualified: view for view in catalog.views}
    depths = _depths(views)
    everything: list[AnyView] = [*catalog.views, *catalog.materialized_views]
    deep = {v.qualified: d for v in everything if (d := _levels(v, depths)) > max_depth}
    below = {name for v in everything if v.qualified in deep for name in v.depends_on}
    for view in everything:
        if view.qualified in deep and not (isinstance(view, View) and view.qualified in below):
            path = _path(view, views, depths)
            yield Fault(
                object=view.ref,
                message=f"{view.qualified} reaches its tables through "
                f"{deep[view.qualified]} levels of views",
                evidence={"levels": deep[view.qualified], "path": path},
                severity=Severity.WARNING if deep[view.qualified] > 2 * max_depth else None,
                advice="Write it from the tables that it needs, or store a costly level as a "
                "materialized view.",
            )


def _levels(view: AnyView, depths: Mapping[str, int]) -> int:
    """Levels of views between it and the tables; a materialized view is no level itself."""
    return _depth(view, depths) - isinstance(view, MaterializedView)


def _depth(view: AnyView, depths: Mapping[str, int]) -> int:
    return 1 + max((depths.get(name, 0) for name in view.depends_on), default=0)


def _depths(views: Mapping[str, View]) -> dict[str, int]:
    """Levels of each plain view, itself included; found from below, without recursion."""
    depths: dict[str, int] = {}
    for start in views:
        stack = [start]
        open_: set[str] = set()
        while stack:
            name = stack[-1]
            open_.add(name)
            wait = [
                other
                for other in views[name].depends_on
                if other in views and other not in depths and other not in open_
            ]
            if name in depths or not wait:
                depths.setdefault(name, _depth(views[name], depths))
                stack.pop()
            else:
                stack += wait
    return depths


def _path(view: AnyView, views: Mapping[str, View], depths: Mapping[str, int]) -> list[str]:
    """The longest way down, by name."""
    path = [view.qualified]
    this: AnyView = view
    while below := [n for n in this.depends_on if n in views and n not in path]:
        name = max(below, key=lambda n: (depths[n], n))
        path.append(name)
        this = views[name]
    return path
