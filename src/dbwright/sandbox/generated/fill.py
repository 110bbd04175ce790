"""Putting made rows into the tables of a database that have none.

Triggers and the checks of foreign keys are off meanwhile: rows refer to rows that were made before
them. What a constraint refuses is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import psycopg

from dbwright.engines.postgresql.session import first_line
from dbwright.model.catalog import Catalog, ForeignKey, Table, TableKind
from dbwright.model.names import literal, quote
from dbwright.model.report import Skipped
from dbwright.progress import Progress
from dbwright.sandbox.generated.allowed import allowed
from dbwright.sandbox.generated.values import Style, value_of

__all__ = ["empty", "fill"]

FEWER = 300
"""Rows that are tried one by one where a whole set is refused."""
REFERRED = 1000
"""Rows of another table that are referred to."""


def fill(
    connection: psycopg.Connection[Any],
    catalog: Catalog,
    rows: int,
    *,
    unusual: bool,
    left_out: Collection[str] = (),
    progress: Progress,
) -> tuple[tuple[str, ...], tuple[Skipped, ...]]:
    """Make about so many rows in each table that has none; the tables that got some, and those that
    could not have any. `unusual`: with values that changes fall over. Raises psycopg.Error where
    the server goes away."""
    connection.execute("SET session_replication_role = replica; SET search_path = pg_catalog")
    filled: list[str] = []
    skipped: list[Skipped] = []
    tables = list(_in_order(catalog))
    for number, table in enumerate(tables):
        name = table.qualified
        if name in left_out or _has_rows(connection, name):
            continue
        progress(f"making rows of {name}", number, len(tables))
        problem = _fill_table(connection, catalog, table, rows, unusual)
        if problem is None:
            filled.append(name)
            _raise_sequences(connection, catalog, table)
        else:
            reason = f"no rows could be made for it: {problem}"
            skipped.append(Skipped("rows", reason, "rehearse on a live target", (name,)))
    connection.execute("RESET session_replication_role; RESET search_path")
    connection.execute("ANALYZE")
    return tuple(filled), tuple(skipped)


def empty(connection: psycopg.Connection[Any], tables: Sequence[str]) -> None:
    """Take the rows of these tables away again."""
    if tables:
        connection.execute(f"TRUNCATE {', '.join(tables)} CASCADE".encode())


def _fill_table(
    connection: psycopg.Connection[Any], catalog: Catalog, table: Table, rows: int, unusual: bool
) -> str | None:
    """What the server says against it; None where there are rows."""
    insert = _insert(connection, catalog, table, unusual)
    if insert is None:
        return "it has no columns"
    source = f"generate_series(1, {rows}) AS n"
    try:
        connection.execute(insert.replace("{source}", source).encode())
    except psycopg.Error as problem:
        if connection.closed:
            raise
        _one_by_one(connection, insert, min(rows, FEWER))
        return None if _has_rows(connection, table.qualified) else first_line(problem)
    return None if _has_rows(connection, table.qualified) else "its constraints refuse them all"


def _one_by_one(connection: psycopg.Connection[Any], insert: str, rows: int) -> None:
    one = insert.replace("{source}", "(VALUES (r)) AS s (n)")
    body = (
        f"BEGIN FOR r IN 1..{rows} LOOP BEGIN {one}; EXCEPTION WHEN OTHERS THEN NULL; END; "
        "END LOOP; END"
    )
    connection.execute(f"DO {literal(body)}".encode())


def _insert(
    connection: psycopg.Connection[Any], catalog: Catalog, table: Table, unusual: bool
) -> str | None:
    """With `{source}` in the place of what gives the numbers."""
    own = [column for column in table.columns if column.generated is None]
    if not own:
        return None
    keyed = {name for index in table.indexes if index.unique for name in index.columns}
    keyed |= {name for key in table.keys for name in key.columns}
    joins: list[str] = []
    values: dict[str, str] = {}
    for number, key in enumerate(table.foreign_keys):
        if key.references != table.qualified:
            joins.append(_join(key, f"p{number}"))
            values |= {
                name: f"p{number}.{quote(target)}"
                for name, target in zip(key.columns, key.referenced_columns, strict=True)
            }
        elif any(table.column(name).not_null for name in key.columns):
            values |= {  # each row refers to itself
                name: value_of(catalog, table.column(target), Style(False, unique=True))
                for name, target in zip(key.columns, key.referenced_columns, strict=True)
            }
        else:
            values |= dict.fromkeys(key.columns, "NULL")
    for number, column in enumerate(own):
        if column.name not in values:
            style = Style(unusual, number, column.name in keyed)
            style = allowed(connection, catalog, table, column, style)
            values[column.name] = value_of(catalog, column, style)
    names = ", ".join(quote(column.name) for column in own)
    listed = ", ".join(values[column.name] for column in own)
    return (
        f"INSERT INTO {table.qualified} ({names}) OVERRIDING SYSTEM VALUE "
        f"SELECT {listed} FROM {{source}} {' '.join(joins)} ON CONFLICT DO NOTHING"
    )


def _join(key: ForeignKey, alias: str) -> str:
    """Some rows of the table that is referred to, by turns."""
    columns = ", ".join(map(quote, key.referenced_columns))
    some = f"SELECT {columns} FROM {key.references} LIMIT {REFERRED}"
    numbered = f"SELECT row_number() OVER () - 1 AS r, s.*, count(*) OVER () AS c FROM ({some}) s"
    return f"LEFT JOIN ({numbered}) {alias} ON {alias}.r = (n - 1) % {alias}.c"


def _in_order(catalog: Catalog) -> Iterator[Table]:
    """Those that are referred to first; partitions get their rows through the whole."""
    done: set[str] = set()

    def visit(table: Table) -> Iterator[Table]:
        if table.qualified in done:
            return
        done.add(table.qualified)
        for key in table.foreign_keys:
            parent = catalog.find_table(key.references)
            if parent is not None:
                yield from visit(parent)
        yield table

    for table in catalog.tables:
        if table.kind is not TableKind.FOREIGN and not table.is_partition:
            yield from visit(table)


def _has_rows(connection: psycopg.Connection[Any], name: str) -> bool:
    row = connection.execute(f"SELECT EXISTS (SELECT FROM {name})".encode()).fetchone()
    return row is not None and bool(row[0])


def _raise_sequences(connection: psycopg.Connection[Any], catalog: Catalog, table: Table) -> None:
    """What a sequence gives next shall be free."""
    for column in table.columns:
        sequence = catalog.sequence_of(table, column)
        if sequence is not None:
            name = quote(column.name)
            connection.execute(
                f"SELECT setval({literal(sequence.qualified)}, greatest(max({name}), 1)) "
                f"FROM {table.qualified}".encode()
            )
