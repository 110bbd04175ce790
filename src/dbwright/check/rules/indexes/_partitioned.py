"""Making the index of a partitioned table whole, without blocking writes.

CREATE INDEX CONCURRENTLY is not possible on a partitioned table: the index is made ON ONLY the
parent, then on each partition concurrently, and attached.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dbwright.model.catalog import Catalog, Index, Table, TableKind
from dbwright.model.names import qualify, quote
from dbwright.model.partitions import partition_leaves
from dbwright.sql.ddl import index_definition
from dbwright.sql.index_build import free_name

__all__ = ["attach_missing", "build_on_partitions", "partitions_without"]


def partitions_without(catalog: Catalog, table: Table, index: Index) -> Iterator[Table]:
    """The partitions, at any depth, that hold rows and lack an index attached to `index`."""
    for child in catalog.children(table):
        attached = _attached(child, index)
        if child.kind is TableKind.PARTITIONED:
            if attached is None:
                leaves = partition_leaves(catalog, child)
                yield from (leaf for leaf in leaves if leaf.kind is TableKind.TABLE)
            elif not attached.valid:
                yield from partitions_without(catalog, child, attached)
        elif child.kind is TableKind.TABLE and attached is None:
            yield child


def build_on_partitions(catalog: Catalog, table: Table, index: Index) -> list[str]:
    """Statements that make `index` (which is not there yet) on `table` and its partitions.

    Raises ValueError where its definition was not read.
    """
    if index.constraint is None:
        first = f"{index_definition(index, f'ONLY {table.qualified}')};"
    else:
        first = _add_constraint(f"ONLY {table.qualified}", index, _key_columns(index))
    return [first, *attach_missing(catalog, table, index)]


def attach_missing(catalog: Catalog, table: Table, index: Index) -> list[str]:
    """Statements that give each partition of `table` its index, and attach it to `index`.

    Not for one that backs an exclusion constraint, or a deferrable one.

    Raises ValueError where its definition was not read.
    """
    lines: list[str] = []
    for child in catalog.children(table):
        attached = _attached(child, index)
        if child.kind is TableKind.PARTITIONED and attached is not None:
            lines += attach_missing(catalog, child, attached)
        elif child.kind is not TableKind.FOREIGN and attached is None:
            lines += _attach(catalog, child, index)
    return lines


def _attach(catalog: Catalog, child: Table, index: Index) -> list[str]:
    own = next((own for own in child.indexes if _fits(own, child, index)), None)
    lines: list[str] = []
    if own is None:
        name = free_name(catalog, child.schema, _stem(child, index))
        own = replace(index, schema=child.schema, name=name, constraint=None)
        if child.kind is TableKind.PARTITIONED:
            if index.constraint is not None:
                own = replace(own, constraint=name)
            lines = build_on_partitions(catalog, child, own)
        else:
            lines = [f"{index_definition(own, child.qualified, concurrently=True)};"]
    if index.constraint is not None and own.constraint is None:
        lines.append(_add_constraint(child.qualified, own, f"USING INDEX {quote(own.name)}"))
    own_name = qualify(child.schema, own.name)
    return [*lines, f"ALTER INDEX {index.qualified} ATTACH PARTITION {own_name};"]


def _add_constraint(table: str, index: Index, rest: str) -> str:
    word = "PRIMARY KEY" if index.primary else "UNIQUE"
    return f"ALTER TABLE {table} ADD CONSTRAINT {quote(index.name)} {word} {rest};"


def _key_columns(index: Index) -> str:
    words = ["NULLS NOT DISTINCT"] if index.nulls_not_distinct else []
    words.append(f"({', '.join(quote(key.column or '') for key in index.keys)})")
    if index.include:
        words.append(f"INCLUDE ({', '.join(map(quote, index.include))})")
    return " ".join(words)


def _stem(child: Table, index: Index) -> str:
    """The partition's name, and as much of what the index holds as identifiers have room for."""
    tail = "_".join(key.column or "expr" for key in index.keys)
    room = max(63 - len(child.name.encode()) - len("__idx"), 0)
    return f"{child.name}_{tail.encode()[:room].decode(errors='ignore')}_idx"


def _fits(own: Index, child: Table, index: Index) -> bool:
    """Can it be attached as it is? The server compares the same (CompareIndexInfo)."""
    return (
        own.valid
        and own.parent is None
        and own.method == index.method
        and own.keys == index.keys
        and own.include == index.include
        and own.unique == index.unique
        and own.nulls_not_distinct == index.nulls_not_distinct
        and own.immediate == index.immediate
        and own.predicate == index.predicate
        and own.partial == index.partial
        and own.primary in (False, index.primary)
        and (own.constraint is None or index.constraint is not None)
        # A constraint can't be made USING the INDEX of a partitioned table.
        and (own.constraint is not None or index.constraint is None or child.stores_rows)
    )


def _attached(child: Table, index: Index) -> Index | None:
    return next((own for own in child.indexes if own.parent == index.qualified), None)
