"""Columns of one name have types that don't fit together.

## What it finds

Columns whose name says that they hold the same thing (it ends in `_id`, `_uuid` or `_at`) and whose
types differ between the tables of a schema: an integer here, text or uuid there; a timestamp here,
text there. Where the name's foreign keys lead to one table, its key's type is the right one; where
they lead to several, the name means several things and is left out. Partitions, inherited columns
and differences that a foreign key or a missing time zone shows are told by other rules.

## Why it matters

Joins and comparisons need a cast, which keeps the index from being used, or fail with "operator
does not exist".

## How to fix

Give the columns one type. ALTER COLUMN … TYPE writes the table again under ACCESS EXCLUSIVE: on a
large table add a new column, fill it in batches and swap the names.

## When to ignore

They are different things: the `external_id` of two different systems.

## Sources

- PostgreSQL manual, Operators (type resolution); ALTER TABLE, ALTER COLUMN TYPE.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.model.catalog import Catalog, Column, ForeignKey, Table
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import quote

BAD = Example(
    """
CREATE TABLE customers (customer_id bigint PRIMARY KEY);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint REFERENCES customers,
                     paid_at timestamptz);
CREATE TABLE invoices (id bigint PRIMARY KEY, customer_id text, paid_at timestamptz);
CREATE TABLE refunds (id bigint PRIMARY KEY, paid_at text);
""",
    objects=("public.invoices.customer_id", "public.refunds.paid_at"),
    fix_mends=False,
)

GOOD = """
CREATE TABLE customers (customer_id bigint PRIMARY KEY, code text, parent_id bigint);
CREATE TABLE topics (id uuid PRIMARY KEY, code integer);
ALTER TABLE customers ADD FOREIGN KEY (parent_id) REFERENCES customers;
ALTER TABLE topics ADD COLUMN parent_id uuid REFERENCES topics;
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id integer, paid_at timestamptz);
CREATE TABLE refunds (id bigint PRIMARY KEY, customer_id varchar(9)[], paid_at timestamp);
"""

ENDINGS = ("_id", "_uuid", "_at")

FAMILIES = {
    "smallint": "integer",
    "integer": "integer",
    "bigint": "integer",
    "numeric": "integer",
    "text": "text",
    "character varying": "text",
    "character": "text",
    "uuid": "uuid",
    "date": "time",
    "timestamp without time zone": "time",
    "timestamp with time zone": "time",
}
"""Types that compare with one another without a cast; a type that is not here says nothing."""

SHOWN = 5

Place = tuple[Table, Column]


@rule(severity=Severity.NOTICE, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def same_name_different_types(catalog: Catalog) -> Iterator[Fault]:
    for name, places in catalog.columns_by_name.items():
        if len(places) < 2 or not name.endswith(ENDINGS):
            continue
        by_schema: dict[str, list[Place]] = {}
        for table, column in places:
            if not (column.inherited or column.is_array or table.is_partition):
                by_schema.setdefault(table.schema, []).append((table, column))
        for group in by_schema.values():
            if len({FAMILIES.get(column.base_type) for _, column in group} - {None}) > 1:
                yield from _faults(name, group)


def _faults(name: str, group: list[Place]) -> Iterator[Fault]:
    targets = {
        key.references for table, column in group for key in table.foreign_keys if _is(key, column)
    }
    # The table whose own key has this name is what the name means, too.
    targets |= {t.qualified for t, _ in group if t.primary_key and t.primary_key.columns == (name,)}
    if len(targets) > 1:
        return
    families: dict[str, list[Place]] = {}
    for table, column in group:
        family = FAMILIES.get(column.base_type)
        if family is not None:
            families.setdefault(family, []).append((table, column))
    right = _right(families, targets)
    for family in families:
        wrong = [place for place in families[family] if not _has_key(*place)]
        if family != right and wrong:
            yield _fault(families, right, wrong, certain=bool(targets))


def _is(key: ForeignKey, column: Column) -> bool:
    return key.columns == (column.name,)


def _has_key(table: Table, column: Column) -> bool:
    return any(_is(key, column) for key in table.foreign_keys)


def _right(families: dict[str, list[Place]], targets: set[str]) -> str:
    """The family of the key that the name means, else the most frequent one."""

    def weight(family: str) -> tuple[int, int]:
        places = families[family]
        keyed = sum(_has_key(*place) or place[0].qualified in targets for place in places)
        return keyed, len(places)

    return max(families, key=weight)


def _fault(
    families: dict[str, list[Place]], right: str, wrong: list[Place], *, certain: bool
) -> Fault:
    table, column = wrong[0]
    other_table, other = families[right][0]
    more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    return Fault(
        object=table.column_ref(column),
        message=f"{quote(column.name)} is {column.type} in {table.qualified}{more}, and "
        f"{other.type} in {other_table.qualified}",
        evidence={
            "differs_in": [t.column_ref(c).name for t, c in wrong[:SHOWN]],
            "as_in": [t.column_ref(c).name for t, c in families[right][:SHOWN]],
            "columns_of_this_type": len(wrong),
            "columns_of_other_type": len(families[right]),
        },
        confidence=None if certain else Confidence.LOW,
        advice="Give them one type, or different names where they are different things.",
    )
