"""A text column holds nothing but numbers.

## What it finds

Columns of a text type whose values all are numbers without leading zeros. A warning where the name
says how much or how many (amount, quantity, weight …), a notice elsewhere; never where the name
says that it is an identifier (code, number, zip, phone, id …). By the planner's statistics, and
with `--data` by rows too where the name says how much.

## Why it matters

Text sorts 10 before 9, and compares so in WHERE and ORDER BY; sums need a cast in each query, which
fails at the first value that somebody mistyped.

## How to fix

Change it to `integer`, `bigint` or `numeric`. The change writes the table again and blocks reads
meanwhile.

## When to ignore

The digits are a name, not a quantity: nobody will ever add them up.

## Sources

- PostgreSQL manual, Numeric Types.
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
from dbwright.check.rules.types._words import is_quantity, words
from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE TABLE parcels (id bigint PRIMARY KEY, weight text NOT NULL);
INSERT INTO parcels SELECT n, (n * 0.25)::text FROM generate_series(1, 100) n;
ANALYZE parcels;
""",
    objects=("public.parcels.weight",),
)

GOOD = """
CREATE TABLE parcels (id bigint PRIMARY KEY, weight numeric NOT NULL, zip text, order_no text);
INSERT INTO parcels
SELECT n, n * 0.25, lpad(n::text, 5, '0'), n::text FROM generate_series(1, 100) n;
ANALYZE parcels;
"""

NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,15})(?:\.\d{1,12})?")
WHOLE_NUMBER = re.compile(r"-?\d{1,18}")

IDENTIFIERS = frozenset(
    """
    account article barcode batch card cell code ean external extension fax gtin guid hash iban id
    identifier ids imei isbn key label license lot mobile name no nr num number phone pin plate
    po postal postcode ref reference reg sku serial ssn tag tax tel telephone token tracking
    upc uid vat version year zip
    """.split()
)


def _identifies(name: str) -> bool:
    return not IDENTIFIERS.isdisjoint(words(name))


def _counts(name: str) -> bool:
    return is_quantity(name) and not _identifies(name)


@rule(
    severity=Severity.WARNING,
    confidence=Confidence.MEDIUM,
    needs=("statistics.columns.values",),
    bad=BAD,
    good=GOOD,
    questions=questions_where(_counts),
    data_optional=True,
)
def text_holds_number(
    catalog: Catalog,
    statistics: Statistics,
    answers: Answers,
    *,
    min_values: Annotated[int, "so many values must be known"] = 20,
    sample_rows: SampleRows = SAMPLE_ROWS,
) -> Iterator[Fault]:
    changes = TypeChanges(catalog, statistics)
    for table, column, sample in text_columns(catalog, statistics, answers, Kind.DIGITS):
        if _identifies(column.name) or not sample.fits(_is_number, min_values):
            continue
        yield _fault(changes, table, column, sample)


def _is_number(value: str) -> bool:
    return NUMBER.fullmatch(value) is not None


def _fault(changes: TypeChanges, table: Table, column: Column, sample: Sample) -> Fault:
    values = sample.values()
    whole = all(WHOLE_NUMBER.fullmatch(value) for value in values)
    type_ = "bigint" if whole else "numeric"
    certain = is_quantity(column.name)
    obstacle = changes.obstacle(table, column) or sample.obstacle
    return Fault(
        object=table.column_ref(column),
        message=f"{table.qualified}.{quote(column.name)} ({column.type}) holds numbers as text"
        + ("" if whole else ", with decimals"),
        evidence={
            "type": column.type,
            "values_seen": len(values),
            "whole_numbers": whole,
            "rows": changes.rows(table),
        },
        severity=None if certain else Severity.NOTICE,
        confidence=sample.confidence if certain else Confidence.LOW,
        fix=None
        if obstacle
        else changes.fix(
            table,
            column,
            type_,
            risk="the table is written again while nobody can read; the first value that is no "
            "number makes it fail",
        ),
        advice=by_hand(obstacle, type_),
    )
