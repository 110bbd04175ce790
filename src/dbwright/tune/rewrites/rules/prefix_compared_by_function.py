"""The beginning of a text is compared through a function.

## What it finds

`left(code, 3) = 'abc'`, `substr(code, 1, 3) = 'abc'`, `strpos(code, 'abc') = 1` and
`starts_with(code, 'abc')`.

## Why it matters

The server has to compute the function for every row, and knows nothing of how many rows there are.
As LIKE the same condition uses an index with text_pattern_ops or collation "C", and the column's
statistics.

## How to fix

Write `code LIKE 'abc%'`, with a backslash before `%`, `_` and `\\` of the text itself.

## When to ignore

There is an index on the expression.

## Sources

- PostgreSQL manual, Pattern Matching; Operator Classes and Operator Families.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.sql.parse import Node
from dbwright.tune.rewrites.rewrite import RewriteExample, Rewritten, rewrite
from dbwright.tune.rewrites.rules._parts import constant_kind
from dbwright.tune.rewrites.rules._texts import CODES, compares_bytes, like_text, text_column
from dbwright.tune.rewrites.source import Level, Source
from dbwright.tune.rewrites.trees import call_name, operator, string

BAD = (
    RewriteExample("SELECT id FROM items WHERE left(code, 5) = 'c0123'", CODES),
    RewriteExample("SELECT id FROM items WHERE 'c0_12' = substr(code, 1, 5)", CODES),
    RewriteExample("SELECT id FROM items WHERE strpos(code, 'c0123') = 1 AND id > 3", CODES),
)
GOOD = (
    RewriteExample("SELECT id FROM items WHERE left(code, 4) = 'c0123'", CODES),
    RewriteExample("SELECT id FROM items WHERE substr(code, 2, 5) = '01234'", CODES),
    RewriteExample("SELECT id FROM items WHERE strpos(code, 'c0123') = 2", CODES),
    RewriteExample("SELECT id FROM items WHERE left(fixed, 2) = 'c0'", CODES),
    RewriteExample("SELECT id FROM items WHERE code LIKE 'c0123%'", CODES),
)


@rewrite(severity=Severity.WARNING, bad=BAD, good=GOOD)
def prefix_compared_by_function(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
    for level in source.levels:
        for path, kind, fields in source.expressions(level):
            found = None
            if kind == "A_Expr" and operator(fields) == "=":
                found = _compared(fields["lexpr"], fields["rexpr"]) or _compared(
                    fields["rexpr"], fields["lexpr"]
                )
            elif kind == "FuncCall" and call_name(fields) == "starts_with":
                found = _starts(fields)
            if found is None or not _is_text(level, found[0]):
                continue
            text = source.with_node(path, _like(*found))
            if text is not None:
                yield Rewritten(text, "it is the same characters at the same place")


def _compared(node: Node, other: Node) -> tuple[Node, str] | None:
    """The column and the prefix of `function(column …) = constant`."""
    call, constant = node.get("FuncCall"), constant_kind(other)
    if call is None or constant is None:
        return None
    name, arguments = call_name(call), call.get("args", ())
    values = [constant_kind(argument) for argument in arguments[1:]]
    length = ("ival", str(len(constant[1])))
    if constant[0] == "sval" and constant[1]:
        cut = {"left": [length], "substr": [("ival", "1"), length]}
        cut["substring"] = cut["substr"]
        if name in cut and values == cut[name]:
            return arguments[0], constant[1]
    if name == "strpos" and constant == ("ival", "1") and values[0] and values[0][0] == "sval":
        return arguments[0], values[0][1]
    if name == "position" and constant == ("ival", "1") and len(arguments) == 2 and values[0]:
        return (arguments[0], values[0][1]) if values[0][0] == "sval" else None
    return None


def _starts(call: Node) -> tuple[Node, str] | None:
    arguments = call.get("args", ())
    constant = constant_kind(arguments[1]) if len(arguments) == 2 else None
    return (arguments[0], constant[1]) if constant is not None and constant[0] == "sval" else None


def _is_text(level: Level, node: Node) -> bool:
    named = level.named(node["ColumnRef"]) if "ColumnRef" in node else None
    return named is not None and text_column(named.column) and compares_bytes(named.column)


def _like(column: Node, prefix: str) -> Node:
    name = [{"String": {"sval": "~~"}}]
    pattern = string(f"{like_text(prefix)}%")
    return {"A_Expr": {"kind": "AEXPR_LIKE", "name": name, "lexpr": column, "rexpr": pattern}}
