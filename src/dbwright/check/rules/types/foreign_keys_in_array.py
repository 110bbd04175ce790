"""An array column holds references to rows of another table.

## What it finds

An array column named like `user_ids`, where a table `users` (or `user`) has a primary key of one
column of the same type. With a GIN index on the array only a notice: then it is at least searched
on purpose.

## Why it matters

No foreign key can guard the elements: deleted rows stay in the arrays, and nothing says so.

A join through an array is estimated blindly, adding one element writes the whole row again, and
nothing about the single reference (since when, in which order) can be stored.

## How to fix

Make a table with one row for each pair and two foreign keys, and fill it with `unnest`.

## When to ignore

The array is a copy, kept for fast reading, and the truth is elsewhere; or the rows it names are
never deleted.

## Sources

- PostgreSQL manual, Searching in Arrays, Tip: "Arrays are not sets; searching for specific
  array elements can be a sign of database misdesign".
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.types._columns import own_columns
from dbwright.check.rules.types._words import words
from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY, user_ids bigint[] NOT NULL DEFAULT '{}');
""",
    objects=("public.teams.user_ids",),
    fix_mends=False,
)

GOOD = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE teams (id bigint PRIMARY KEY, external_ids text[], scores integer[]);
CREATE TABLE team_users (
    team_id bigint REFERENCES teams,
    user_id bigint REFERENCES users,
    PRIMARY KEY (team_id, user_id)
);
"""

INTEGERS = frozenset(("smallint", "integer", "bigint"))
TEXTS = frozenset(("text", "character varying"))
IRREGULAR = {"person": "people", "child": "children"}


@rule(severity=Severity.WARNING, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def foreign_keys_in_array(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    keyed: dict[str, list[tuple[Table, Column]]] | None = None
    for name, pairs in catalog.columns_by_name.items():
        if words(name)[-1:] != ("ids",):
            continue
        for table, column in own_columns(pairs):
            if not column.is_array:
                continue
            keyed = _tables_with_key(catalog) if keyed is None else keyed
            found = _target(keyed, table, column)
            if found is None:
                continue
            target, key = found
            searched = any(
                index.method == "gin" and column.name in index.columns for index in table.indexes
            )
            counted = statistics.of(table) if statistics else None
            yield Fault(
                object=table.column_ref(column),
                message=f"{table.qualified}.{quote(name)} ({column.type}) seems to hold keys of "
                f"{target.qualified}, which no foreign key can guard",
                evidence={
                    "type": column.type,
                    "references": f"{target.qualified}.{quote(key.name)}",
                    "gin_index": searched,
                    "rows": counted.best_rows if counted else None,
                },
                severity=Severity.NOTICE if searched else None,
                advice=f"Make a table with one row for each pair, and foreign keys to "
                f"{table.qualified} and {target.qualified}; fill it with unnest({quote(name)}).",
            )


def _tables_with_key(catalog: Catalog) -> dict[str, list[tuple[Table, Column]]]:
    """Tables with a primary key of one column, and the column, by lower-case name."""
    found: dict[str, list[tuple[Table, Column]]] = {}
    for table in catalog.tables:
        key = table.primary_key
        if key is not None and len(key.columns) == 1 and not table.is_partition:
            pair = (table, table.column(key.columns[0]))
            found.setdefault("_".join(words(table.name)), []).append(pair)
    return found


def _target(
    keyed: dict[str, list[tuple[Table, Column]]], table: Table, column: Column
) -> tuple[Table, Column] | None:
    """The table that `member_user_ids` names: member_user(s), else user(s)."""
    stem = words(column.name)[:-1]
    for start in range(len(stem)):
        for name in _names("_".join(stem[start:])):
            fits = [
                pair
                for pair in keyed.get(name, ())
                if _comparable(pair[1].base_type, column.base_type)
            ]
            near = [pair for pair in fits if pair[0].schema == table.schema] or fits
            if len(near) == 1:
                return near[0]
    return None


def _names(stem: str) -> Iterator[str]:
    head, _, last = stem.rpartition("_")
    front = f"{head}_" if head else ""
    yield stem
    yield f"{stem}s"
    yield f"{stem}es"
    if last.endswith("y"):
        yield f"{front}{last[:-1]}ies"
    if last in IRREGULAR:
        yield f"{front}{IRREGULAR[last]}"


def _comparable(one: str, other: str) -> bool:
    return one == other or {one, other} <= INTEGERS or {one, other} <= TEXTS
