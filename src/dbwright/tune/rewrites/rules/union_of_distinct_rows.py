"""UNION removes duplicates where there can be none.

## What it finds

UNION of queries that give no row twice (a key is among their columns, or all they group by), and
that differ from one another in a constant: `SELECT id, 'order' … UNION SELECT id, 'return' …`.

## Why it matters

All rows of all parts are sorted or hashed to find duplicates, before the first one is sent.

## How to fix

UNION ALL.

## When to ignore

So few rows come that it does not matter.

## Sources

- PostgreSQL manual, Combining Queries.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._distinct import gives_distinct_rows
from dbwright.tune.rewrites.rules._parts import constant_kind
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import Path, put

BAD = (
    RewriteExample(
        "SELECT id, 'customer' AS kind FROM customers UNION SELECT id, 'order' FROM orders", SHOP
    ),
    RewriteExample(
        "SELECT id, 1 AS kind FROM customers UNION SELECT id, 2 FROM orders "
        "UNION SELECT customer_id, 3 FROM orders GROUP BY customer_id ORDER BY 1",
        SHOP,
    ),
)
GOOD = (
    RewriteExample("SELECT id FROM customers UNION SELECT id FROM orders", SHOP),
    RewriteExample("SELECT id, 'a' FROM customers UNION SELECT id, 'a' FROM orders", SHOP),
    RewriteExample("SELECT name, 'a' FROM customers UNION SELECT status, 'b' FROM orders", SHOP),
    RewriteExample("SELECT id, 1 FROM customers UNION SELECT id, 01 FROM orders", SHOP),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def union_of_distinct_rows(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    by_path = {level.path: level for level in source.levels}
    for level in source.levels:
        if level.path[-1] in ("larg", "rarg") or level.fields.get("op") != "SETOP_UNION":
            continue
        unions: list[Path] = []
        arms: list[Level] = []
        if not _collect(level, by_path, unions, arms) or not _disjoint(arms):
            continue
        if not all(_distinct(arm, catalog) for arm in arms):
            continue
        tree = source.tree
        for path in unions:
            tree = put(tree, (*path, "all"), True)
        text = source.with_tree(tree)
        if text is not None:
            yield Rewritten(text, "no part gives a row twice, and a constant tells the parts apart")


def _collect(
    level: Level, by_path: dict[Path, Level], unions: list[Path], arms: list[Level]
) -> bool:
    """All parts of a chain of plain UNIONs; False where another operation is among them."""
    if not level.set_operation:
        arms.append(level)
        return True
    if level.fields.get("op") != "SETOP_UNION" or level.fields.get("all"):
        return False
    unions.append(level.path)
    return all(
        _collect(by_path[(*level.path, side)], by_path, unions, arms) for side in ("larg", "rarg")
    )


def _distinct(level: Level, catalog: Catalog) -> bool:
    return bool(level.fields.get("distinctClause") == [{}]) or gives_distinct_rows(level, catalog)


def _disjoint(arms: list[Level]) -> bool:
    """Is there a place where all of them have a constant, each another one of the same type?"""
    for constants in zip(*map(_constants, arms), strict=False):
        known = [constant for constant in constants if constant is not None]
        if len(set(known)) == len(arms) and len({kind for kind, _ in known}) == 1:
            return True
    return False


def _constants(level: Level) -> list[tuple[str, str] | None]:
    found: list[tuple[str, str] | None] = []
    for target in level.fields.get("targetList", ()):
        value: Node = target["ResTarget"]["val"]
        if "ColumnRef" in value and "A_Star" in value["ColumnRef"]["fields"][-1]:
            break  # what follows stands nobody knows where
        constant = constant_kind(value)
        # Of strings only those that no type takes for the same.
        plain = constant is not None and (
            constant[0] == "ival"
            or (constant[1].isascii() and constant[1].isalpha() and constant[1].islower())
        )
        found.append(constant if plain else None)
    return found
