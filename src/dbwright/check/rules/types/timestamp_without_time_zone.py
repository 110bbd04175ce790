"""A column is of the type timestamp without time zone.

## What it finds

Columns of the type `timestamp without time zone`. A warning where the default is the present
moment (`now()`), which is then cut off from its zone; a notice elsewhere. Names with the word
`local` are left alone, and so are partition keys.

## Why it matters

The value is a reading of some clock, and nobody knows which: two sessions with different `TimeZone`
settings write and compare different moments, and once a year an hour happens twice.

`timestamp with time zone` takes the same 8 bytes, and stores no zone either: it stores the moment,
and shows it in the zone of the session.

## How to fix

Change it to `timestamp with time zone`. The fix takes the stored values for UTC: then PostgreSQL
(since version 12) need not write the table again, only its indexes on the column; a precision, as
in `timestamp(0)`, makes it write the table after all. If they are readings of another clock, use
`USING column AT TIME ZONE 'Europe/Amsterdam'` instead, which writes the whole table.

## When to ignore

The value is a local time on purpose (a meeting at 9 o'clock wherever it is), or the whole
application stores UTC in every column and no session computes with `now()`.

## Sources

- PostgreSQL manual, Time Stamps.
- PostgreSQL wiki, Don't Do This: Don't use timestamp (without time zone).
- PostgreSQL 12 release notes: "Allow ALTER TABLE … SET DATA TYPE changing between timestamp and
  timestamptz to avoid a table rewrite when the session time zone is UTC".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbwright.check.example import Example
from dbwright.check.fixes import scan_seconds
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.types._columns import TypeChanges, by_hand, own_columns
from dbwright.check.rules.types._words import words
from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.finding import Fix, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics
from dbwright.sql.lexer import significant

BAD = Example(
    """
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    created_at timestamp NOT NULL DEFAULT now(),
    paid_at timestamp(0)
);
CREATE INDEX ON orders (created_at);
""",
    objects=("public.orders.created_at", "public.orders.paid_at"),
)

GOOD = """
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE meetings (id bigint PRIMARY KEY, starts_at_local timestamp, time_zone text);
"""

TYPE = "timestamp without time zone"

RISK = "takes the stored values for UTC; if they are not, the moments are wrong"

MOMENTS = frozenset(
    """
    now current_timestamp transaction_timestamp statement_timestamp clock_timestamp
    localtimestamp
    """.split()
)


@rule(severity=Severity.NOTICE, bad=BAD, good=GOOD)
def timestamp_without_time_zone(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    changes = TypeChanges(catalog, statistics)
    for table, column in own_columns(catalog.columns_by_type.get(TYPE, ())):
        if "local" in words(column.name):
            continue
        obstacle = changes.obstacle(table, column) or _obstacle(column)
        if obstacle == "it is part of a partition key":
            continue
        type_ = (
            "timestamp with time zone" if column.domain else column.type.replace("without", "with")
        )
        now = _is_now(column.default)
        yield Fault(
            object=table.column_ref(column),
            message=f"{table.qualified}.{quote(column.name)} is of the type {column.type}"
            + (", and its default drops the zone of the present moment" if now else ""),
            evidence={
                "type": column.type,
                **({"default": column.default} if now else {}),
                "rows": changes.rows(table),
            },
            severity=Severity.WARNING if now else None,
            fix=None if obstacle else _fix(changes, table, column, type_, statistics),
            advice=by_hand(obstacle, type_),
        )


def _is_now(default: str | None) -> bool:
    """Is it the present moment, and nothing else (not `now() AT TIME ZONE 'utc'`)?"""
    if default is None:
        return False
    found = [t for t in significant(default) if t.kind in ("word", "string")]
    return len(found) == 1 and found[0].lower in MOMENTS


def _obstacle(column: Column) -> str | None:
    if column.default is not None and not _is_now(column.default):
        return "its default is made for the old type"
    return "its values are arrays" if column.is_array else None


def _fix(
    changes: TypeChanges,
    table: Table,
    column: Column,
    type_: str,
    statistics: Statistics | None,
) -> Fix:
    """The change as one that only touches the catalog: under UTC both types store the same."""
    name = quote(column.name)
    made = changes.fix(table, column, type_, using=name, back=name, keeps_default=True)
    if "(" in column.type:  # a precision must be applied again, to each row
        return replace(
            made, up=_under_utc(made.up, name), down=_under_utc(made.down, name), risk=RISK
        )
    indexed = any(column.name in (*i.columns, *i.include) for i in table.indexes)
    counted = statistics.of(table) if statistics else None
    return replace(
        made,
        up=_under_utc(made.up, name),
        down=_under_utc(made.down, name),
        rewrites=False,
        scans=indexed,
        seconds=scan_seconds(counted.heap_bytes) if counted and indexed else None,
        risk=RISK,
    )


def _under_utc(sql: str, name: str) -> str:
    # A USING, even of the bare column, is what the server itself would do: it stays out.
    sql = sql.replace(f" USING {name};", ";")
    return f"SET TimeZone = 'UTC';\n{sql}\nRESET TimeZone;"
