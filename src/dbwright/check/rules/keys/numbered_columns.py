"""A list is kept in numbered columns.

## What it finds

Three or more columns of one table and one type whose names differ only in a number at the end that
counts up from 0 or 1: `phone1`, `phone2`, `phone3`. Not the lines of an address, coordinates,
hours, days, months, quarters or levels, where the number has a fixed meaning.

## Why it matters

To look for a value each query has to ask all of them; nothing keeps a value from being there twice,
and the day that one more is needed the table and all its queries change.

## How to fix

A table of its own with one row for each value; for short lists that are only read as a whole, an
array.

## When to ignore

The number is a part of the meaning, and there will never be another one.

## Sources

- Bill Karwin, SQL Antipatterns: Multicolumn Attributes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.keys._entity import words
from dbwright.model.catalog import Catalog, Table, TableKind
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import quote

BAD = Example(
    """
CREATE TABLE customers (
    id bigint PRIMARY KEY, phone1 text, phone2 text, phone3 text, note_1 text, note_2 text
);
""",
    objects=("public.customers.phone1",),
    fix_mends=False,
)

GOOD = """
CREATE TABLE customers (
    id bigint PRIMARY KEY,
    address_line_1 text, address_line_2 text, address_line_3 text,
    q1 numeric, q2 numeric, q3 numeric, q4 numeric,
    md5 text, sha1 text, sha256 text
);
CREATE TABLE phones (
    customer_id bigint REFERENCES customers, number text, PRIMARY KEY (customer_id, number)
);
"""

MEANING = frozenset(
    "addr address admin axis bin bucket byte c ch channel coord d day decile dim dimension h hour "
    "latitude layer level line lng longitude lvl m md min minute month p percentile phase pos q "
    "quarter quartile r street t tier v w week x y year z".split()
)
"""Words before a number that has a fixed meaning."""


@rule(severity=Severity.NOTICE, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def numbered_columns(
    catalog: Catalog,
    *,
    min_columns: Annotated[int, "so many columns make a list"] = 3,
) -> Iterator[Fault]:
    lists: dict[tuple[str, str, str], list[tuple[int, str]]] = {}
    for name, columns in catalog.columns_by_name.items():
        stem = name.rstrip("0123456789")
        if stem == name or not _is_list(stem):
            continue
        for table, column in columns:
            if not table.is_partition and table.kind is not TableKind.FOREIGN:
                key = (table.qualified, stem, column.type)
                lists.setdefault(key, []).append((int(name[len(stem) :]), name))
    for (qualified, _stem, type_), found in sorted(lists.items()):
        found.sort()
        if len(found) >= min_columns and _counts_up([number for number, _ in found]):
            yield _fault(catalog.table(qualified), [name for _, name in found], type_)


def _is_list(stem: str) -> bool:
    parts = words(stem)
    return bool(parts) and parts[-1] not in MEANING


def _counts_up(numbers: list[int]) -> bool:
    return numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _fault(table: Table, names: list[str], type_: str) -> Fault:
    return Fault(
        object=table.column_ref(names[0]),
        message=f"{table.qualified} keeps a list in {len(names)} columns, {quote(names[0])} to "
        f"{quote(names[-1])}",
        evidence={"columns": names, "type": type_},
        advice="Make a table with one row for each value, or an array if it is only read whole.",
    )
