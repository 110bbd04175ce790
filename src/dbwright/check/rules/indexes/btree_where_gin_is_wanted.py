"""A b-tree index on a column that wants a GIN index.

## What it finds

A b-tree index, not unique, with a jsonb or tsvector column among its keys, or an array as its
first key. Expressions such as `(data ->> 'name')` are fine.

## Why it matters

A b-tree compares whole values only: it never serves `@>`, `?`, `&&`, `@@` or `= ANY (column)`,
which is what such columns are asked.

And a row whose value does not fit into a third of a page can't be inserted at all: "index row size
exceeds btree maximum".

## How to fix

Build a GIN index beside it, then drop it; both CONCURRENTLY. For jsonb, `jsonb_path_ops` makes a
smaller one if only `@>` and JSON paths are asked. If one field is what you look for, make a b-tree
of that expression instead.

## When to ignore

Whole values are compared or sorted: a tree's path as an array with `ORDER BY path` is the usual
case. So arrays are a notice only, and so is an index that is in use.

## Sources

- PostgreSQL manual, jsonb Indexing: b-tree and hash indexes are "usually useful only if
  it's important to check equality of complete JSON documents".
- PostgreSQL manual, Preferred Index Types for Text Search; GIN Indexes, Built-in Operator
  Classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.indexes._replaced import replace_index
from dbwright.model.catalog import Catalog, Column, Index, IndexColumn, Table
from dbwright.model.finding import Confidence, Fix, Severity
from dbwright.model.index_use import count
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE TABLE products (id bigint PRIMARY KEY, shop_id bigint, attributes jsonb, words tsvector,
                       tags text[]);
CREATE INDEX products_attributes ON products (attributes);
CREATE INDEX products_words ON products (words);
CREATE INDEX products_tags ON products (tags DESC);
""",
    objects=("public.products_attributes", "public.products_tags", "public.products_words"),
)

SEVERAL = Example(
    """
CREATE TABLE products (id bigint PRIMARY KEY, shop_id bigint, attributes jsonb);
CREATE INDEX products_shop ON products (shop_id, attributes);
""",
    objects=("public.products_shop",),
    fix_mends=False,
)

GOOD = """
CREATE TABLE products (id bigint PRIMARY KEY, attributes jsonb, words tsvector, tags text[],
                       UNIQUE (tags), UNIQUE (attributes));
CREATE INDEX ON products USING gin (attributes jsonb_path_ops);
CREATE INDEX ON products USING gin (words);
CREATE INDEX ON products USING gin (tags);
CREATE INDEX ON products ((attributes ->> 'colour'));
CREATE INDEX ON products USING hash (attributes);
CREATE INDEX ON products (id, tags);
"""


@rule(severity=Severity.WARNING, bad=(BAD, SEVERAL), good=GOOD)
def btree_where_gin_is_wanted(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    wanted = _wanted(catalog)
    for table in catalog.tables:
        columns = wanted.get(table.oid)
        for index in table.indexes if columns else ():
            if index.method == "btree" and _may_go(index):
                found = _found(columns or {}, index)
                if found is not None:
                    yield _fault(catalog, statistics, table, index, found)


def _wanted(catalog: Catalog) -> dict[int, dict[str, Column]]:
    """The columns inside of which one searches, by table and name: there are few."""
    wanted: dict[int, dict[str, Column]] = {}
    for base_type, columns in catalog.columns_by_type.items():
        for table, column in columns:
            if column.is_array or base_type in ("jsonb", "tsvector"):
                wanted.setdefault(table.oid, {})[column.name] = column
    return wanted


def _may_go(index: Index) -> bool:
    return not index.unique and not index.exclusion and index.valid and index.parent is None


def _found(columns: Mapping[str, Column], index: Index) -> Column | None:
    """The column that a b-tree can't search inside; an array only where it comes first."""
    for n, name in enumerate(index.columns):
        column = columns.get(name) if name is not None else None
        if column is not None and (n == 0 or not column.is_array):
            return column
    return None


def _fault(
    catalog: Catalog,
    statistics: Statistics | None,
    table: Table,
    index: Index,
    column: Column,
) -> Fault:
    counted = count(catalog, statistics, table, index)
    used = bool(counted.scans)
    kind = "an array" if column.is_array else column.base_type
    several = len(index.keys) > 1 or bool(index.include)
    return Fault(
        object=index.ref,
        message=f"{index.qualified} is a b-tree on {quote(column.name)}, which is {kind}: it "
        "serves comparisons of whole values only",
        evidence={
            "table": table.qualified,
            "column": column.name,
            "type": column.type,
            "scans": counted.scans,
            "size_bytes": counted.size_bytes,
        },
        severity=Severity.NOTICE if column.is_array or used else None,
        confidence=Confidence.MEDIUM if column.is_array or used else None,
        fix=None if several else _fix(catalog, statistics, table, index),
        advice=f"Make a GIN index on {quote(column.name)} alone, and a b-tree of the other columns."
        if several
        else "",
    )


def _fix(catalog: Catalog, statistics: Statistics | None, table: Table, index: Index) -> Fix | None:
    counted = statistics.of(table) if statistics else None
    gin = replace(index, method="gin", keys=(IndexColumn(index.keys[0].column),), options=())
    return replace_index(
        catalog,
        table,
        index,
        gin,
        size_bytes=counted.heap_bytes if counted else None,
        risk="look for queries that sort by the column or compare whole values; a GIN index is "
        "slower to write",
    )
