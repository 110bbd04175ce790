"""Running the outline of a schema, whatever of it this server can't have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog, MaterializedView, Table
from dbwright.model.report import Skipped
from dbwright.progress import Progress
from dbwright.sandbox.twin.outline import after_rows, tables
from dbwright.sandbox.twin.types import Declaration, types_and_functions

__all__ = ["STAND_IN", "columns_of", "declare", "missing_types"]

BATCH = 200
STAND_IN = "text"
"""The type of columns whose own type this server does not have."""


def declare(
    connection: psycopg.Connection[Any],
    catalog: Catalog,
    progress: Progress,
    fill: Callable[[], None] | None = None,
) -> Iterator[Skipped]:
    """Make everything that can be made; tells what could not.

    `fill` is called when the tables are there, and keys and indexes are not: to put rows in.
    """
    connection.execute(
        "SET check_function_bodies = off; SET search_path = pg_catalog; "
        "SET client_min_messages = error"
    )
    first = list(types_and_functions(catalog))
    left = _run(connection, first, progress)
    absent = _missing_collations(connection, catalog)
    if absent:
        yield from _stand_ins(connection, absent)
        made = {collation.ref for collation in catalog.collations}
        left = _run(connection, [one for one in _again(left) if one.object not in made], progress)
    missing = missing_types(connection, catalog)
    for type_ in missing:
        told = f"this server has no type {type_}: {STAND_IN} stands for it"
        yield Skipped("twin.types", told, "", columns_of(catalog, type_))
    replaced = dict.fromkeys(missing, STAND_IN)
    if fill is None:
        # Functions may speak of tables, and tables of functions.
        everything = [*tables(catalog, replaced), *after_rows(catalog), *_again(left)]
        left = _run(connection, everything, progress)
    else:
        everything = [*tables(catalog, replaced, checks=False), *_again(left)]
        left = _run(connection, everything, progress)
        yield from _make_with_less(connection, left)
        left = _run(connection, [one for one in _again(left) if not one.instead], progress)
        fill()
        # With rows each takes its time: none is made twice because another one fails.
        everything = [*after_rows(catalog, checks=True), *_again(left)]
        left = _run(connection, everything, progress, batch=1)
    yield from _make_with_less(connection, left)
    for declaration, problem in left:
        if not declaration.instead:
            yield Skipped("twin.schema", problem, "", (str(declaration.object),))
    connection.execute("RESET ALL")


def _missing_collations(connection: psycopg.Connection[Any], catalog: Catalog) -> list[str]:
    """Collations of columns, index keys and domains that this server does not have: it may be
    built without ICU, or its machine lack the locale."""
    relations: list[Table | MaterializedView] = [*catalog.tables, *catalog.materialized_views]
    names = {column.collation for relation in relations for column in relation.columns}
    names |= {key.collation for r in relations for index in r.indexes for key in index.keys}
    names |= {type_.collation for type_ in catalog.types}
    rows = connection.execute(
        "SELECT t FROM unnest(%s::text[]) t WHERE NOT EXISTS ("
        "  SELECT FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace"
        "  WHERE c.collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding()))"
        "  AND parse_ident(t) IN (ARRAY[c.collname::text], ARRAY[n.nspname::text, c.collname])"
        ")",
        (sorted(filter(None, names)),),
    )
    return [row[0] for row in rows]


def _stand_ins(connection: psycopg.Connection[Any], names: list[str]) -> Iterator[Skipped]:
    """Another locale under the name of each: texts are then at least not in the order of C, if
    this machine has any other, and the planner does not take plain indexes for LIKE."""
    row = connection.execute(
        "SELECT quote_ident(collname) FROM pg_collation "
        "WHERE collprovider = 'c' AND collnamespace = 'pg_catalog'::regnamespace "
        "AND collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding())) "
        "ORDER BY collcollate IN ('C', 'POSIX'), collname LIMIT 1"
    ).fetchone()
    other = '"C"' if row is None else row[0]
    for name in names:
        problem = _one(connection, f"CREATE COLLATION {name} FROM {other}")
        told = f"{other} stands for it" if problem is None else problem
        yield Skipped("twin.types", f"this server has no collation {name}: {told}")


def missing_types(connection: psycopg.Connection[Any], catalog: Catalog) -> list[str]:
    """Types of columns that the server does not know, now that all that can be made is there."""
    columns = [column for table in catalog.tables for column in table.columns]
    columns += [column for view in catalog.materialized_views for column in view.columns]
    types = sorted({column.type for column in columns})
    rows = connection.execute(
        "SELECT t FROM unnest(%s::text[]) t WHERE to_regtype(t) IS NULL", (types,)
    )
    return [row[0] for row in rows]


def columns_of(catalog: Catalog, type_: str) -> tuple[str, ...]:
    """The columns of tables that have the type, as text."""
    return tuple(
        str(table.column_ref(column))
        for table in catalog.tables
        for column in table.columns
        if column.type == type_
    )


def _again(left: Iterable[tuple[Declaration, str]]) -> list[Declaration]:
    return [declaration for declaration, _ in left]


def _make_with_less(
    connection: psycopg.Connection[Any], left: Iterable[tuple[Declaration, str]]
) -> Iterator[Skipped]:
    """What can be made without expressions that this server can't have."""
    for declaration, problem in left:
        if declaration.instead:
            failed = _one(connection, declaration.instead)
            told = f"made without expressions: {problem}" if failed is None else failed
            yield Skipped("twin.schema", told, "", (str(declaration.object),))


def _run(
    connection: psycopg.Connection[Any],
    declarations: Iterable[Declaration],
    progress: Progress,
    batch: int = BATCH,
) -> list[tuple[Declaration, str]]:
    """Those that failed, and why. Each is tried again as long as others succeed."""
    waiting = list(declarations)
    total = len(waiting)
    while waiting:
        failed: list[tuple[Declaration, str]] = []
        for start in range(0, len(waiting), batch):
            progress("declaring", total - len(waiting) + start, total)
            failed += _batch(connection, waiting[start : start + batch])
        if len(failed) == len(waiting):
            return failed
        waiting = _again(failed)
    return []


def _batch(
    connection: psycopg.Connection[Any], batch: list[Declaration]
) -> list[tuple[Declaration, str]]:
    """All at once; where one fails, none of them is there, and each is run by itself."""
    if len(batch) > 1:
        text = "; ".join(declaration.sql for declaration in batch)
        if _one(connection, f"BEGIN; {text}; COMMIT") is None:
            return []
        connection.execute("ROLLBACK")
    failed = ((declaration, _one(connection, declaration.sql)) for declaration in batch)
    return [(declaration, problem) for declaration, problem in failed if problem is not None]


def _one(connection: psycopg.Connection[Any], sql: str) -> str | None:
    """What the server says against it."""
    try:
        connection.execute(sql.encode())
    except psycopg.Error as problem:
        return problem.diag.message_primary or str(problem)
    return None
