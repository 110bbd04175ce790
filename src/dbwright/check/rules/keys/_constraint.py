"""What the rules about constraints share: names for new ones, and the statements around them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dbwright.model.catalog import Catalog, Column, ForeignKey, Table, TableKind
from dbwright.model.names import quote
from dbwright.sql.ddl import foreign_key_definition
from dbwright.sql.index_build import NAME_BYTES
from dbwright.sql.lexer import significant

__all__ = [
    "add_foreign_key",
    "column_list",
    "constraint_name",
    "is_partition_key",
    "sequence_name",
    "stands_alone",
]


def column_list(columns: Iterable[str]) -> str:
    """The columns as SQL, joined by commas."""
    return ", ".join(map(quote, columns))


def constraint_name(table: Table, *parts: str) -> str:
    """The parts joined by `_`, as a name that no constraint or index of the table has."""
    taken = {key.name for key in table.keys} | {key.name for key in table.foreign_keys}
    taken |= {check.name for check in table.checks} | {none.name for none in table.not_nulls}
    taken |= {index.name for index in table.indexes} | {other.name for other in table.exclusions}
    stem = "_".join("".join(c if c.isalnum() or c == "_" else "_" for c in part) for part in parts)
    name, number = _shortened(stem, ""), 1
    while name in taken:
        number += 1
        name = _shortened(stem, f"_{number}")
    return name


def _shortened(stem: str, suffix: str) -> str:
    return stem.encode()[: NAME_BYTES - len(suffix)].decode(errors="ignore") + suffix


def add_foreign_key(catalog: Catalog, table: Table, key: ForeignKey) -> str:
    """Declare it without looking at the rows, then look at them under a weaker lock.

    Before version 18 a partitioned table takes no NOT VALID key: one statement does both there.
    """
    start = f"ALTER TABLE {table.qualified} ADD CONSTRAINT {quote(key.name)}"
    if not key.enforced:
        return f"{start} {foreign_key_definition(key)};"
    if table.kind is TableKind.PARTITIONED and catalog.server.major < 18:
        return f"{start} {foreign_key_definition(replace(key, validated=True))};"
    added = f"{start} {foreign_key_definition(replace(key, validated=False))};"
    if not key.validated:
        return added
    return f"{added}\nALTER TABLE {table.qualified} VALIDATE CONSTRAINT {quote(key.name)};"


def is_partition_key(table: Table, column: str) -> bool:
    """Does the column choose the partition? (An expression might: then yes.)"""
    key = table.partition_key
    return key is not None and (column in key.columns or None in key.columns)


def stands_alone(catalog: Catalog, table: Table) -> bool:
    """Is it neither a partition nor a parent nor a child of another table?"""
    return not table.inherits and not catalog.children(table)


def sequence_name(column: Column) -> str | None:
    """The sequence (qualified) that the column's default calls with nextval."""
    if column.default is None or not column.default.startswith("nextval("):
        return None
    for token in significant(column.default):
        if token.kind == "string":
            return token.text.removeprefix("E")[1:-1].replace("''", "'")
    return None
