"""A smallint or integer key comes near the end of its type.

## What it finds

Columns of the types `smallint` and `integer` that have used up most of their range: fed by a
sequence or identity, keys without a sequence whose statistics rise with the rows, and the columns
of other tables that reference such a key. Where the counters tell how fast the table grows, the
date of the end is given.

## Why it matters

After 2,147,483,647 (32,767 for smallint) each insert fails. Then the whole table must be written
again to widen the key, while the application stands still.

The referencing columns end on the same day, or earlier where the key itself was widened already.

## How to fix

Widen key and references while there is time. The plain change writes the table and its indexes
again and blocks reads meanwhile. On a large table: add a `bigint` column, keep it filled with a
trigger, copy in batches, build the unique index concurrently, and swap the columns in one short
transaction.

## When to ignore

The table no longer grows.

## Sources

- PostgreSQL manual, Integer Types and Serial Types.
- PostgreSQL manual, ALTER TABLE, Notes, on changes of a type.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.types._columns import TypeChanges, by_hand, is_own
from dbwright.check.rules.types._sequences import MAXIMUM, NEAR, WIDER, fed_columns
from dbwright.model.catalog import Catalog, Column, Sequence, Table
from dbwright.model.finding import Confidence, Fix, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

BAD = (
    Example(
        """
CREATE TABLE orders (id serial PRIMARY KEY);
CREATE TABLE lines (id bigint PRIMARY KEY, order_id integer NOT NULL REFERENCES orders);
SELECT setval('orders_id_seq', 2000000000);
""",
        objects=("public.orders.id", "public.lines.order_id"),
    ),
    Example(
        """
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE TABLE lines (id bigint PRIMARY KEY, order_id integer NOT NULL REFERENCES orders);
SELECT setval('orders_id_seq', 2000000000);
""",
        objects=("public.lines.order_id",),
    ),
    Example(
        """
CREATE TABLE readings (id integer PRIMARY KEY);
INSERT INTO readings SELECT 2000000000 + n FROM generate_series(1, 1000) n;
ANALYZE readings;
""",
        objects=("public.readings.id",),
    ),
)

GOOD = """
CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE TABLE lines (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders);
SELECT setval('orders_id_seq', 2000000000);
CREATE TABLE colours (id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
INSERT INTO colours DEFAULT VALUES;
"""

ASCENDING = 0.9
"""From this correlation on, the values rise with the rows: a counter, not a random number."""


@dataclass(frozen=True, slots=True)
class _Reached:
    """How far a column's values have come, and how that is known."""

    table: Table
    column: Column
    value: int
    how: str
    grows_with: Table
    sequence: Sequence | None = None
    estimated: bool = False

    @property
    def fraction(self) -> float:
        return self.value / MAXIMUM[self.column.base_type]


@rule(severity=Severity.WARNING, bad=BAD, good=GOOD)
def key_near_its_limit(
    catalog: Catalog,
    statistics: Statistics | None,
    *,
    min_fraction: Annotated[float, "so much of the type's range is used"] = NEAR,
    error_fraction: Annotated[float, "from here on it is an error"] = 0.9,
    critical_days: Annotated[int, "an end within so many days is critical"] = 30,
    min_days: Annotated[int, "the counters must have run so long to foretell the date"] = 7,
) -> Iterator[Fault]:
    changes = TypeChanges(catalog, statistics)
    for reached in _all(catalog, statistics, min_fraction):
        if reached.column.base_type not in WIDER or reached.fraction < min_fraction:
            continue
        days = _days_left(catalog, statistics, reached, min_days)
        severity = Severity.ERROR if reached.fraction >= error_fraction else None
        if reached.fraction >= 1 or (days is not None and days <= critical_days):
            severity = Severity.CRITICAL
        end = statistics.captured_at.date() + timedelta(days) if statistics and days else None
        obstacle = changes.obstacle(reached.table, reached.column, widening=True)
        yield Fault(
            object=reached.table.column_ref(reached.column),
            message=_message(reached, end),
            evidence={
                "type": reached.column.base_type,
                "reached": reached.value,
                "limit": MAXIMUM[reached.column.base_type],
                "used_fraction": round(reached.fraction, 4),
                "days_left": days,
                "rows": changes.rows(reached.table),
                "size_bytes": changes.size_bytes(reached.table),
            },
            severity=severity,
            confidence=Confidence.MEDIUM if reached.estimated else None,
            fix=None if obstacle else _fix(changes, reached),
            advice=by_hand(obstacle, WIDER[reached.column.base_type]),
        )


def _all(
    catalog: Catalog, statistics: Statistics | None, min_fraction: float
) -> Iterator[_Reached]:
    """Columns with a sequence, those that reference them, then keys without one."""
    fed: dict[tuple[str, str], _Reached] = {}
    told: set[tuple[int, str]] = set()
    for one in fed_columns(catalog):
        last, sequence = one.sequence.last_value, one.sequence
        if last is not None:
            told.add((one.table.oid, one.column.name))
            if last < min_fraction * MAXIMUM["smallint"]:
                continue  # far from the end of even the narrowest type
            if sequence.increment < 0 or sequence.cycle:
                continue
            how = f"the sequence {sequence.qualified} is at {last:,}"
            found = _Reached(one.table, one.column, last, how, one.table, sequence)
            fed[one.table.qualified, one.column.name] = found
            if one.ends_first:
                yield found
    for table in catalog.tables if fed else ():
        for key in table.foreign_keys:
            for name, parent_name in zip(key.columns, key.referenced_columns, strict=True):
                parent = fed.get((key.references, parent_name))
                if parent is None or key.inherited or (table.oid, name) in told:
                    continue
                column = table.column(name)
                if column.base_type in WIDER:
                    told.add((table.oid, name))
                    how = f"{key.references}.{quote(parent_name)}, which it references, is at"
                    how += f" {parent.value:,}"
                    yield _Reached(table, column, parent.value, how, parent.table)
    if statistics is not None:
        yield from _keys_without_sequence(catalog, statistics, told)


def _keys_without_sequence(
    catalog: Catalog, statistics: Statistics, told: set[tuple[int, str]]
) -> Iterator[_Reached]:
    for table in catalog.tables:
        for key in table.keys:
            if len(key.columns) != 1 or (table.oid, key.columns[0]) in told:
                continue
            column = table.column(key.columns[0])
            if column.base_type not in WIDER or column.is_array or not is_own(table, column):
                continue
            found = statistics.of_column(table, column)
            if found is None or (found.correlation or 0) < ASCENDING or not found.histogram:
                continue
            highest = found.histogram[-1]
            if highest.isdecimal():
                how = f"statistics hold the value {int(highest):,}"
                yield _Reached(table, column, int(highest), how, table, estimated=True)


def _days_left(
    catalog: Catalog, statistics: Statistics | None, reached: _Reached, min_days: int
) -> int | None:
    """Whole days until the end at the pace since the counters began; None where not known."""
    window = int(statistics.window_days or 0) if statistics else 0
    if statistics is None or window < min_days:
        return None
    step = reached.sequence.increment if reached.sequence else 1
    used = _inserted(catalog, statistics, reached.grows_with) * step
    left = max(0, MAXIMUM[reached.column.base_type] - reached.value)
    days = left * window // used if used > 0 else None
    return days if days is not None and days < 20 * 365 else None


def _inserted(catalog: Catalog, statistics: Statistics, table: Table) -> int:
    counted = statistics.of(table)
    own = counted.inserted if counted else 0
    return own + sum(_inserted(catalog, statistics, child) for child in catalog.children(table))


def _message(reached: _Reached, end: date | None) -> str:
    name = f"{reached.table.qualified}.{quote(reached.column.name)}"
    until = f"; at the present pace it ends about {end:%Y-%m-%d}" if end else ""
    return (
        f"{name} ({reached.column.base_type}) has used {reached.fraction:.0%} of its range: "
        f"{reached.how}{until}"
    )


def _fix(changes: TypeChanges, reached: _Reached) -> Fix:
    type_ = WIDER[reached.column.base_type]
    fix = changes.fix(
        reached.table,
        reached.column,
        type_,
        keeps_default=True,
        risk="the whole table and its indexes are written again while nobody can read: on a large "
        "one fill a new column in batches and swap",
    )
    sequence = reached.sequence
    if sequence is None or reached.column.identity or MAXIMUM[sequence.type] >= MAXIMUM[type_]:
        return fix
    return replace(
        fix,
        up=f"{fix.up}\nALTER SEQUENCE {sequence.qualified} AS {type_};",
        down=f"{fix.down}\nALTER SEQUENCE {sequence.qualified} AS {sequence.type};",
    )
