"""Building an index beside running work: its name, its statements, on partitions as well."""

from __future__ import annotations

from collections.abc import Collection

from dbwright.model.catalog import Catalog, MaterializedView, Table, TableKind
from dbwright.model.names import quote

__all__ = ["NAME_BYTES", "build_index", "free_name"]

NAME_BYTES = 63
"""Of an identifier (NAMEDATALEN - 1)."""


def free_name(
    catalog: Catalog, schema: str, wanted: str, taken: Collection[tuple[str, str]] = ()
) -> str:
    """`wanted`, made a plain identifier of at most 63 bytes that no relation of the schema has,
    nor is in `taken` (schema, name)."""
    stem = "".join(c if c.isalnum() or c == "_" else "_" for c in wanted.replace('"', ""))
    name = _shorten(stem, "")
    number = 1
    while catalog.has_relation(schema, name) or (schema, name) in taken:
        number += 1
        name = _shorten(stem, f"_{number}")
    return name


def build_index(
    catalog: Catalog,
    table: Table | MaterializedView,
    name: str,
    tail: str,
    *,
    unique: bool = False,
) -> tuple[str, str]:
    """Statements that build the index without blocking writes, and those that drop it.

    `tail` is what follows the table in CREATE INDEX. On a partitioned table CONCURRENTLY is not
    possible: the index is made on the parent alone, then on each partition concurrently, and
    attached; and dropping it locks them.
    """
    word = "CREATE UNIQUE INDEX" if unique else "CREATE INDEX"
    qualified = f"{quote(table.schema)}.{quote(name)}"
    if isinstance(table, Table) and table.kind is TableKind.PARTITIONED:
        up = _on_partitions(catalog, table, word, name, tail, set())
        return up, f"DROP INDEX {qualified};"
    up = f"{word} CONCURRENTLY {quote(name)} ON {table.qualified}{tail};"
    return up, f"DROP INDEX CONCURRENTLY {qualified};"


def _shorten(stem: str, suffix: str) -> str:
    room = NAME_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore") + suffix


def _on_partitions(
    catalog: Catalog, table: Table, word: str, name: str, tail: str, taken: set[tuple[str, str]]
) -> str:
    taken.add((table.schema, name))
    parent_index = f"{quote(table.schema)}.{quote(name)}"
    lines = [f"{word} {quote(name)} ON ONLY {table.qualified}{tail};"]
    for child in catalog.children(table):
        if child.kind not in (TableKind.TABLE, TableKind.PARTITIONED):
            continue  # a foreign table has no indexes
        own = free_name(catalog, child.schema, f"{child.name}_{name}", taken)
        taken.add((child.schema, own))
        if child.kind is TableKind.PARTITIONED:
            lines.append(_on_partitions(catalog, child, word, own, tail, taken))
        else:
            lines.append(f"{word} CONCURRENTLY {quote(own)} ON {child.qualified}{tail};")
        lines.append(
            f"ALTER INDEX {parent_index} ATTACH PARTITION {quote(child.schema)}.{quote(own)};"
        )
    return "\n".join(lines)
