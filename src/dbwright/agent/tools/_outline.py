"""A relation in a few lines of text, as a model reads it best."""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog, Column, Index, MaterializedView, Table, View
from dbwright.model.names import quote
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import IndexStatistics, Statistics, TableStatistics
from dbwright.render.units import bytes_text
from dbwright.sql.ddl import check_definition, foreign_key_definition, index_definition

__all__ = ["Relation", "outline", "relation_lines", "size_words"]

Relation = Table | View | MaterializedView


def outline(snapshot: Snapshot) -> str:
    """Every relation of the catalog. Partitions are counted with their parent."""
    catalog = snapshot.catalog
    parts = [
        "\n".join(relation_lines(catalog, snapshot.statistics, relation))
        for relation in catalog.relations()
        if not (isinstance(relation, Table) and relation.is_partition)
    ]
    return "\n\n".join(parts) + "\n" if parts else "The database holds no tables.\n"


def relation_lines(
    catalog: Catalog, statistics: Statistics | None, relation: Relation
) -> Iterator[str]:
    """Its head, its columns, and what belongs to it."""
    yield f"{relation.qualified} ({relation.ref.kind}{size_words(statistics, relation)})"
    if relation.comment:
        yield f"  -- {relation.comment}"
    for column in relation.columns:
        yield "  " + _column(relation, column)
    if isinstance(relation, View | MaterializedView):
        yield f"  AS {(relation.definition or 'not readable').strip()}"
    if isinstance(relation, Table):
        yield from _constraints(catalog, relation)
    if isinstance(relation, Table | MaterializedView):
        uses = {one.oid: one for one in statistics.indexes} if statistics else {}
        for index in relation.indexes:
            yield "  " + _index(index, uses.get(index.oid))
    if isinstance(relation, Table):
        yield from _others(catalog, relation)


def size_words(statistics: Statistics | None, relation: Relation) -> str:
    """`, about 1,200 rows, 340 MB`; empty where nothing is known."""
    found = _statistics(statistics, relation)
    if found is None:
        return ""
    rows = "" if found.rows is None else f", about {found.rows:,.0f} rows"
    return rows + ("" if found.total_bytes is None else f", {bytes_text(found.total_bytes)}")


def _statistics(statistics: Statistics | None, relation: Relation) -> TableStatistics | None:
    if statistics is None:
        return None
    return next((one for one in statistics.tables if one.oid == relation.oid), None)


def _column(relation: Relation, column: Column) -> str:
    words = [quote(column.name), column.type]
    if column.not_null:
        words.append("NOT NULL")
    if column.identity:
        words.append(f"IDENTITY {column.identity}")
    if column.generated:
        words.append(f"GENERATED {column.generated}: {column.default}")
    elif column.default is not None:
        words.append(f"DEFAULT {column.default}")
    key = relation.primary_key if isinstance(relation, Table) else None
    if key is not None and column.name in key.columns:
        words.append("PRIMARY KEY")
    if column.comment:
        words.append(f"-- {column.comment}")
    return " ".join(words)


def _constraints(catalog: Catalog, table: Table) -> Iterator[str]:
    for key in table.unique_constraints:
        yield f"  unique {quote(key.name)} ({', '.join(map(quote, key.columns))})"
    for foreign in table.foreign_keys:
        yield f"  {quote(foreign.name)} {foreign_key_definition(foreign)}"
    for check in table.checks:
        yield f"  {quote(check.name)} {check_definition(check)}"
    for other, foreign in catalog.referencing(table):
        yield f"  referenced by {other.qualified} ({', '.join(map(quote, foreign.columns))})"


def _index(index: Index, use: IndexStatistics | None) -> str:
    words = index_definition(index, "ON_TABLE").split(" USING ", 1)[-1]
    kind = "primary key " if index.primary else "unique " if index.unique else ""
    size = "" if use is None or use.bytes is None else f", {bytes_text(use.bytes)}"
    scans = "" if use is None else f", {use.scans:,} scans"
    broken = "" if index.valid else ", INVALID"
    return f"{kind}index {quote(index.name)} {words}{size}{scans}{broken}"


def _others(catalog: Catalog, table: Table) -> Iterator[str]:
    if table.partition_key is not None:
        children = catalog.children(table)
        yield f"  partitioned by {table.partition_key.definition}: {len(children)} partitions"
    if table.is_partition:
        yield f"  partition of {', '.join(table.inherits)} {table.partition_bound}"
    if table.row_security:
        yield "  row level security is on" + (" (forced)" if table.force_row_security else "")
    for policy in table.policies:
        allows = "lets" if policy.permissive else "restricts"
        rows = policy.using or policy.check
        yield f"  policy {quote(policy.name)} {allows} {policy.command}: {rows}"
    for trigger in table.triggers:
        events = " or ".join(trigger.events)
        yield f"  trigger {quote(trigger.name)} {trigger.timing} {events}: {trigger.function}"
