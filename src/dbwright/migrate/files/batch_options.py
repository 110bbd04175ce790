"""The options of statements that run in batches: `-- batches: shop.orders`, `-- batch-time: 100ms`
and others."""

from __future__ import annotations

from dataclasses import replace

from dbwright.errors import BadMigration
from dbwright.migrate.files.duration import read_duration
from dbwright.model.batches import BatchOptions
from dbwright.sql.parse import SyntaxProblem, parse

__all__ = ["BATCHES", "with_batches"]

BATCHES = ("batches", "batch-time", "batch-size", "max-lag", "batch-rest")
LARGEST = 1_000_000
"""Rows of a batch."""
LONGEST_REST = 1000
"""Percent of the batch's time."""


def with_batches(
    options: BatchOptions | None, name: str, value: str | None, place: str
) -> BatchOptions:
    """The options and one more. A table's name that is not known yet is empty.

    Raises BadMigration.
    """
    known = options or BatchOptions(table=(None, ""))
    if name == "batches":
        if known.table[1]:
            raise BadMigration(
                f"{place}: batches is said twice", "write a file for each table: batches have one"
            )
        return replace(known, table=_table(value or "", place))
    if name == "batch-size":
        if value is None or not value.isdecimal() or not 1 <= int(value[:9]) <= LARGEST:
            raise BadMigration(
                f"{place}: batch-size takes a number of rows from 1 to {LARGEST}",
                "write for example: batch-size: 1000",
            )
        return replace(known, rows=int(value))
    if name == "batch-rest":
        return replace(known, rest=_share(value, place))
    seconds = read_duration(value, name, place)
    if name == "max-lag":
        return replace(known, max_lag=seconds)
    if not seconds:
        raise BadMigration(
            f"{place}: {name} takes a time that is longer than 0",
            f"write for example: {name}: 100ms",
        )
    return replace(known, seconds=seconds)


def _share(value: str | None, place: str) -> float:
    number = (value or "").removesuffix("%")
    if number == value or not number.isdecimal() or not int(number[:9]) <= LONGEST_REST:
        raise BadMigration(
            f"{place}: batch-rest takes percent of a batch's time, from 0% to {LONGEST_REST}%",
            "write for example: batch-rest: 25%",
        )
    return int(number) / 100


def _table(value: str, place: str) -> tuple[str | None, str]:
    try:
        # What stands behind TABLE is a name and nothing else, in PostgreSQL's own grammar.
        (parsed,) = parse(f"TABLE {value}").statements
        (item,) = parsed.node["fromClause"]
        relation = item["RangeVar"]
        if set(relation) <= {"schemaname", "relname", "inh", "relpersistence", "location"} and (
            relation.get("inh") and set(parsed.node) <= {"fromClause", "targetList", *DEFAULTS}
        ):
            return relation.get("schemaname"), relation["relname"]
    except (SyntaxProblem, KeyError, ValueError):
        pass
    raise BadMigration(
        f"{place}: batches takes the name of one table, and {value[:60] or 'nothing'} is none",
        'write for example: -- batches: shop.orders, or with quotes: -- batches: "Shop"."Orders"',
    )


DEFAULTS = ("limitOption", "op")
"""Fields that the tree of every SELECT has."""
