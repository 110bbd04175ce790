"""Making a catalog's schema on the stage, whatever of it this server can have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from dbwright.diff.plan import plan
from dbwright.diff.step import Step
from dbwright.migrate.rehearsal.stage import catalog_of
from dbwright.model.catalog import Catalog
from dbwright.model.names import quote
from dbwright.model.report import Skipped
from dbwright.progress import Progress
from dbwright.sandbox.runner import missing_role
from dbwright.sandbox.settings import USER

__all__ = ["make_schema", "refresh"]

Connection = psycopg.Connection[Any]


def make_schema(url: str, catalog: Catalog, progress: Progress) -> Iterator[Skipped]:
    """Make it in an empty database, with its owners and privileges; tells what could not be made.

    Raises psycopg.Error where the server goes away.
    """
    planned = plan(catalog_of(url), catalog)
    for object_, reason in planned.unwritten:
        yield Skipped("copy.schema", reason, "", (str(object_),))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET check_function_bodies = off; SET search_path = pg_catalog")
        _make_roles(connection, catalog)
        waiting: Sequence[Step] = planned.steps
        while waiting:
            failed = list(_run(connection, waiting, progress))
            if len(failed) == len(waiting):
                break
            waiting = [step for step, _ in failed]  # what they need may be there now
        else:
            failed = []
    for step, reason in failed:
        yield Skipped("copy.schema", f"it could not be made: {reason}", "", (str(step.object),))


def refresh(connection: Connection, catalog: Catalog) -> Iterator[Skipped]:
    """Fill the materialized views that are filled there; tells which could not be."""
    waiting = [view for view in catalog.materialized_views if view.populated]
    while waiting:
        failed: list[tuple[str, str]] = []
        for view in waiting:
            try:
                connection.execute(f"REFRESH MATERIALIZED VIEW {view.qualified}".encode())
            except psycopg.Error as problem:
                _require_life(connection)
                failed.append((view.qualified, problem.diag.message_primary or str(problem)))
        names = {name for name, _ in failed}
        if len(failed) == len(waiting):
            for name, reason in failed:
                yield Skipped("copy.tables", reason, "", (name,))
            return
        waiting = [view for view in waiting if view.qualified in names]


def _run(
    connection: Connection, steps: Sequence[Step], progress: Progress
) -> Iterator[tuple[Step, str]]:
    """Those that the server refuses, and why."""
    for number, step in enumerate(steps):
        progress("making the schema", number, len(steps))
        reason = _one(connection, step.sql)
        if reason:
            yield step, reason


def _one(connection: Connection, sql: str) -> str:
    """What the server says against it; roles that it only names are made."""
    made: set[str] = set()
    while True:
        try:
            connection.execute(sql.encode())
            return ""
        except psycopg.Error as problem:
            _require_life(connection)
            message = problem.diag.message_primary or str(problem)
            role = missing_role(problem.sqlstate, message)
            if not role or role in made:
                return message
            made.add(role)
            _one(connection, f"CREATE ROLE {quote(role)}")


def _make_roles(connection: Connection, catalog: Catalog) -> None:
    known = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
    for role in catalog.roles:
        if role.name not in known and not role.predefined and role.name != USER:
            _one(connection, f"CREATE ROLE {quote(role.name)}")


def _require_life(connection: Connection) -> None:
    if connection.closed:
        raise psycopg.OperationalError("the throw-away server went away")
