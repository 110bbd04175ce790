"""A text column holds nothing but UUIDs.

## What it finds

Columns of a text type whose values all look like `0b6c3a8e-6f0e-4b4f-9d5c-2f6f1f1f1f1f`, by the
planner's statistics, and with `--data` by rows too where the name ends in `id`, `uuid` or `guid`.
Also a default that makes one (`gen_random_uuid()::text`).

## Why it matters

A UUID as text takes 37 bytes instead of 16, in the table and in each index, and comparing texts by
the rules of a language is many times slower than comparing 16 bytes.

Nothing keeps a broken value out, and the same UUID in capitals is another text.

## How to fix

Change it to `uuid`, on both sides of a foreign key together. The change writes the table again and
blocks reads meanwhile.

## When to ignore

The identifier comes from somebody else, who may send another form tomorrow.

## Sources

- PostgreSQL manual, UUID Type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Answers, Fault, rule
from dbwright.check.rules.types._columns import TypeChanges, by_hand, is_own
from dbwright.check.rules.types._texts import (
    SAMPLE_ROWS,
    TEXT_TYPES,
    Kind,
    Sample,
    SampleRows,
    questions_where,
    text_columns,
)
from dbwright.check.rules.types._words import words
from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics
from dbwright.sql.lexer import significant

BAD = Example(
    """
CREATE TABLE sessions (session_id text PRIMARY KEY, started_at timestamptz NOT NULL);
INSERT INTO sessions
SELECT md5(n::text)::uuid::text, '2026-01-01' FROM generate_series(1, 100) n;
ANALYZE sessions;
""",
    objects=("public.sessions.session_id",),
)

GOOD = """
CREATE TABLE sessions (id uuid PRIMARY KEY, reference_id text NOT NULL);
INSERT INTO sessions
SELECT md5(n::text)::uuid, 'S-' || n FROM generate_series(1, 100) n;
ANALYZE sessions;
"""

UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
MAKERS = ("gen_random_uuid", "uuidv7", "uuidv4", "uuid_generate_v1", "uuid_generate_v4")
SAVED_BYTES = 37 - 16


def _named(name: str) -> bool:
    return words(name)[-1:] in (("id",), ("uuid",), ("guid",))


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    bad=BAD,
    good=GOOD,
    questions=questions_where(_named),
    data_optional=True,
)
def text_holds_uuid(
    catalog: Catalog,
    statistics: Statistics | None,
    answers: Answers,
    *,
    min_values: Annotated[int, "so many values must be known"] = 20,
    sample_rows: SampleRows = SAMPLE_ROWS,
) -> Iterator[Fault]:
    changes = TypeChanges(catalog, statistics)
    told: set[tuple[int, str]] = set()
    for table, column, sample in text_columns(catalog, statistics, answers, Kind.UUID):
        if sample.fits(_is_uuid, min_values):
            told.add((table.oid, column.name))
            yield _fault(changes, table, column, sample)
    for table, column in _made_by_default(catalog):
        if (table.oid, column.name) not in told:
            yield _fault(changes, table, column, None)


def _is_uuid(value: str) -> bool:
    return len(value) == 36 and UUID.fullmatch(value) is not None


def _made_by_default(catalog: Catalog) -> Iterator[tuple[Table, Column]]:
    """Columns whose default is one of the functions, cast to text."""
    for type_ in TEXT_TYPES:
        for table, column in catalog.columns_by_type.get(type_, ()):
            if column.default is None or "uuid" not in column.default:
                continue
            if column.is_array or column.domain or column.generated or not is_own(table, column):
                continue
            called = [t.lower for t in significant(column.default) if t.kind == "word"]
            rest = set(called) - {"public", "extensions", "text", "character", "varying"}
            if len(rest) == 1 and rest <= set(MAKERS) and "|" not in column.default:
                yield table, column


def _fault(changes: TypeChanges, table: Table, column: Column, sample: Sample | None) -> Fault:
    obstacle = changes.obstacle(table, column) or (sample.obstacle if sample else None)
    rows = changes.rows(table)
    why = "every known value is one" if sample else "its default makes one"
    return Fault(
        object=table.column_ref(column),
        message=f"{table.qualified}.{quote(column.name)} ({column.type}) holds UUIDs as text: "
        + why,
        evidence={
            "type": column.type,
            "values_seen": len(sample.values()) if sample else 0,
            "rows": rows,
            "saved_bytes": round(rows * SAVED_BYTES) if rows is not None else None,
        },
        confidence=sample.confidence if sample else Confidence.HIGH,
        fix=None
        if obstacle
        else changes.fix(
            table,
            column,
            "uuid",
            risk="the table is written again while nobody can read; the first value that is no "
            "UUID makes it fail, and capitals become small letters",
        ),
        advice=by_hand(obstacle, "uuid"),
    )
