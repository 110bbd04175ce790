"""Building an index beside running work: its name, its statements, on partitions as well."""

from __future__ import annotations

from dbwright.model.catalog import Catalog, MaterializedView, Table, TableKind
from dbwright.model.names import quote
from dbwright.sql.index_names import NAME_BYTES, free_name
from dbwright.sql.index_partitions import on_partitions

__all__ = ["NAME_BYTES", "build_index", "free_name"]


def build_index(
    catalog: Catalog,
    table: Table | MaterializedView,
    name: str,
    tail: str,
    *,
    unique: bool = False,
) -> tuple[str, str]:
    """Statements that build the index without blocking writes, and those that take it back.

    `tail` is what follows the table in CREATE INDEX. On a partitioned table CONCURRENTLY is not
    possible: the index is made on the parent alone, then on each partition concurrently, and
    attached; and dropping it locks them.
    """
    word = "CREATE UNIQUE INDEX" if unique else "CREATE INDEX"
    if isinstance(table, Table) and table.kind is TableKind.PARTITIONED:
        return on_partitions(catalog, table, word, name, tail)
    up = f"{word} CONCURRENTLY {quote(name)} ON {table.qualified}{tail};"
    return up, f"DROP INDEX CONCURRENTLY {quote(table.schema)}.{quote(name)};"
