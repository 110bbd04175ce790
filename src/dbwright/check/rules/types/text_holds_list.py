"""A text column holds lists of values.

## What it finds

Columns of a text type with values such as `red,green,blue` or `4;17;23`: single words or numbers
with the same separator (comma, semicolon or bar), some of three entries and more, in varying
number, in at least half of the values. By the planner's statistics, and with `--data` by rows too
where the name is that of a list (tags, roles, … `_ids`).

## Why it matters

Finding the rows that contain one entry means reading them all with LIKE, which also finds the 17 in
117. No foreign key can guard the entries, and changing one rewrites the list.

## How to fix

Entries that name other rows belong into a table with two foreign keys. For plain words an array
with a GIN index will do: the change writes the table again and blocks reads meanwhile.

## When to ignore

The list is only stored and handed back as a whole.

## Sources

- PostgreSQL manual, Arrays; Array Functions and Operators; Index Types: GIN.
- Bill Karwin, SQL Antipatterns, Jaywalking.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Answers, Fault, rule
from dbwright.check.rules.types._columns import TypeChanges, by_hand
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
CREATE TABLE articles (id bigint PRIMARY KEY, tags text NOT NULL);
INSERT INTO articles
SELECT n, CASE n % 3 WHEN 0 THEN 'sql,index,plan' WHEN 1 THEN 'sql,t' || n
                     ELSE 'a' || n || ',b,c,d' END
FROM generate_series(1, 100) n;
ANALYZE articles;
""",
    objects=("public.articles.tags",),
)

GOOD = """
CREATE TABLE articles (id bigint PRIMARY KEY, tags text[], title text, place text);
INSERT INTO articles
SELECT n, '{sql,plan}', 'First, second, and last of ' || n, n || ',' || n
FROM generate_series(1, 100) n;
ANALYZE articles;
"""

SEPARATORS = (",", ";", "|")
ENTRY = re.compile(r"[\w.@:/+#-]{1,60}")
NUMBER = re.compile(r"-?\d+")
GROUP = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
"""A number with its thousands set apart is no list."""

OF_NUMBERS = "If the numbers name rows, make a table of pairs with two foreign keys; else an array."

LISTS = frozenset(
    "categories groups ids keywords labels list members roles skills tags values".split()
)


def _is_list(name: str) -> bool:
    return not LISTS.isdisjoint(words(name))


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    needs=("statistics.columns.values",),
    bad=BAD,
    good=GOOD,
    questions=questions_where(_is_list),
    data_optional=True,
)
def text_holds_list(
    catalog: Catalog,
    statistics: Statistics,
    answers: Answers,
    *,
    min_values: Annotated[int, "so many values must be known"] = 20,
    min_share: Annotated[float, "so much of them must be lists"] = 0.5,
    sample_rows: SampleRows = SAMPLE_ROWS,
) -> Iterator[Fault]:
    changes = TypeChanges(catalog, statistics)
    for table, column, sample in text_columns(catalog, statistics, answers, Kind.LIST):
        separator = _separator(sample, min_values, min_share)
        if separator is not None:
            yield _fault(changes, table, column, sample, separator)


def _separator(sample: Sample, min_values: int, min_share: float) -> str | None:
    """The separator of the lists; None where the values are no lists."""
    for separator in SEPARATORS:

        def entries(value: str, separator: str = separator) -> bool:
            return all(ENTRY.fullmatch(part.strip()) for part in value.split(separator))

        if not sample.fits(entries, min_values):
            continue
        values = sample.values()
        lengths = [value.count(separator) + 1 for value in values]
        lists = sum(length > 1 for length in lengths)
        if len(set(lengths)) < 2 or max(lengths) < 3 or lists < min_share * len(values):
            continue
        if separator == "," and all(GROUP.fullmatch(v) for v in values if "," in v):
            continue
        return separator
    return None


def _fault(
    changes: TypeChanges, table: Table, column: Column, sample: Sample, separator: str
) -> Fault:
    values = sorted(sample.values())
    numbers = all(NUMBER.fullmatch(part.strip()) for v in values for part in v.split(separator))
    name = quote(column.name)
    obstacle = changes.obstacle(table, column) or sample.obstacle
    longest = max(value.count(separator) + 1 for value in values)
    return Fault(
        object=table.column_ref(column),
        message=f"{table.qualified}.{name} ({column.type}) holds lists of up to {longest} "
        f"{'numbers' if numbers else 'words'}, separated by {separator!r}",
        evidence={
            "type": column.type,
            "separator": separator,
            "longest_list": longest,
            "values_seen": len(values),
            "samples": [] if is_personal(column.name) else values[:3],
            "rows": changes.rows(table),
        },
        confidence=sample.confidence,
        fix=None
        if obstacle or numbers
        else changes.fix(
            table,
            column,
            "text[]",
            using=f"string_to_array({name}, {literal(separator)})",
            back=f"array_to_string({name}, {literal(separator)})",
            risk="the table is written again while nobody can read; queries that search the text "
            "with LIKE must use the operators of arrays from then on",
        ),
        advice=OF_NUMBERS if numbers else by_hand(obstacle, "text[]"),
    )
