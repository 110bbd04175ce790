"""A text column holds nothing but yes and no.

## What it finds

Columns of a text type with exactly two values that mean yes and no: `Y`/`N`, `yes`/`no`, `t`/`f`,
`true`/`false`, `on`/`off`, and `1`/`0` where the name asks a question (`is_active`). By the
planner's statistics, and with `--data` by rows too where the name asks a question. With a CHECK on
the column only a notice.

## Why it matters

Each query must know which spelling was chosen; `y` and `Yes` slip in and are neither. A boolean
takes one byte, can stand in WHERE alone, and refuses what it does not know.

## How to fix

Change it to `boolean`. The change writes the table again and blocks reads meanwhile; the queries
that compare with the old texts must change on the same day.

## When to ignore

A third value is planned, or an application compares with the texts and can't be changed.

## Sources

- PostgreSQL manual, Boolean Type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Answers, Fault, rule
from dbwright.check.rules.types._columns import TypeChanges, by_hand, mentions
from dbwright.check.rules.types._texts import (
    SAMPLE_ROWS,
    Kind,
    Sample,
    SampleRows,
    questions_where,
    text_columns,
)
from dbwright.check.rules.types._words import is_personal, words
from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import literal, quote
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE TABLE products (id bigint PRIMARY KEY, is_active char(1) NOT NULL DEFAULT 'Y');
INSERT INTO products SELECT n, CASE WHEN n % 3 = 0 THEN 'N' ELSE 'Y' END
FROM generate_series(1, 100) n;
ANALYZE products;
""",
    objects=("public.products.is_active",),
)

GOOD = """
CREATE TABLE products (id bigint PRIMARY KEY, is_active boolean NOT NULL, is_sold char(1));
INSERT INTO products SELECT n, true, substr('YNU', n % 3 + 1, 1) FROM generate_series(1, 100) n;
ANALYZE products;
"""

PAIRS = {
    frozenset(("y", "n")): "y",
    frozenset(("yes", "no")): "yes",
    frozenset(("t", "f")): "t",
    frozenset(("true", "false")): "true",
    frozenset(("on", "off")): "on",
    frozenset(("1", "0")): "1",
}
"""The pairs that a cast to boolean understands, and which of the two is true."""

QUESTIONS = frozenset("is has can may was allow enable enabled disabled active flag yn".split())


def _asks(name: str) -> bool:
    return not QUESTIONS.isdisjoint(words(name))


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    needs=("statistics.columns.values",),
    bad=BAD,
    good=GOOD,
    questions=questions_where(_asks),
    data_optional=True,
)
def text_holds_boolean(
    catalog: Catalog,
    statistics: Statistics,
    answers: Answers,
    *,
    min_rows: Annotated[int, "a table with fewer rows proves nothing"] = 20,
    sample_rows: SampleRows = SAMPLE_ROWS,
) -> Iterator[Fault]:
    changes = TypeChanges(catalog, statistics)
    for table, column, sample in text_columns(catalog, statistics, answers, Kind.FEW):
        if not sample.is_whole or (changes.rows(table) or 0) < min_rows:
            continue
        values = sample.values()
        pair = frozenset(value.lower() for value in values)
        if pair not in PAIRS or ("1" in pair and not _asks(column.name)):
            continue
        yield _fault(changes, table, column, sample, PAIRS[pair])


def _fault(changes: TypeChanges, table: Table, column: Column, sample: Sample, true: str) -> Fault:
    values = sorted(sample.values())
    checked = any(mentions(check.expression, column.name) for check in table.checks)
    obstacle = changes.obstacle(table, column) or sample.obstacle
    yes, no = _spelling(values, true, lead=True), _spelling(values, true, lead=False)
    name = quote(column.name)
    return Fault(
        object=table.column_ref(column),
        message=f"{table.qualified}.{name} ({column.type}) holds only {yes} and {no}"
        + (f", in {len(values)} spellings" if len(values) > 2 else ""),
        evidence={
            "type": column.type,
            "values": [] if is_personal(column.name) else values[:3],
            "checked": checked,
            "rows": changes.rows(table),
        },
        severity=Severity.NOTICE if checked and len(values) == 2 else None,
        confidence=sample.confidence,
        fix=None
        if obstacle
        else changes.fix(
            table,
            column,
            "boolean",
            using=f"btrim({name}::text)::boolean",
            back=f"CASE {name} WHEN true THEN {literal(yes)} WHEN false THEN {literal(no)} END",
            risk="the table is written again while nobody can read; queries that compare with "
            "the old texts fail from then on",
        ),
        advice=by_hand(obstacle, "boolean"),
    )


def _spelling(values: list[str], true: str, *, lead: bool) -> str:
    """How the column spells yes (`lead`) or no."""
    found = Counter(value for value in values if (value.lower() == true) is lead)
    return found.most_common(1)[0][0]
