"""Tables of a database: read in one read-only transaction, as COPY sends them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from dbwright.design.normalize.kinds import declared
from dbwright.design.normalize.reading.checked import limit_note
from dbwright.design.normalize.reading.options import MOST_COLUMNS, ReadingOptions
from dbwright.design.normalize.relation import Builder, Kind, Reference, Relation
from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.rows import RowReader, RowsWanted, reading_rows
from dbwright.engines.postgresql.session import Session, Unreadable
from dbwright.errors import BadData, TargetError, UsageError
from dbwright.model.catalog import Catalog, MaterializedView, Table, View
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress
from dbwright.sandbox import start
from dbwright.sandbox.load import load, sql_files
from dbwright.target import Files, Live, SnapshotFile, Target

__all__ = ["Database", "database", "read_tables"]

BUDGET_SECONDS = 60.0
CHUNK = 5000
"""Rows."""
Readable = Table | View | MaterializedView


@dataclass(frozen=True, slots=True)
class Database:
    """One that answers for as long as the block lasts."""

    url: str
    snapshot: Snapshot
    name: str


@contextmanager
def database(target: Target, name: str, progress: Progress) -> Iterator[Database]:
    """A live one, or one that SQL files are loaded into. Raises UsageError for a snapshot, which
    has no rows; TargetError, SandboxError."""
    if isinstance(target, SnapshotFile):
        raise UsageError(f"{name} is a snapshot, which has no rows", "name a database or a file")
    if isinstance(target, Live):
        yield Database(target.url, _read(target.url, progress), name)
        return
    with _loaded(target, progress) as url:
        yield Database(url, _read(url, progress), name)


@contextmanager
def _loaded(target: Files, progress: Progress) -> Iterator[str]:
    path: Path = target.path
    files = sql_files(path)
    with start(settings={"autovacuum": "off"}, progress=progress) as server:
        load(server, "target", files, root=path if path.is_dir() else None, progress=progress)
        yield server.url("target")


def _read(url: str, progress: Progress) -> Snapshot:
    progress("connecting")
    with Session.open(url, BUDGET_SECONDS) as session:
        return read(session, values=None, workload=False, progress=progress)


def read_tables(
    source: Database, options: ReadingOptions, progress: Progress
) -> tuple[tuple[Relation, ...], tuple[str, ...]]:
    """The relations, and a note for each table of which nothing can be told.

    Raises UsageError for a table that is not there, ConnectionLost.
    """
    catalog = source.snapshot.catalog
    chosen = _chosen(catalog, options)
    found: list[Relation] = []
    notes: list[str] = []
    with reading_rows(source.url) as reader:
        for number, table in enumerate(chosen):
            progress(f"reading {table.qualified}", number, len(chosen))
            try:
                relation = _relation(reader, catalog, table, source, options)
            except (Unreadable, BadData) as problem:
                if options.tables and isinstance(problem, BadData):
                    raise
                if options.tables and isinstance(problem, Unreadable):
                    said = f"{table.qualified} can't be read: {problem.reason}"
                    raise TargetError(said, problem.remedy or "name another table") from None
                notes.append(f"{table.qualified} was left out: {problem}")
                continue
            found.append(relation)
    return tuple(found), tuple(notes)


def _chosen(catalog: Catalog, options: ReadingOptions) -> list[Readable]:
    every: list[Readable] = [*catalog.relations()]
    if not options.tables:
        return [one for one in every if isinstance(one, Table) and not one.is_partition]
    chosen: list[Readable] = []
    for name in options.tables:
        named = [one for one in every if name in (one.qualified, f"{one.schema}.{one.name}")]
        named = named or [one for one in every if one.name == name]
        if len(named) != 1:
            which = ", ".join(one.qualified for one in named or every[:20])
            said = "more than one table is" if named else "no table is"
            raise UsageError(f"{said} named {name!r}", f"there are: {which}")
        chosen += named
    return chosen


def _relation(
    reader: RowReader, catalog: Catalog, table: Readable, source: Database, options: ReadingOptions
) -> Relation:
    columns = [c for c in table.columns if not options.columns or c.name in options.columns]
    if not columns:
        raise BadData(f"{table.qualified} has no column that is read", "check --columns")
    if len(columns) > MOST_COLUMNS:
        raise BadData(
            f"{table.qualified} has {len(columns)} columns, and {MOST_COLUMNS} can be compared "
            "with each other",
            "name those that hang together: --columns a,b,c",
        )
    builder = Builder([column.name for column in columns])
    whole = _gather(reader, table, builder, options.limit)
    if builder.rows < 2:
        said = "one row only" if builder.rows else "no rows"
        raise BadData(f"{table.qualified} has {said}", "what depends on what shows in many rows")
    typed = tuple(
        replace(
            declared(made, column.type, column.base_type if not column.is_array else "array"),
            not_null=column.not_null,
            generated=column.generated is not None,
        )
        for made, column in zip(builder.columns(), columns, strict=True)
    )
    if all(column.kind is Kind.EMPTY for column in typed):
        raise BadData(f"{table.qualified} has only NULLs", "give rows with values")
    return Relation(
        name=table.qualified,
        columns=typed,
        rows=builder.rows,
        source=source.name,
        notes=() if whole else (limit_note(builder.rows),),
        keys=_keys(table, set(builder.names)),
        references=_references(table),
        table=isinstance(table, Table),
        whole=whole,
    )


def _gather(reader: RowReader, table: Readable, builder: Builder, limit: int | None) -> bool:
    """Were all rows read?"""
    alone = isinstance(table, Table) and table.partition_key is None
    wanted = RowsWanted(table.qualified, builder.names, partitioned=not alone)
    chunk: list[tuple[str | None, ...]] = []
    try:
        with reader.rows(wanted) as copy:
            for row in copy.rows():
                if builder.rows + len(chunk) == limit:
                    raise _Enough
                chunk.append(row)
                if len(chunk) == CHUNK:
                    builder.add(chunk)
                    chunk = []
            builder.add(chunk)
    except _Enough:
        builder.add(chunk)
        return False
    except psycopg.Error as problem:
        raise Unreadable(str(problem).splitlines()[0]) from None
    return True


class _Enough(Exception):
    """So many rows were wanted, and no more."""


def _keys(table: Readable, names: set[str]) -> tuple[tuple[str, ...], ...]:
    if not isinstance(table, Table):
        return ()
    first = [table.primary_key] if table.primary_key else []
    keys = [tuple(key.columns) for key in (*first, *table.unique_constraints)]
    return tuple(key for key in keys if names.issuperset(key))


def _references(table: Readable) -> tuple[Reference, ...]:
    if not isinstance(table, Table):
        return ()
    return tuple(
        Reference(key.columns, key.references, key.referenced_columns) for key in table.foreign_keys
    )
