"""A table is joined that nothing is read of.

## What it finds

An inner join along a foreign key whose other table gives no column: the key says that each row has
exactly one partner.

## Why it matters

The other table is read, or an index of it is searched, for each row. (The server leaves out such a
LEFT JOIN by itself, but not an inner one: it does not trust foreign keys for that.)

## How to fix

Leave the table out; where the key's columns may be NULL, ask that they are not.

## When to ignore

The foreign key might be dropped, or rows be loaded with its triggers off.

## Sources

- PostgreSQL manual, Foreign Keys; analyzejoins.c of its source (what it removes by itself).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbwright.model.catalog import Catalog, ForeignKey
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.keys import holds, unique_by
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import has_star, inner_join_conditions, qualified
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Item, Level, Named, Source
from dbwright.tune.rewrites.trees import (
    all_of,
    at,
    column_refs,
    conjuncts,
    is_not_null,
    operator,
)

NULLABLE = """
CREATE TABLE a (id int PRIMARY KEY, name text);
CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a, n int);
INSERT INTO a SELECT n FROM generate_series(1, 3000) n;
INSERT INTO b SELECT n, nullif(n % 3000, 0), n FROM generate_series(1, 9000) n;
ANALYZE;
"""
LOOSE = """
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY, a_id int NOT NULL);
ALTER TABLE b ADD FOREIGN KEY (a_id) REFERENCES a {};
"""

BAD = (
    RewriteExample(
        "SELECT o.id, o.total FROM orders o JOIN customers c ON c.id = o.customer_id "
        "WHERE o.total > 3",
        SHOP,
    ),
    RewriteExample("SELECT sum(b.n) AS s FROM b, a WHERE b.a_id = a.id AND b.n > 7", NULLABLE),
)
GOOD = (
    RewriteExample(
        "SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.name = 'x'",
        SHOP,
    ),
    RewriteExample("SELECT * FROM orders o JOIN customers c ON c.id = o.customer_id", SHOP),
    RewriteExample("SELECT c.id FROM orders o JOIN customers c ON c.id = o.customer_id", SHOP),
    RewriteExample("SELECT o.id FROM orders o JOIN customers c ON c.referrer = o.id", SHOP),
    RewriteExample("SELECT b.id FROM b JOIN a ON a.id = b.a_id", LOOSE.format("NOT VALID")),
    RewriteExample("SELECT b.id FROM b JOIN a ON a.id = b.a_id", LOOSE.format("DEFERRABLE")),
    RewriteExample(
        "SELECT b.id FROM b JOIN a ON a.id = b.a_id",
        LOOSE.format("") + "ALTER TABLE a ENABLE ROW LEVEL SECURITY",
    ),
)


@rewrite(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def redundant_inner_join(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        joined = inner_join_conditions(level)
        if joined is None or level.fields.get("lockingClause"):
            continue
        if has_star(level.fields.get("targetList", ())):
            continue
        conditions = [*joined, *conjuncts(level.fields.get("whereClause"))]
        for item in level.items:
            tie = _tie(level, catalog, item, conditions)
            if tie is None or not _unread(level, item, [c for c in conditions if c not in tie[0]]):
                continue
            others = [at(source.tree, other.path) for other in level.items if other is not item]
            left = [c for c in conditions if c not in tie[0]] + tie[1]
            text = source.with_level(level, fromClause=others, whereClause=all_of(left))
            if text is not None:
                note = f"the foreign key gives each row exactly one partner in {item.alias}"
                yield Rewritten(text, note)


def _tie(
    level: Level, catalog: Catalog, item: Item, conditions: list[Node]
) -> tuple[list[Node], list[Node]] | None:
    """The conditions that are a whole foreign key to the relation, and what must be asked of the
    key's columns without them."""
    table = item.table
    if table is None or tuple(unique_by(catalog, table)) == ():
        return None
    pairs = [(c, *sides) for c in conditions if (sides := _sides(level, item, c)) is not None]
    for other in level.items:
        if other.table is None or other is item:
            continue
        own = [pair for pair in pairs if pair[1].item is other]
        for key in other.table.foreign_keys:
            if key.references != table.qualified or not holds(catalog, other.table, key):
                continue
            if _is_key(key, [(referring, referred) for _, referring, referred in own]):
                asked = [is_not_null(qualified(n)) for _, n, _ in own if not n.not_null]
                return [condition for condition, _, _ in own], asked
    return None


def _sides(level: Level, item: Item, condition: Node) -> tuple[Named, Named] | None:
    """Of `other.x = item.y`: both columns, that of the item second."""
    fields: Node = condition.get("A_Expr", {})
    if operator(fields) != "=":
        return None
    refs = [fields[side].get("ColumnRef") for side in ("lexpr", "rexpr")]
    if None in refs:
        return None
    left, right = (level.named(ref) for ref in refs)
    if left is None or right is None or left.item is right.item:
        return None
    if right.item is item:
        return left, right
    return (right, left) if left.item is item else None


def _is_key(key: ForeignKey, pairs: list[tuple[Named, Named]]) -> bool:
    wanted = sorted(zip(key.columns, key.referenced_columns, strict=True))
    return wanted == sorted((one.column.name, other.column.name) for one, other in pairs)


def _unread(level: Level, item: Item, conditions: list[Node]) -> bool:
    """Does nothing but the join read the relation?"""
    clauses = ("targetList", "groupClause", "havingClause", "sortClause", "distinctClause")
    more = ("windowClause", "limitCount", "limitOffset", "withClause")
    rest: list[Any] = [conditions, *(level.fields.get(name) for name in (*clauses, *more))]
    for fields in column_refs(rest):
        names = [part["String"]["sval"] for part in fields["fields"] if "String" in part]
        if item.alias in names:
            return False
        if len(names) == 1 and names[0] in (item.columns or ()):
            return False
    return True
