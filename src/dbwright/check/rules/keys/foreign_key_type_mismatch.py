"""A foreign key's column has another type than the key it references.

## What it finds

A FOREIGN KEY whose referencing column differs in type from the referenced one: a narrower integer
(integer to bigint), another kind of type (integer to numeric, timestamp to timestamptz, char to
text), or fewer characters. `text` and `varchar` are the same. A referencing column that is only
wider or shorter in characters is a notice.

## Why it matters

A narrower column can't hold every key: the day the keys outgrow it, inserts into the referencing
table fail. Between different kinds of types each join converts one side, and the index on that
side is of no use.

## How to fix

Give the referencing column the referenced one's type. On a large table an integer that becomes a
bigint means that the whole table is written again while nobody can use it: add a new column, fill
it in batches and swap the two instead.

## When to ignore

A lookup table whose keys will never outgrow the smaller type.

## Sources

- PostgreSQL manual, Foreign Keys: "the number and type of the constrained columns need to
  match the number and type of the referenced columns".
- PostgreSQL manual, ALTER TABLE, Notes: what makes SET DATA TYPE rewrite a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dbwright.check.example import Example
from dbwright.check.fixes import alter_table, scan_seconds
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.keys._constraint import is_partition_key
from dbwright.model.catalog import Catalog, Column, ForeignKey, Table
from dbwright.model.finding import Fix, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

TABLES = """
CREATE TABLE users (id bigint PRIMARY KEY);
CREATE TABLE currencies (code varchar(10) PRIMARY KEY);
"""

BAD = Example(
    TABLES
    + """
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users,
    currency varchar(3) REFERENCES currencies
);
""",
    objects=("public.orders.orders_user_id_fkey", "public.orders.orders_currency_fkey"),
)

WIDER = Example(
    """
CREATE TABLE countries (id integer PRIMARY KEY);
CREATE TABLE cities (id bigint PRIMARY KEY, country_id bigint REFERENCES countries);
""",
    objects=("public.cities.cities_country_id_fkey",),
    fix_mends=False,
)

GOOD = (
    TABLES
    + """
CREATE TABLE orders (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users,
    currency text REFERENCES currencies
);
"""
)

INTEGERS = {"smallint": 2, "integer": 4, "bigint": 8}
TEXTS = frozenset({"text", "character varying"})


@dataclass(frozen=True, slots=True)
class _Difference:
    child: Column
    parent: Column
    severity: Severity
    what: str
    rewrites: bool = True

    @property
    def wider(self) -> bool:
        return self.what == "is wider"


@rule(severity=Severity.WARNING, bad=(BAD, WIDER), good=GOOD)
def foreign_key_type_mismatch(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    viewed: set[str] | None = None
    for table in catalog.tables:
        told: set[object] = set()
        for key in table.foreign_keys:
            parent = None if key.inherited else catalog.find_table(key.references)
            found = _differences(table, key, parent) if parent else []
            # Two keys that say the same are another rule's matter.
            same = (key.columns, key.references, key.referenced_columns)
            if not found or parent is None or same in told:
                continue
            told.add(same)
            if viewed is None:
                viewed = {name for view in catalog.views for name in view.depends_on}
                viewed |= {n for view in catalog.materialized_views for n in view.depends_on}
            worst = min(found, key=lambda difference: difference.severity.rank)
            counted = statistics.of(table) if statistics else None
            size = counted.total_bytes if counted else None
            yield Fault(
                object=table.constraint_ref(key.name),
                message=f"{table.column_ref(worst.child).name} is {worst.child.type}, "
                f"{parent.column_ref(worst.parent).name} that it references is "
                f"{worst.parent.type}: it {worst.what}",
                evidence={
                    "columns": [difference.child.name for difference in found],
                    "types": [difference.child.type for difference in found],
                    "referenced_types": [difference.parent.type for difference in found],
                    "rows": counted.best_rows if counted else None,
                    "size_bytes": size,
                },
                severity=worst.severity,
                advice=_advice(worst),
                fix=_fix(table, found, size, table.qualified in viewed),
            )


def _differences(table: Table, key: ForeignKey, parent: Table) -> list[_Difference]:
    pairs = zip(key.columns, key.referenced_columns, strict=True)
    both = ((table.column(own), parent.column(other)) for own, other in pairs)
    return [found for own, other in both if (found := _difference(own, other)) is not None]


def _difference(child: Column, parent: Column) -> _Difference | None:
    if child.type == parent.type:
        return None
    own, other = child.base_type, parent.base_type
    if own in INTEGERS and other in INTEGERS and not child.is_array:
        if INTEGERS[own] == INTEGERS[other]:
            return None
        if INTEGERS[own] < INTEGERS[other]:
            return _Difference(child, parent, Severity.WARNING, "can't hold every key")
        return _Difference(child, parent, Severity.NOTICE, "is wider")
    if own in TEXTS and other in TEXTS and child.is_array == parent.is_array:
        return _shorter(child, parent)
    if own != other or child.is_array != parent.is_array:
        return _Difference(child, parent, Severity.WARNING, "is converted in each comparison")
    if child.domain is None and parent.domain is None:
        return _Difference(child, parent, Severity.NOTICE, "has other limits")
    return None


def _shorter(child: Column, parent: Column) -> _Difference | None:
    # The length inside of a domain is not known here.
    if child.length is None or child.domain is not None or parent.domain is not None:
        return None
    if parent.length is not None and parent.length <= child.length:
        return None
    return _Difference(child, parent, Severity.NOTICE, "can't hold every key", rewrites=False)


def _advice(worst: _Difference) -> str:
    if worst.wider:
        return "Make the referenced key as wide as its references, or the references narrower."
    if worst.rewrites:
        return (
            "On a large table add a column of the right type, fill it in batches, and swap the two."
        )
    return ""


def _fix(
    table: Table, found: list[_Difference], size_bytes: int | None, viewed: bool
) -> Fix | None:
    if any(difference.wider for difference in found):
        return None
    # A type is changed where the column is declared, and never that of a partition key.
    if any(d.child.inherited or is_partition_key(table, d.child.name) for d in found):
        return None
    rewrites = any(difference.rewrites for difference in found)
    seconds = scan_seconds(size_bytes) if rewrites else None
    risks = ["writes the whole table again while nobody can read it"] if rewrites else []
    if viewed:
        risks.append("views over the column have to be dropped first and made again after")
    return alter_table(
        table,
        ", ".join(f"ALTER COLUMN {quote(d.child.name)} TYPE {d.parent.type}" for d in found),
        ", ".join(f"ALTER COLUMN {quote(d.child.name)} TYPE {d.child.type}" for d in found),
        rewrites=rewrites,
        scans=rewrites,
        seconds=None if seconds is None else seconds * 2,
        risk="; ".join(risks),
    )
