"""Running the outline of a schema, whatever of it this server can't have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import psycopg

from dbwright.model.catalog import Catalog
from dbwright.model.report import Skipped
from dbwright.progress import Progress
from dbwright.sandbox.twin.outline import Declaration, relations, types_and_functions

__all__ = ["declare"]

BATCH = 200
STAND_IN = "text"
"""The type of columns whose own type this server does not have."""


def declare(
    connection: psycopg.Connection[Any], catalog: Catalog, progress: Progress
) -> Iterator[Skipped]:
    """Make everything that can be made; tells what could not."""
    connection.execute(
        "SET check_function_bodies = off; SET search_path = pg_catalog; "
        "SET client_min_messages = error"
    )
    first = list(types_and_functions(catalog))
    left = _run(connection, first, progress)
    missing = _missing_types(connection, catalog)
    for type_ in missing:
        yield Skipped("twin.types", f"this server has no type {type_}: {STAND_IN} stands for it")
    everything = list(relations(catalog, dict.fromkeys(missing, STAND_IN)))
    # Functions may speak of tables, and tables of functions.
    left = _run(connection, everything + [declaration for declaration, _ in left], progress)
    for declaration, problem in left:
        if declaration.instead:
            failed = _one(connection, declaration.instead)
            problem = f"made without expressions: {problem}" if failed is None else failed
        yield Skipped("twin.schema", problem, "", (str(declaration.object),))
    connection.execute("RESET ALL")


def _missing_types(connection: psycopg.Connection[Any], catalog: Catalog) -> list[str]:
    columns = [column for table in catalog.tables for column in table.columns]
    columns += [column for view in catalog.materialized_views for column in view.columns]
    types = sorted({column.type for column in columns})
    rows = connection.execute(
        "SELECT t FROM unnest(%s::text[]) t WHERE to_regtype(t) IS NULL", (types,)
    )
    return [row[0] for row in rows]


def _run(
    connection: psycopg.Connection[Any], declarations: Iterable[Declaration], progress: Progress
) -> list[tuple[Declaration, str]]:
    """Those that failed, and why. Each is tried again as long as others succeed."""
    waiting = list(declarations)
    total = len(waiting)
    while waiting:
        failed: list[tuple[Declaration, str]] = []
        for start in range(0, len(waiting), BATCH):
            progress("declaring", total - len(waiting) + start, total)
            failed += _batch(connection, waiting[start : start + BATCH])
        if len(failed) == len(waiting):
            return failed
        waiting = [declaration for declaration, _ in failed]
    return []


def _batch(
    connection: psycopg.Connection[Any], batch: list[Declaration]
) -> list[tuple[Declaration, str]]:
    """All at once; where one fails, none of them is there, and each is run by itself."""
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
