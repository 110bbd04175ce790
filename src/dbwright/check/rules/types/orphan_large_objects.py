"""Large objects are referenced by no row.

## What it finds

Large objects whose number stands in no column of the type `oid` (or `lo`, which is made of it).
Reads table rows: runs only with `--data`, and looks at the first `max_objects` of them.

## Why it matters

A large object lives on when the row that named it is deleted. Orphans fill the disk, and make dump,
restore and pg_upgrade slow, which handle each of them one by one.

## How to fix

First make sure that no other column holds the numbers: some libraries (Hibernate's `@Lob String`)
store them in columns of the types `text` and `bigint`, which nobody can see from the catalog. Then
`vacuumlo --dry-run` counts them, and `vacuumlo` removes them. A trigger with `lo_manage` keeps it
clean; a `bytea` column needs none of this.

## When to ignore

The numbers are stored outside of this database, or in columns of another type.

## Sources

- PostgreSQL manual, Large Objects; vacuumlo; Appendix F, lo.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Answers, Fault, Question, rule
from dbwright.model.catalog import Catalog, TableKind
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import quote

BAD = Example(
    """
CREATE TABLE pictures (id bigint PRIMARY KEY, image oid NOT NULL);
INSERT INTO pictures VALUES (1, lo_create(0)), (2, lo_create(0));
DELETE FROM pictures WHERE id = 2;
""",
    fix_mends=False,
)

GOOD = """
CREATE TABLE pictures (id bigint PRIMARY KEY, image oid NOT NULL);
INSERT INTO pictures VALUES (1, lo_create(0)), (2, lo_create(0));
"""

KEY = "large_objects"


def _references(catalog: Catalog) -> list[tuple[str, str]]:
    """Tables with a column that may name a large object."""
    return [
        (table.qualified, quote(column.name))
        for table, column in catalog.columns_by_type.get("oid", ())
        if not column.is_array
        and not table.is_partition
        and table.kind is not TableKind.FOREIGN
        and table.persistence != "temporary"
    ]


def questions(
    catalog: Catalog,
    *,
    max_objects: Annotated[int, "so many large objects are looked at"] = 10_000,
) -> Iterator[Question]:
    if not catalog.large_objects:
        return
    unnamed = "".join(
        f" AND NOT EXISTS (SELECT FROM {table} r WHERE r.{column} = l.oid)"
        for table, column in _references(catalog)
    )
    yield Question(
        KEY,
        f"SELECT count(*) AS orphans FROM (SELECT oid FROM pg_largeobject_metadata ORDER BY oid "
        f"LIMIT {max_objects}) l WHERE true{unnamed}",
    )


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    bad=BAD,
    good=GOOD,
    questions=questions,
)
def orphan_large_objects(
    catalog: Catalog,
    answers: Answers,
    *,
    max_objects: Annotated[int, "so many large objects are looked at"] = 10_000,
) -> Iterator[Fault]:
    database = catalog.database
    rows = answers.get(KEY)
    if not rows or not rows[0].orphans or database is None:
        return
    orphans, total = rows[0].orphans, catalog.large_objects or 0
    looked_at = min(total, max_objects)
    columns = [f"{table}.{column}" for table, column in _references(catalog)]
    yield Fault(
        object=database.ref,
        message=f"{orphans:,} of {looked_at:,} large objects of {quote(database.name)} are named "
        "by no column of the type oid",
        evidence={
            "large_objects": total,
            "looked_at": looked_at,
            "unreferenced": orphans,
            "columns_searched": columns,
        },
        confidence=None if columns else Confidence.LOW,
        advice="Make sure that no text or bigint column holds their numbers (Hibernate stores them "
        "so), then run vacuumlo, first with --dry-run.",
    )
