"""Indexes that might be made: on a twin they are, while the tables are empty, with the files of the
sizes that they would have in production.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from dbwright.model.statistics import ColumnStatistics
from dbwright.sandbox.twin.files import PAGE, resize, write_btree
from dbwright.sandbox.twin.statistics import put_column_statistics
from dbwright.sandbox.twin.visible import HIDE, SHOW

__all__ = ["Hypothetical", "IndexFigures", "Part", "make"]

BATCH = 100
"""Indexes made at once."""


@dataclass(frozen=True, slots=True)
class IndexFigures:
    """How large an index of one table would be."""

    pages: int
    rows: float
    height: int = 0
    """Of a b-tree: levels above the leaves."""


@dataclass(frozen=True, slots=True)
class Hypothetical:
    """An index that might be made."""

    name: str
    """Of the index, bare; no relation of the twin has it."""
    definition: str
    """CREATE INDEX with that name."""
    schema: str
    table: str
    expressions: Mapping[int, ColumnStatistics] = field(default_factory=dict)
    """What is known of its keys that are expressions, by their number from 1."""

    @property
    def qualified(self) -> str:
        """As `Answer.used` has it: `schema.name`, unquoted."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Part:
    """One index of one table."""

    oid: int
    name: str
    table: int
    method: str
    path: str | None


def make(
    connection: psycopg.Connection[Any],
    data: Path,
    indexes: Sequence[Hypothetical],
    figures: Callable[[Hypothetical, int], IndexFigures],
) -> tuple[dict[str, tuple[Part, ...]], dict[str, str]]:
    """Make them, hidden: each by `schema.name`, and what could not be made, and why, by the bare
    name. `data`: the twin's data directory. `figures`: see `WhatIf.add`."""
    failed: dict[str, str] = {}
    tables = _tables(connection, data, {(index.schema, index.table) for index in indexes})
    # Else each CREATE INDEX looks at all other indexes, for how many workers it shall have.
    connection.execute("SET max_parallel_maintenance_workers = 0")
    with _emptied(connection, tables), _aside(connection, tables):
        for start in range(0, len(indexes), BATCH):
            failed |= _create(connection, indexes[start : start + BATCH])
        made = [index for index in indexes if index.name not in failed]
        parts = _parts(connection, made)
    _resize(connection, data, made, parts, figures)
    _describe(connection, made, parts)
    _hide(connection, [part.oid for own in parts.values() for part in own])
    return parts, failed


def _create(connection: psycopg.Connection[Any], indexes: Sequence[Hypothetical]) -> dict[str, str]:
    """All at once; where one fails, none of them is there, and each is made by itself."""
    failed: dict[str, str] = {}
    try:
        connection.execute("; ".join(i.definition for i in indexes).encode())
    except psycopg.Error as problem:
        if len(indexes) == 1:
            return {indexes[0].name: problem.diag.message_primary or str(problem)}
        for index in indexes:
            failed |= _create(connection, [index])
    return failed


def _tables(
    connection: psycopg.Connection[Any], data: Path, names: set[tuple[str, str]]
) -> dict[int, Path]:
    """The files of these tables and their partitions, by oid."""
    rows = connection.execute(
        "SELECT c.oid, pg_relation_filepath(c.oid) FROM ("
        "  SELECT DISTINCT coalesce(t.relid, r.oid) AS oid"
        "  FROM unnest(%s::text[], %s::text[]) w (schema, name)"
        "  JOIN pg_namespace n ON n.nspname = w.schema"
        "  JOIN pg_class r ON r.relnamespace = n.oid AND r.relname = w.name"
        "  LEFT JOIN LATERAL pg_partition_tree(r.oid) t ON true"
        ") f JOIN pg_class c ON c.oid = f.oid WHERE c.relkind = 'r'",
        ([schema for schema, _ in names], [name for _, name in names]),
    )
    return {row[0]: data / row[1] for row in rows}


@contextmanager
def _emptied(connection: psycopg.Connection[Any], tables: Mapping[int, Path]) -> Iterator[None]:
    """With no page in these tables, so that an index is made at once; CREATE INDEX counts
    them anew, so their statistics are put back as well."""
    before = connection.execute(
        "SELECT oid, relpages, reltuples, relallvisible FROM pg_class WHERE oid = ANY (%s)",
        (list(tables),),
    ).fetchall()
    lengths = {path: path.stat().st_size for path in tables.values()}
    for path in lengths:
        os.truncate(path, 0)
    try:
        yield
    finally:
        for path, length in lengths.items():
            os.truncate(path, length)
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE pg_class SET relpages = %s, reltuples = %s, relallvisible = %s "
                "WHERE oid = %s",
                [(row[1], row[2], row[3], row[0]) for row in before],
            )


@contextmanager
def _aside(connection: psycopg.Connection[Any], tables: Collection[int]) -> Iterator[None]:
    """With the indexes hidden that partitions of these tables have for themselves: an index of
    the whole takes one that is like it as its part, and would hide it with the others."""
    rows = connection.execute(
        "SELECT i.indexrelid FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid "
        "WHERE t.relispartition AND i.indislive AND pg_partition_root(t.oid) IN ("
        "  SELECT pg_partition_root(oid) FROM unnest(%s::oid[]) w (oid)"
        ") AND NOT EXISTS (SELECT FROM pg_inherits p WHERE p.inhrelid = i.indexrelid)",
        (list(tables),),
    ).fetchall()
    own = [row[0] for row in rows]
    _hide(connection, own)
    try:
        yield
    finally:
        connection.execute(SHOW, (own,))


def _parts(
    connection: psycopg.Connection[Any], made: Sequence[Hypothetical]
) -> dict[str, tuple[Part, ...]]:
    """The index itself, or the one of each partition, by `schema.name`."""
    rows = connection.execute(
        "SELECT n.nspname || '.' || c.relname, p.oid, pn.nspname || '.' || pc.relname, "
        "       i.indrelid, m.amname, pg_relation_filepath(p.oid) "
        "FROM unnest(%s::text[], %s::text[]) w (schema, name) "
        "JOIN pg_namespace n ON n.nspname = w.schema "
        "JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name "
        "CROSS JOIN LATERAL ("
        "  SELECT c.oid UNION SELECT t.relid FROM pg_partition_tree(c.oid) t"
        ") p JOIN pg_index i ON i.indexrelid = p.oid "
        "JOIN pg_class pc ON pc.oid = p.oid "
        "JOIN pg_namespace pn ON pn.oid = pc.relnamespace JOIN pg_am m ON m.oid = pc.relam",
        ([index.schema for index in made], [index.name for index in made]),
    )
    found: dict[str, list[Part]] = {}
    for name, *part in rows:
        found.setdefault(name, []).append(Part(*part))
    return {name: tuple(own) for name, own in found.items()}


def _describe(
    connection: psycopg.Connection[Any],
    made: Sequence[Hypothetical],
    parts: Mapping[str, tuple[Part, ...]],
) -> None:
    """Statistics of expressions, which belong to the index."""
    wanted = {
        (part.oid, number): statistics
        for index in made
        for part in parts[index.qualified]
        for number, statistics in index.expressions.items()
    }
    if not wanted:
        return
    rows = connection.execute(
        "SELECT attrelid, attnum, attname FROM pg_attribute WHERE attrelid = ANY (%s)",
        ([oid for oid, _ in wanted],),
    ).fetchall()
    put_column_statistics(
        connection,
        [
            (oid, replace(wanted[oid, number], column=name))
            for oid, number, name in rows
            if (oid, number) in wanted
        ],
    )


def _resize(
    connection: psycopg.Connection[Any],
    data: Path,
    made: Sequence[Hypothetical],
    parts: Mapping[str, tuple[Part, ...]],
    figures: Callable[[Hypothetical, int], IndexFigures],
) -> None:
    rows: list[tuple[int, float, int]] = []
    for index in made:
        for part in parts[index.qualified]:
            if part.path is None:
                continue  # of a partitioned table: it has no pages
            size = figures(index, part.table)
            file = data / part.path
            if part.method == "btree" and size.height:
                write_btree(file, size.height)
            least = size.height + 2 if part.method == "btree" else 1
            resize(file, max(size.pages, file.stat().st_size // PAGE, least))
            rows.append((size.pages, size.rows, part.oid))
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE pg_class SET relpages = %s, reltuples = %s WHERE oid = %s", rows)


def _hide(connection: psycopg.Connection[Any], oids: Sequence[int]) -> None:
    connection.execute(HIDE, (list(oids),))
