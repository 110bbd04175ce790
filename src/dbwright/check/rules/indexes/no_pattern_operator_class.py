"""A text index can't serve the LIKE that is asked.

## What it finds

A column that a view or a query of the workload compares with `LIKE 'text%'`, which has a b-tree
index, but one in a collation other than C and with the ordinary operator class; and no index that
could serve it. Where the workload holds `LIKE $1` only, the confidence is low: the pattern may
begin with a wildcard.

## Why it matters

In such a collation the words that begin alike don't lie side by side in the index, so PostgreSQL
can't use it for LIKE and reads the whole table, although "the column has an index".

## How to fix

Make a second index with `text_pattern_ops`. The ordinary one stays for `<`, `>` and `ORDER BY`; `=`
can use either. Patterns that begin with a wildcard need a trigram index (pg_trgm) instead.

## When to ignore

The table is small, or the patterns begin with `%`.

## Sources

- PostgreSQL manual, Operator Classes and Operator Families: text_pattern_ops.
- PostgreSQL manual, B-Tree: LIKE "if your database does not use the C locale".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dbwright.check.example import Example
from dbwright.check.fixes import create_index
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.indexes._patterns import LikeColumn, like_columns
from dbwright.model.catalog import Catalog, Column, Index, MaterializedView, Table, View
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import qualify, quote
from dbwright.model.snapshot import Snapshot

TABLE = """
CREATE TABLE users (id bigint PRIMARY KEY, email text UNIQUE, code varchar(20), name text);
CREATE INDEX users_code ON users (code);
CREATE INDEX users_name ON users (name);
"""

BAD = Example(
    TABLE
    + """
CREATE VIEW staff AS SELECT * FROM users u WHERE u.code LIKE 'S-%' AND name NOT LIKE 'X%';
CREATE MATERIALIZED VIEW admins AS SELECT id FROM users WHERE email LIKE ('admin' || '%');
""",
    objects=("public.users_code", "public.users_email_key"),
)

GOOD = Example(
    TABLE
    + """
ALTER TABLE users ALTER COLUMN name TYPE text COLLATE "C";
CREATE INDEX users_code_pattern ON users (code varchar_pattern_ops);
CREATE INDEX users_email_c ON users (email COLLATE "C");
CREATE VIEW staff AS SELECT * FROM users WHERE code LIKE 'S-%' AND name LIKE 'X%';
CREATE VIEW found AS SELECT * FROM users WHERE email LIKE 'a%' OR code LIKE '%x' OR code LIKE 'x';
CREATE VIEW nobody AS SELECT 1 AS one WHERE 'a' LIKE 'a%';
"""
)

C_COLLATIONS = frozenset(
    prefix + name
    for prefix in ("", "pg_catalog.")
    for name in ('"C"', '"POSIX"', "ucs_basic", "pg_c_utf8")
)


@dataclass(slots=True)
class _Asked:
    """Who compares a column with LIKE."""

    known: bool = False
    by: list[str] = field(default_factory=list)
    calls: int = 0


@rule(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def no_pattern_operator_class(catalog: Catalog, snapshot: Snapshot) -> Iterator[Fault]:
    for table, column, asked in _asked(snapshot):
        if column.is_array or column.base_type not in ("text", "character varying"):
            continue
        plain = [index for index in table.indexes if _leads(index, column) and index.valid]
        index = next((i for i in plain if _is_ordinary(snapshot, i, column)), None)
        if index is None or any(not _is_ordinary(snapshot, i, column) for i in plain):
            continue
        counted = snapshot.statistics.of(table) if snapshot.statistics else None
        yield Fault(
            object=index.ref,
            message=f"{index.qualified} can't serve LIKE on {quote(column.name)}: it is sorted "
            "by language, not by character",
            evidence={
                "table": table.qualified,
                "column": column.name,
                "asked_by": asked.by[:10],
                "calls": asked.calls or None,
                "rows": counted.best_rows if counted else None,
            },
            confidence=None if asked.known else Confidence.LOW,
            fix=create_index(
                catalog,
                table,
                [f"{quote(column.name)} text_pattern_ops"],
                suffix="pattern_idx",
                name_from=[column.name],
                size_bytes=counted.heap_bytes if counted else None,
                risk=""
                if asked.known
                else "no use if the patterns begin with a wildcard: look at them first",
            ),
        )


def _asked(snapshot: Snapshot) -> Iterator[tuple[Table, Column, _Asked]]:
    """Each column of a table that something compares with LIKE, in a stable order."""
    found: dict[tuple[str, str], _Asked] = {}
    by_name: dict[str, list[Table]] = {}
    for name, text, calls in _texts(snapshot):
        for like in like_columns(text):
            if not by_name:
                for table in snapshot.catalog.tables:
                    by_name.setdefault(table.name, []).append(table)
            place = _resolve(snapshot.catalog, by_name, like)
            if place is None:
                continue
            asked = found.setdefault(place, _Asked())
            asked.known = asked.known or like.known
            asked.calls += calls
            if name not in asked.by:
                asked.by.append(name)
    for (qualified, column), asked in sorted(found.items()):
        table = snapshot.catalog.table(qualified)
        yield table, table.column(column), asked


def _texts(snapshot: Snapshot) -> Iterator[tuple[str, str, int]]:
    """Queries, by whom, and how often they were called."""
    views: tuple[View | MaterializedView, ...] = (
        snapshot.catalog.views + snapshot.catalog.materialized_views
    )
    for view in views:
        if view.definition:
            yield str(view.ref), view.definition, 0
    for query in snapshot.workload.queries if snapshot.workload else ():
        yield "the workload", query.text, query.calls


def _resolve(
    catalog: Catalog, by_name: dict[str, list[Table]], like: LikeColumn
) -> tuple[str, str] | None:
    """The table and the column; None where it is no table's, or may be several tables'."""
    tables: list[Table] = []
    for schema, name in like.relations:
        if schema is None:
            tables += by_name.get(name, ())
        elif (found := catalog.find_table(qualify(schema, name))) is not None:
            tables.append(found)
    holding = [t for t in tables if any(column.name == like.column for column in t.columns)]
    return (holding[0].qualified, like.column) if len(holding) == 1 else None


def _leads(index: Index, column: Column) -> bool:
    return index.keys[0].column == column.name and index.method != "hash" and not index.partial


def _is_ordinary(snapshot: Snapshot, index: Index, column: Column) -> bool:
    """A b-tree that LIKE can't use? A GIN, a C collation or a pattern class can serve it."""
    key = index.keys[0]
    return (
        index.method == "btree"
        and key.default_operator_class
        and not _is_c(snapshot, key.collation or column.collation)
    )


def _is_c(snapshot: Snapshot, collation: str | None) -> bool:
    """Does the collation compare character by character? So too where nobody can tell."""
    if collation is not None:
        return collation in C_COLLATIONS
    database = snapshot.catalog.database
    if database is None or snapshot.from_files or database.locale_provider == "builtin":
        return True
    return database.locale_provider == "libc" and database.collate in ("C", "POSIX")
