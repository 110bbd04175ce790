"""A value is looked for in an array in a way that no index serves.

## What it finds

`'red' = ANY (tags)` as a condition, where `tags` is a column with arrays.

## Why it matters

An index on an array column (GIN) is asked with operators, `@>` and `&&`. `= ANY` is none of them:
the server takes the array of every row apart.

## How to fix

`tags @> ARRAY['red']::text[]`: true of the same rows. Where there is no GIN index yet, the template
shows the condition that one would serve.

## When to ignore

The table is small, or other conditions leave few rows of it.

## Sources

- PostgreSQL manual, Array Functions and Operators; GIN Indexes, Built-in Operator Classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog, Column
from dbwright.model.finding import Severity
from dbwright.model.names import quote
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._lengths import cast
from dbwright.tune.rewrites.rules._parts import constant_kind, enum_labels, is_conjunct
from dbwright.tune.rewrites.rules._periods import type_name
from dbwright.tune.rewrites.source import Level, Named, Source
from dbwright.tune.rewrites.trees import comparison

TEXTS = ("text", "varchar")
NUMBERS = {"smallint": 2**15 - 1, "integer": 2**31 - 1, "bigint": 2**31 - 1, "numeric": 2**31 - 1}
TYPES = frozenset(
    (
        "text", "character varying", "uuid", "date", "timestamp without time zone",
        "timestamp with time zone", "inet", *NUMBERS,
    )
)  # fmt: skip
"""Types in which a constant is the same value as in an array of them."""

TAGS = """
CREATE TABLE articles (id int PRIMARY KEY, tags text[], codes varchar(9)[], body text);
INSERT INTO articles SELECT n, ARRAY['t' || n % 500, 'u' || n % 7], ARRAY['c' || n], repeat('x', 90)
    FROM generate_series(1, 20000) n;
CREATE INDEX articles_tags ON articles USING gin (tags);
ANALYZE articles;
"""
BAD = (
    RewriteExample("SELECT id FROM articles WHERE 't17' = ANY (tags) AND id > 3", TAGS),
    RewriteExample("SELECT count(*) FROM articles a WHERE 'c17'::varchar = ANY (a.codes)", TAGS),
)
GOOD = (
    RewriteExample("SELECT id FROM articles WHERE tags @> ARRAY['t17']", TAGS),
    RewriteExample("SELECT id FROM articles WHERE NOT ('t17' = ANY (tags))", TAGS),
    RewriteExample("SELECT id, 't17' = ANY (tags) AS tagged FROM articles", TAGS),
    RewriteExample("SELECT id FROM articles WHERE 't17' < ANY (tags)", TAGS),
    RewriteExample(
        "SELECT id FROM readings WHERE 0.1 = ANY (values) AND 'abcd' = ANY (codes)",
        "CREATE TABLE readings (id int, values real[], codes char(3)[]);"
        "CREATE INDEX ON readings USING gin (values, codes);",
    ),
    RewriteExample("SELECT id FROM articles WHERE id = ANY (ARRAY[7, 8])", TAGS),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def any_of_array_column(
    source: Source,
    catalog: Catalog,
    *,
    min_rows: Annotated[int, "rows of a table that is worth an index"] = 1000,
) -> Iterator[Rewritten]:
    # Its own operator of this name fails for arrays with a NULL.
    replaced = any(extension.name == "intarray" for extension in catalog.extensions)
    for level in source.levels:
        for path, kind, fields in source.expressions(level):
            named = _array(level, fields) if kind == "A_Expr" else None
            if named is None or not is_conjunct(level, path):
                continue
            type_ = named.column.base_type
            if (replaced and type_ == "integer") or not _is_of(catalog, type_, fields["lexpr"]):
                continue
            asked = comparison(fields["rexpr"], "@>", _one(named.column, fields["lexpr"]))
            text = source.with_node(path, asked)
            if text is None:
                continue
            if _has_gin(named):
                yield Rewritten(text, "an array that holds the value is one that contains it")
            elif _rows(source, named) >= min_rows:
                table, name = named.table.qualified, quote(named.column.name)
                note = (
                    f"make an index for arrays, CREATE INDEX CONCURRENTLY ON {table} USING gin "
                    f"({name}), and ask with the operator that it serves"
                )
                yield Rewritten(text, note, provable=False)


def _array(level: Level, fields: Node) -> Named | None:
    """The column of `constant = ANY (column)`."""
    name = [part["String"]["sval"] for part in fields.get("name", ())]
    if fields.get("kind") != "AEXPR_OP_ANY" or name != ["="] or "ColumnRef" not in fields["rexpr"]:
        return None
    named = level.named(fields["rexpr"]["ColumnRef"])
    array = named is not None and named.column.is_array and named.column.domain is None
    return named if array else None


def _is_of(catalog: Catalog, type_: str, value: Node) -> bool:
    """Is it the same value as an element of such an array? (0.1 is another one as `real`, and
    character(n) cuts off what is too long.)"""
    cast_to = type_name(value["TypeCast"]) if "TypeCast" in value else ""
    bare = value["TypeCast"]["arg"] if cast_to else value
    constant = constant_kind(bare)
    if cast_to and (cast_to not in TEXTS or value["TypeCast"]["typeName"].get("typmods")):
        return False
    if cast_to and type_ not in ("text", "character varying"):
        return False
    if constant is None:
        return "ParamRef" in bare
    if constant[0] == "ival":
        return type_ in NUMBERS and abs(int(constant[1])) <= NUMBERS[type_]
    known = type_ in TYPES or bool(enum_labels(catalog, type_))
    return constant[0] == "sval" and known


def _one(column: Column, value: Node) -> Node:
    """An array of the column's type that holds the value alone."""
    return cast({"A_ArrayExpr": {"elements": [value]}}, f"{column.base_type}[]")


def _has_gin(named: Named) -> bool:
    keys = (
        key
        for index in named.table.indexes
        if index.method == "gin" and index.valid
        for key in index.keys
    )
    return any(key.column == named.column.name and key.default_operator_class for key in keys)


def _rows(source: Source, named: Named) -> float:
    known = None if source.statistics is None else source.statistics.of(named.table)
    return 0.0 if known is None else known.best_rows
