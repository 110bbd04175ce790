"""LIKE with a prefix can't use the column's index, for it is sorted by a language's rules.

## What it finds

`code LIKE 'abc%'` where the only b-tree index that begins with the column is sorted by a collation
other than "C", with the type's usual operator class.

## Why it matters

There is an index, and the query reads the whole table: under a language's rules the texts with one
prefix need not stand together (in Czech `ch` comes after `h`), so the server can't use it for LIKE.

## How to fix

An index for patterns: `(code text_pattern_ops)`, which serves LIKE and `=`, or
`(code COLLATE "C")`. The query stays as it is. The template shows what the server then searches
for: the range of bytes that begin with the prefix. It is no rewrite that helps alone.

## When to ignore

The table is small, or the pattern is rarely a prefix.

## Sources

- PostgreSQL manual, Operator Classes and Operator Families; Locale Support: Behavior.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.model.catalog import Catalog, Index
from dbwright.model.finding import Severity
from dbwright.model.names import quote
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import constant_kind
from dbwright.tune.rewrites.rules._texts import CODES, in_c, prefix_of, text_column
from dbwright.tune.rewrites.source import Level, Named, Source
from dbwright.tune.rewrites.trees import all_of, comparison, string

LAST_LETTER = 0x7E
"""Up to here the next code point is the next letter, in all encodings."""

LANGUAGE = """
CREATE TABLE items (id int PRIMARY KEY, code text, name text COLLATE "C");
INSERT INTO items SELECT n, 'c' || n, 'c' || n FROM generate_series(1, 3000) n;
CREATE INDEX items_code ON items (code);
CREATE INDEX items_name ON items (name);
ANALYZE items;
"""
BAD = RewriteExample("SELECT id FROM items WHERE code LIKE 'c12%'", LANGUAGE)
GOOD = (
    RewriteExample("SELECT id FROM items WHERE name LIKE 'c12%'", LANGUAGE),
    RewriteExample("SELECT id FROM items WHERE code LIKE '%12'", LANGUAGE),
    RewriteExample("SELECT id FROM items WHERE code LIKE 'c0123%'", CODES),
)


@rewrite(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def like_prefix_under_collation(
    source: Source,
    catalog: Catalog,
    *,
    min_rows: Annotated[int, "rows of a table that is worth an index"] = 1000,
) -> Iterator[Rewritten]:
    for level in source.levels:
        for path, kind, fields in source.expressions(level):
            negative = kind == "A_Expr" and fields["name"][-1]["String"]["sval"] != "~~"
            if kind != "A_Expr" or fields.get("kind") != "AEXPR_LIKE" or negative:
                continue
            named, prefix = _prefix(level, fields)
            if named is None or prefix is None or _rows(source, named) < min_rows:
                continue
            useless = _useless_index(catalog, named)
            text = source.with_node(path, _range(fields["lexpr"], prefix))
            if useless is None or text is None:
                continue
            table, name = named.table.qualified, quote(named.column.name)
            note = (
                f"{useless.name} is sorted by a collation under which LIKE can't use it; make an "
                f"index for patterns, CREATE INDEX CONCURRENTLY ON {table} ({name} "
                "text_pattern_ops), and LIKE searches it for this range"
            )
            yield Rewritten(text, note, provable=False)


def _prefix(level: Level, fields: Node) -> tuple[Named | None, str | None]:
    """The column and the prefix that is asked for."""
    constant = constant_kind(fields["rexpr"])
    named = level.named(fields["lexpr"]["ColumnRef"]) if "ColumnRef" in fields["lexpr"] else None
    if constant is None or constant[0] != "sval" or named is None or not text_column(named.column):
        return None, None
    prefix = prefix_of(constant[1])
    return (named, prefix) if prefix and ord(prefix[-1]) < LAST_LETTER else (None, None)


def _rows(source: Source, named: Named) -> float:
    known = None if source.statistics is None else source.statistics.of(named.table)
    return 0.0 if known is None else known.best_rows


def _useless_index(catalog: Catalog, named: Named) -> Index | None:
    """A b-tree index that begins with the column, where none of them serves LIKE."""
    found: Index | None = None
    for index in named.table.indexes:
        key = index.keys[0]
        if index.method != "btree" or key.column != named.column.name or not index.valid:
            continue
        if not key.default_operator_class or in_c(catalog, key.collation or named.column.collation):
            return None
        found = None if index.partial else found or index
    return found


def _range(column: Node, prefix: str) -> Node:
    """All texts that begin with it, in the order of their bytes."""
    compared: Node = {"CollateClause": {"arg": column, "collname": [{"String": {"sval": "C"}}]}}
    after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    found = all_of(
        (comparison(compared, ">=", string(prefix)), comparison(compared, "<", string(after)))
    )
    assert found is not None
    return found
