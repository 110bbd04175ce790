"""A table keeps attributes as rows: entity, attribute, value.

## What it finds

A table that has, besides its own key and times, only a reference to an entity, a column that names
an attribute (`attribute`, `property_name`, `meta_key` …), and one or more columns for its value.

## Why it matters

No attribute has a type, a NOT NULL, a CHECK or a foreign key of its own, and a row of the entity
has to be put together from as many joins as it has attributes.

The planner can't tell the attributes apart either: its estimates for such joins are often far off.

## How to fix

Make columns of the attributes that all entities have, and put the rare ones into one `jsonb` column
of the entity.

## When to ignore

The users themselves invent attributes, and nobody searches by several of them at once.

## Sources

- Bill Karwin, SQL Antipatterns: Entity-Attribute-Value.
- PostgreSQL manual, JSON Types.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.keys._entity import words
from dbwright.model.catalog import Catalog, Column, Table, TableKind
from dbwright.model.finding import Confidence, Severity
from dbwright.model.names import quote
from dbwright.model.statistics import Statistics

BAD = Example(
    """
CREATE TABLE products (id bigint PRIMARY KEY);
CREATE TABLE product_attributes (
    product_id bigint NOT NULL REFERENCES products,
    attribute text NOT NULL,
    value text,
    created_at timestamptz DEFAULT now(),
    PRIMARY KEY (product_id, attribute)
);
CREATE TABLE post_meta (meta_id bigint PRIMARY KEY, post_id bigint, meta_key text, meta_value text);
""",
    objects=("public.product_attributes", "public.post_meta"),
    fix_mends=False,
)

GOOD = """
CREATE TABLE products (id bigint PRIMARY KEY, attributes jsonb NOT NULL DEFAULT '{}');
CREATE TABLE settings (name text PRIMARY KEY, value text);
CREATE TABLE translations (product_id bigint REFERENCES products, locale text, value text);
CREATE TABLE readings (id bigint PRIMARY KEY, sensor_id bigint, at timestamptz, value numeric);
"""

SUBJECTS = frozenset({"attribute", "attr", "property", "meta", "field", "param", "parameter"})
NAMING = frozenset({"name", "key", "id", "code"})
VALUES = frozenset({"value", "values", "val"})
TIMES = frozenset({"date", "timestamp without time zone", "timestamp with time zone"})
TEXTS = frozenset({"text", "character varying", "json", "jsonb"})


@rule(severity=Severity.NOTICE, confidence=Confidence.MEDIUM, bad=BAD, good=GOOD)
def entity_attribute_value(catalog: Catalog, statistics: Statistics | None) -> Iterator[Fault]:
    seen: set[int] = set()
    # Few names say "attribute": only tables with one of them are looked at.
    for name, columns in catalog.columns_by_name.items():
        if not _names_attribute(name):
            continue
        for table, attribute in columns:
            if table.oid in seen or table.is_partition or table.kind is TableKind.FOREIGN:
                continue
            found = _parts(table, attribute)
            if found is None:
                continue
            seen.add(table.oid)
            entity, values = found
            counted = statistics.of(table) if statistics else None
            yield Fault(
                object=table.ref,
                message=f"{table.qualified} keeps attributes as rows: {quote(entity)}, "
                f"{quote(attribute.name)}, {', '.join(map(quote, values))}",
                evidence={
                    "entity": entity,
                    "attribute": attribute.name,
                    "values": values,
                    "rows": counted.best_rows if counted else None,
                },
                advice="Make columns of the attributes that all entities have, and one jsonb "
                "column for the rest.",
            )


def _names_attribute(name: str) -> bool:
    parts = words(name)
    return bool(parts) and (
        (len(parts) == 1 and parts[0] in SUBJECTS)
        or (parts[-1] in NAMING and len(parts) > 1 and parts[-2] in SUBJECTS)
    )


def _parts(table: Table, attribute: Column) -> tuple[str, list[str]] | None:
    """The entity's column and those of the value, if the table has nothing else."""
    entity: str | None = None
    values: list[Column] = []
    referencing = {name for key in table.foreign_keys for name in key.columns}
    own = set(table.primary_key.columns) if table.primary_key else set()
    own = own - referencing if len(own) == 1 else set()
    if attribute.name in own:
        return None
    for column in table.columns:
        parts = words(column.name)
        if column is attribute or column.name in own or column.identity is not None:
            continue
        if not VALUES.isdisjoint(parts[:1] + parts[-1:]):
            values.append(column)
        elif column.base_type in TIMES:
            continue
        elif entity is None and (column.name in referencing or parts[-1:] in (("id",), ("uuid",))):
            entity = column.name
        else:
            return None
    if entity is None or not any(c.base_type in TEXTS for c in values):
        return None
    return entity, [column.name for column in values]
