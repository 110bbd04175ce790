"""A pair of columns references rows of several tables.

## What it finds

A column `x_type` beside a column `x_id` that no foreign key covers, where `x` is no table: either
the values of `x_type` (an enum's labels, or what ANALYZE found) name tables, or `x` is one of the
usual names (`commentable`, `owner`, `subject` …) and nothing is known of the values. If the values
name no table, it is silent: then the type says what kind of number it is.

## Why it matters

No foreign key can cover it: rows point to what was deleted, and each query needs one join per kind.

## How to fix

Give each kind its own column with its own foreign key, and a CHECK (num_nonnulls(…) = 1); or let
the kinds share one parent table that is referenced instead.

## When to ignore

A log or an audit trail, whose rows are meant to outlive what they speak of. It is a notice there,
in tables that libraries make (`active_storage_attachments`), and where only one table is named so
far.

## Sources

- Bill Karwin, SQL Antipatterns: Polymorphic Associations.
- PostgreSQL manual, Comparison Functions: num_nonnulls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.keys._entity import keeps_the_past, tables_by_entity, words
from dbwright.model.catalog import Catalog, Column, Table, TableKind, TypeKind
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE TABLE posts (id bigint PRIMARY KEY);
CREATE TABLE photos (id bigint PRIMARY KEY);
CREATE TYPE kind AS ENUM ('Post', 'Photo');
CREATE TABLE comments (
    id bigint PRIMARY KEY,
    on_type kind NOT NULL,
    on_id bigint NOT NULL
);
CREATE TABLE likes (id bigint PRIMARY KEY, "likeableType" text, "likeableId" bigint);
INSERT INTO likes SELECT n, CASE WHEN n % 2 = 0 THEN 'App\\Post' ELSE 'App\\Photo' END, n
    FROM generate_series(1, 20) n;
ANALYZE likes;
""",
    objects=("public.comments.on_id", 'public.likes."likeableId"'),
    fix_mends=False,
)

GOOD = """
CREATE TABLE posts (id bigint PRIMARY KEY);
CREATE TABLE documents (id bigint PRIMARY KEY);
CREATE TYPE proof AS ENUM ('passport', 'id card');
CREATE TABLE people (
    id bigint PRIMARY KEY,
    identity_type proof,
    identity_id text,
    document_type text,
    document_id bigint REFERENCES documents
);
CREATE TABLE comments (
    id bigint PRIMARY KEY,
    post_id bigint REFERENCES posts,
    document_id bigint REFERENCES documents,
    CHECK (num_nonnulls(post_id, document_id) = 1)
);
"""

USUAL = frozenset(
    "actor attached causer entity item linked model object owner parent record reference related "
    "resource source subject target".split()
)
OF_LIBRARIES = frozenset(
    "action_text_rich_texts active_storage_attachments friendly_id_slugs taggings".split()
)
"""Tables that a library makes in this way, and that can't be had in another."""
NUMBERS = frozenset({"integer", "bigint", "uuid", "text", "character varying"})
TEXTS = frozenset({"text", "character varying", "character"})


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def polymorphic_reference(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    entities = tables_by_entity(catalog)
    enums = {t.qualified: t.labels for t in catalog.types if t.kind is TypeKind.ENUM}
    for name, columns in catalog.columns_by_name.items():
        parts = words(name)
        if len(parts) < 2 or parts[-1] != "type" or "_".join(parts[:-1]) in entities:
            continue
        for table, type_column in columns:
            number = _beside(table, type_column, parts)
            if number is None:
                continue
            values = _values(statistics, enums, table, type_column)
            named = sorted({one for value in values for one in _tables_named(entities, value)})
            if values and not named:
                continue
            if not values and not (parts[-2] in USUAL or parts[-2].endswith("able")):
                continue
            doubtful = len(named) < 2 or keeps_the_past(table) or table.name in OF_LIBRARIES
            yield Fault(
                object=table.column_ref(number),
                message=f"{table.column_ref(number).name} references rows of "
                + (f"{', '.join(named)}" if named else "several tables")
                + f", as {quote(name)} says"
                + (": no foreign key can cover it" if len(named) != 1 else ", and of no other yet"),
                evidence={
                    "type_column": name,
                    "type": number.type,
                    "tables": named[:20],
                    "kinds": len(values) or None,
                },
                severity=Severity.NOTICE if doubtful else None,
                confidence=None if values else Confidence.LOW,
                advice=_advice(table),
            )


def _advice(table: Table) -> str:
    if keeps_the_past(table):
        return "Leave it where the rows are meant to outlive what they speak of."
    if table.name in OF_LIBRARIES:
        return (
            "The table is a library's own: leave it, and delete its rows with what they belong to."
        )
    return (
        "Give each kind a column with a foreign key of its own, and a CHECK (num_nonnulls(…) = 1)."
    )


def _beside(table: Table, type_column: Column, parts: tuple[str, ...]) -> Column | None:
    """The column with the number, if no foreign key covers either of the two."""
    if table.is_partition or table.kind is TableKind.FOREIGN or type_column.is_array:
        return None
    wanted = ((*parts[:-1], "id"), (*parts[:-1], "uuid"))
    for column in table.columns:
        if column.base_type in NUMBERS and not column.is_array and words(column.name) in wanted:
            pair = {column.name, type_column.name}
            covered = any(not pair.isdisjoint(key.columns) for key in table.foreign_keys)
            return None if covered else column
    return None


def _values(
    statistics: Statistics | None,
    enums: dict[str, tuple[str, ...]],
    table: Table,
    column: Column,
) -> Sequence[str]:
    """The kinds that there are, as far as they are known."""
    if column.base_type in enums:
        return enums[column.base_type]
    if column.base_type not in TEXTS or statistics is None:
        return ()
    found = statistics.of_column(table, column)
    return found.sample if found else ()


def _tables_named(entities: dict[str, list[Table]], value: str) -> Iterator[str]:
    """`App\\Models\\Post`, `blog.Post` and `posts` all name the table of posts."""
    last = value.replace("\\", ".").replace(":", ".").rpartition(".")[2]
    for table in entities.get("_".join(words(last)), ())[:1]:
        yield table.qualified
