"""The same table is there several times, with a number in its name.

## What it finds

Three or more tables of one schema with the same columns whose names differ only in the numbers at
their end: `sales_2023`, `sales_2024`, `sales_2025`. Not partitions, and not tables that inherit.

## Why it matters

A question over all of them needs a UNION that somebody has to extend each year; keys and foreign
keys can't span them, and their indexes and columns drift apart.

## How to fix

Make one table that is partitioned by the same number or date, and attach those that are there as
its partitions: with a matching CHECK constraint that needs no copy and no scan.

## When to ignore

Copies that were put aside, or one table for each tenant on purpose.

## Sources

- PostgreSQL manual, Table Partitioning; ALTER TABLE, ATTACH PARTITION.
- Bill Karwin, SQL Antipatterns: Metadata Tribbles.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.keys._entity import keeps_the_past
from dbwright.model.catalog import Catalog, Table
from dbwright.model.finding import Confidence, Severity
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE TABLE sales_2023 (id bigint PRIMARY KEY, sold_on date, price numeric);
CREATE TABLE sales_2024 (id bigint PRIMARY KEY, sold_on date, price numeric);
CREATE TABLE sales_2025 (id bigint PRIMARY KEY, sold_on date, price numeric);
""",
    objects=("public.sales_2023",),
    fix_mends=False,
)

GOOD = """
CREATE TABLE sales (id bigint, sold_on date, PRIMARY KEY (id, sold_on))
    PARTITION BY RANGE (sold_on);
CREATE TABLE sales_2023 PARTITION OF sales FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE sales_2024 PARTITION OF sales FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE sales_2025 PARTITION OF sales FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE form_1 (id bigint PRIMARY KEY, income numeric);
CREATE TABLE form_2 (id bigint PRIMARY KEY, taxes numeric);
CREATE TABLE form_3 (id bigint PRIMARY KEY, name text);
"""

YEARS = range(1970, 2100)


@rule(severity=Severity.NOTICE, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def numbered_tables(
    catalog: Catalog,
    statistics: Statistics | None,
    *,
    min_tables: Annotated[int, "so many tables make a series"] = 3,
) -> Iterator[Fault]:
    if any(extension.name == "citus" for extension in catalog.extensions):
        return  # its shards are such tables, and are meant to be
    series: dict[object, list[Table]] = {}
    for table in catalog.tables:
        stem = _stem(table.name)
        if stem and stem != table.name and _stands_alone(table):
            shape = tuple((column.name, column.type) for column in table.columns)
            series.setdefault((table.schema, stem, shape), []).append(table)
    for tables in series.values():
        if len(tables) < min_tables:
            continue
        counted = [statistics.of(table) if statistics else None for table in tables]
        rows = [one.best_rows for one in counted if one is not None]
        yield Fault(
            object=tables[0].ref,
            message=f"{len(tables)} tables, {tables[0].qualified} to {tables[-1].qualified}, have "
            "the same columns",
            evidence={
                "tables": [table.qualified for table in tables[:20]],
                "tables_found": len(tables),
                "columns": [column.name for column in tables[0].columns[:20]],
                "rows": sum(rows) if rows else None,
            },
            # Years and months are what one would partition by.
            severity=Severity.WARNING if all(_is_dated(table.name) for table in tables) else None,
            advice="Make one partitioned table, and attach these as its partitions.",
        )


def _stem(name: str) -> str:
    """The name without the numbers at its end, and what joins them: `sales_2024_01` -> sales."""
    stem = name.rstrip("0123456789_")
    return stem if name[-1:].isdigit() else name


def _stands_alone(table: Table) -> bool:
    return (
        table.stores_rows
        and not table.is_partition
        and not table.inherits
        and table.persistence != "temporary"
        and bool(table.columns)
        and not keeps_the_past(table)
    )


def _is_dated(name: str) -> bool:
    digits = name[len(_stem(name)) :].strip("_")[:4]
    return len(digits) == 4 and digits.isdigit() and int(digits) in YEARS
