"""Sequences of a table's columns: the partitioned table takes them over, and gives them back.

A partition has no identity of its own, and a sequence that belongs to it would go when it is
dropped.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.model.catalog import Catalog, Column, Table
from dbwright.model.names import literal, quote
from dbwright.model.objects import Sequence
from dbwright.tune.partitions.keys import Names

__all__ = ["given_back", "handed_over"]


def handed_over(catalog: Catalog, table: Table, names: Names) -> Iterator[str]:
    """Statements of PL/pgSQL, before the table is renamed."""
    parent = names.qualified(names.parent)
    for column, sequence in _owned(catalog, table):
        if column.identity is None:
            yield f"ALTER SEQUENCE {sequence.qualified} OWNED BY {parent}.{quote(column.name)}"
            continue
        yield from _moved(sequence.qualified, parent, column)
        yield f"ALTER TABLE {table.qualified} ALTER COLUMN {quote(column.name)} DROP IDENTITY"
        yield _renamed(parent, column, sequence.name)


def given_back(catalog: Catalog, table: Table, names: Names) -> Iterator[str]:
    """Statements of PL/pgSQL, when the table has its name again and the partitioned one has not
    gone."""
    parent = names.qualified(names.parent)
    for column, sequence in _owned(catalog, table):
        name = quote(column.name)
        if column.identity is None:
            yield f"ALTER SEQUENCE {sequence.qualified} OWNED BY {table.qualified}.{name}"
            continue
        # Not its own name as long as that of the partitioned table has it.
        yield (
            f"ALTER TABLE {table.qualified} ALTER COLUMN {name} ADD GENERATED "
            f"{column.identity.upper()} AS IDENTITY ({_options(sequence, column, names)})"
        )
        yield from _moved(sequence.qualified, table.qualified, column)
        yield f"ALTER TABLE {parent} ALTER COLUMN {name} DROP IDENTITY"
        yield _renamed(table.qualified, column, sequence.name)


def _owned(catalog: Catalog, table: Table) -> Iterator[tuple[Column, Sequence]]:
    for column in table.columns:
        sequence = catalog.sequence_of(table, column)
        if sequence is not None:
            yield column, sequence


def _moved(source: str, target: str, column: Column) -> Iterator[str]:
    """The new sequence goes on where the old one is."""
    name = literal(column.name)
    yield (
        f"PERFORM setval(pg_get_serial_sequence({literal(target)}, {name}), s.last_value, "
        f"s.is_called) FROM {source} s"
    )


def _renamed(table: str, column: Column, name: str) -> str:
    place = f"pg_get_serial_sequence({literal(table)}, {literal(column.name)})"
    return f"EXECUTE format('ALTER SEQUENCE %s RENAME TO %I', {place}, {literal(name)})"


def _options(sequence: Sequence, column: Column, names: Names) -> str:
    words = [f"SEQUENCE NAME {names.qualified(f'{names.old}_{column.position}')}"]
    words += [f"START WITH {sequence.start}", f"INCREMENT BY {sequence.increment}"]
    words += [f"MINVALUE {sequence.minimum}", f"MAXVALUE {sequence.maximum}"]
    words += [f"CACHE {sequence.cache}", "CYCLE" if sequence.cycle else "NO CYCLE"]
    return " ".join(words)
