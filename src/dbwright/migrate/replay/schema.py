"""A catalog made real in an empty database: the whole schema, statement by statement.

What this server can't have (an extension that it lacks, and what is of its types) is told. Where a
table is missing for it, the schema is made again with another type in the place of unknown ones:
then all tables are there with all else that hangs on them. Where that is not enough, the schema is
made as the planner sees it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from dbwright.diff.plan import plan
from dbwright.diff.step import Step
from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import Catalog, Column
from dbwright.model.names import quote
from dbwright.model.report import Skipped
from dbwright.progress import Progress
from dbwright.sandbox.server import Server
from dbwright.sandbox.twin.declare import STAND_IN, columns_of, declare, missing_types

__all__ = ["make_schema"]

BATCH = 200
READ_SECONDS = 60.0
SETTINGS = (
    "SET check_function_bodies = off; SET client_min_messages = error; SET search_path = pg_catalog"
)
LEFT_OUT = "what depends on it is not judged as it is on the target"
TABLES = ("table", "partitioned table", "foreign table")
EVENT_TRIGGER = "event trigger"
Refused = tuple[Step, psycopg.Error]


def make_schema(
    server: Server,
    database: str,
    options: str,
    catalog: Catalog,
    progress: Progress,
    *,
    privileges: bool = False,
) -> list[Skipped]:
    """Make the database, with all of the catalog that can be made; what could not. `privileges`:
    with what roles may do, too."""
    attempt = _attempt(server, database, options, catalog, progress, privileges)
    if not attempt.lacks_a_table:
        return attempt.told
    with psycopg.connect(server.url(database), autocommit=True) as connection:
        absent = missing_types(connection, catalog)
    told = [_stood_in(catalog, type_) for type_ in absent]
    _drop(server, database)
    if absent:
        attempt = _attempt(
            server, database, options, _with_stand_ins(catalog, absent), progress, privileges
        )
        if not attempt.lacks_a_table:
            return [*told, *attempt.told]
        _drop(server, database)
    server.create_database(database, options)
    told.append(_outline_alone(catalog))
    with psycopg.connect(server.url(database), autocommit=True) as connection:
        return [*attempt.told, *told, *declare(connection, catalog, progress)]


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A schema made as a whole, and what of it the server refused."""

    refused: Sequence[Refused]
    unwritten: Sequence[Skipped]

    @property
    def lacks_a_table(self) -> bool:
        return any(step.object.kind in TABLES for step, _ in self.refused)

    @property
    def told(self) -> list[Skipped]:
        return [*self.unwritten, *(_told(step, problem) for step, problem in self.refused)]


def _attempt(
    server: Server,
    database: str,
    options: str,
    catalog: Catalog,
    progress: Progress,
    privileges: bool,
) -> _Attempt:
    server.create_database(database, options)
    with Session.open(server.url(database), READ_SECONDS) as reading:
        fresh = introspect(reading)
    planned = plan(fresh, catalog, owners=False, privileges=privileges)
    unwritten = [
        Skipped("schema", f"{object} was not made: {why}", "", (str(object),))
        for object, why in planned.unwritten
    ]
    with psycopg.connect(server.url(database), autocommit=True) as connection:
        _make_roles(connection, catalog)
        refused = _run(connection, planned.steps, progress)
        refused += _make_event_triggers(connection, planned.steps)
    return _Attempt(refused, unwritten)


def _drop(server: Server, database: str) -> None:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {quote(database)}".encode())


def _with_stand_ins(catalog: Catalog, absent: Sequence[str]) -> Catalog:
    """The same with another type for columns of types that the server has not: then all else of
    their tables is as it is."""

    def known(column: Column) -> Column:
        if column.type not in absent:
            return column
        return replace(column, type=STAND_IN, base_type=STAND_IN, default=None, generated=None)

    return replace(
        catalog,
        tables=tuple(
            replace(table, columns=tuple(map(known, table.columns))) for table in catalog.tables
        ),
    )


def _stood_in(catalog: Catalog, type_: str) -> Skipped:
    told = f"this server has no type {type_}: {STAND_IN} stands for it"
    return Skipped("schema", told, LEFT_OUT, columns_of(catalog, type_))


def _outline_alone(catalog: Catalog) -> Skipped:
    told = "tables are made as the planner sees them, without defaults, triggers, policies, rights"
    return Skipped("schema", told, LEFT_OUT, tuple(str(table.ref) for table in catalog.tables))


def _make_roles(connection: psycopg.Connection[Any], catalog: Catalog) -> None:
    """Policies and grants name them."""
    rows = connection.execute("SELECT rolname FROM pg_roles").fetchall()
    there = {row[0] for row in rows}
    for role in catalog.roles:
        if role.name not in there and not role.predefined:
            connection.execute(f"CREATE ROLE {quote(role.name)} NOLOGIN".encode())


def _run(
    connection: psycopg.Connection[Any], steps: Sequence[Step], progress: Progress
) -> list[Refused]:
    """Many at a time; one by one where one of them is refused."""
    connection.execute(SETTINGS)
    refused: list[Refused] = []
    steps = [step for step in steps if step.object.kind != EVENT_TRIGGER]
    for start in range(0, len(steps), BATCH):
        progress("making the schema", start, len(steps))
        batch = steps[start : start + BATCH]
        if any(step.commits for step in batch) or not _together(connection, batch):
            refused += _one_by_one(connection, batch)
    return refused


def _make_event_triggers(
    connection: psycopg.Connection[Any], steps: Iterable[Step]
) -> list[Refused]:
    """Last, and switched off: they would run with the rights of whoever changes the schema."""
    found = [step for step in steps if step.object.kind == EVENT_TRIGGER]
    refused = _one_by_one(connection, found)
    for (name,) in connection.execute("SELECT quote_ident(evtname) FROM pg_event_trigger"):
        connection.execute(f"ALTER EVENT TRIGGER {name} DISABLE".encode())
    return refused


def _together(connection: psycopg.Connection[Any], batch: Iterable[Step]) -> bool:
    try:
        connection.execute(";\n".join(step.sql for step in batch).encode())
    except psycopg.Error:
        if connection.closed:
            raise
        return False
    return True


def _one_by_one(connection: psycopg.Connection[Any], batch: Iterable[Step]) -> list[Refused]:
    refused: list[Refused] = []
    for step in batch:
        try:
            connection.execute(step.sql.encode())
        except psycopg.Error as problem:
            if connection.closed:
                raise
            refused.append((step, problem))
    return refused


def _told(step: Step, problem: psycopg.Error) -> Skipped:
    said = problem.diag.message_primary or str(problem)
    return Skipped(
        "schema",
        f"{step.object} was not made: {said}",
        LEFT_OUT,
        (str(step.object),),
    )
