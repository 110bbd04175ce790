"""One table's rows, from the target to the copy, as a stream.

Binary where both servers are sure to mean the same by it: built-in types whose form has not changed
in any major. Types that users made have numbers of their own on each server, so those go as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import psycopg

from dbwright.engines.postgresql.rows import Keys, RowReader, RowsWanted, Sample
from dbwright.engines.postgresql.session import first_line
from dbwright.errors import SandboxError
from dbwright.model.catalog import Column, Table, TableKind
from dbwright.model.names import quote
from dbwright.progress import Progress
from dbwright.sandbox.copy.relations import Relation

__all__ = ["NotTaken", "transfer", "transfer_keys"]

BINARY = frozenset(
    {
        *'bigint bit boolean bytea "char" character cidr date inet integer interval json'.split(),
        *"jsonb macaddr macaddr8 money name numeric oid real smallint text uuid".split(),
        "bit varying",
        "character varying",
        "double precision",
        "time with time zone",
        "time without time zone",
        "timestamp with time zone",
        "timestamp without time zone",
    }
)
TOLD_BYTES = 8 << 20
WRITTEN_BYTES = 128 << 10

COLUMNS = """
SELECT attname FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
ORDER BY attnum
"""


class NotTaken(Exception):
    """The copy's server can't have the table's rows."""


def transfer(
    reader: RowReader,
    connection: psycopg.Connection[Any],
    relation: Relation,
    sample: Sample | None,
    progress: Progress,
    *,
    fresh: bool = True,
) -> int:
    """Put the relation's rows into the (empty) table of that name; how many there were. `fresh`: is
    it a table that no foreign key refers to yet? Then it takes less time.

    Raises Unreadable, ConnectionLost for the target; NotTaken, SandboxError for the copy.
    """
    wanted = _wanted(connection, relation, sample, None)
    return _taken(connection, wanted, reader, progress, fresh=fresh)


def transfer_keys(
    reader: RowReader,
    connection: psycopg.Connection[Any],
    relation: Relation,
    keys: Keys,
    progress: Progress,
) -> int:
    """Put the relation's rows with these keys beside those that are there; how many there were.

    Raises as `transfer` does.
    """
    wanted = _wanted(connection, relation, None, keys)
    return _taken(connection, wanted, reader, progress, fresh=False)


def _wanted(
    connection: psycopg.Connection[Any],
    relation: Relation,
    sample: Sample | None,
    keys: Keys | None,
) -> RowsWanted:
    names = tuple(row[0] for row in connection.execute(COLUMNS, (relation.qualified,)))
    if not names:
        raise NotTaken("it could not be made here, or has no columns")
    columns = {column.name: column for column in relation.columns}
    return RowsWanted(
        table=relation.qualified,
        columns=names,
        binary=all(name in columns and _binary(columns[name]) for name in names),
        sample=sample,
        keys=keys,
        partitioned=isinstance(relation, Table) and relation.kind is TableKind.PARTITIONED,
    )


def _taken(
    connection: psycopg.Connection[Any],
    wanted: RowsWanted,
    reader: RowReader,
    progress: Progress,
    *,
    fresh: bool,
) -> int:
    try:
        return _stream(reader, connection, wanted, progress, fresh=fresh)
    except psycopg.errors.DiskFull:
        raise SandboxError(
            f"the disk became full while {wanted.table} was copied",
            "set TMPDIR to a folder with more room",
        ) from None
    except psycopg.Error as problem:
        if connection.broken or connection.closed:
            raise SandboxError(
                f"the throw-away server broke while {wanted.table} was copied: "
                f"{first_line(problem)}",
                "run the command again",
            ) from None
        raise NotTaken(first_line(problem)) from None


class _Refused(Exception):
    """Carries an error of the copy past the code that would take it for one of the target."""

    def __init__(self, problem: psycopg.Error) -> None:
        self.problem = problem
        super().__init__(str(problem))


def _stream(
    reader: RowReader,
    connection: psycopg.Connection[Any],
    wanted: RowsWanted,
    progress: Progress,
    *,
    fresh: bool,
) -> int:
    columns = ", ".join(map(quote, wanted.columns))
    options = ["FORMAT binary" if wanted.binary else "FORMAT text"]
    options += ["FREEZE"] if fresh else []
    into = f"COPY {wanted.table} ({columns}) FROM STDIN WITH ({', '.join(options)})"
    done, told = 0, 0
    try:
        with connection.transaction():
            if fresh:
                # FREEZE wants that; and what is put into a new file is not logged.
                connection.execute(f"TRUNCATE ONLY {wanted.table}".encode())
            cursor = connection.cursor()
            with cursor.copy(into.encode()) as target, reader.rows(wanted) as pieces:
                for piece in _gathered(pieces):
                    _write(target, piece)
                    done += len(piece)
                    if done - told >= TOLD_BYTES:
                        told = done
                        progress(f"copying {wanted.table}, {done >> 20:,} MB")
            return cursor.rowcount
    except _Refused as refused:
        raise refused.problem from None


def _gathered(rows: Iterable[bytes | bytearray | memoryview]) -> Iterator[bytes]:
    """Many at once: COPY sends each row by itself, and to write one takes as long as many."""
    gathered: list[bytes | bytearray | memoryview] = []
    size = 0
    for row in rows:
        gathered.append(row)
        size += len(row)
        if size >= WRITTEN_BYTES:
            yield b"".join(gathered)
            gathered.clear()
            size = 0
    yield b"".join(gathered)


def _write(target: psycopg.Copy, piece: bytes) -> None:
    try:
        target.write(piece)
    except psycopg.Error as problem:
        raise _Refused(problem) from None


def _binary(column: Column) -> bool:
    if column.base_type not in BINARY:
        return False
    # An array says of which type its elements are, by a number.
    return not column.is_array or column.type.startswith(column.base_type)
