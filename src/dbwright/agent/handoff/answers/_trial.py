"""An access model on a throw-away server: its statements run forth and back, and rows between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from dbwright.agent.handoff.answers._access import Statements
from dbwright.agent.handoff.answers._isolation import ANYBODY, isolation
from dbwright.agent.handoff.payloads.secure_database_access import Access
from dbwright.diff.compare import differences
from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import Catalog
from dbwright.model.names import quote
from dbwright.model.relations import Policy, Table
from dbwright.model.snapshot import Snapshot
from dbwright.progress import Progress
from dbwright.sandbox.generated.fill import fill

__all__ = ["tried_on_server"]

TRIAL = "trial"
ROWS = 40
"""Made up for each table."""
SECONDS = 60.0


def tried_on_server(
    made: Statements, model: Sequence[Access], snapshot: Snapshot, progress: Progress
) -> tuple[str, list[dict[str, Any]]]:
    """What a server with the target's tables says against the statements (empty: nothing), and
    whether the rows of two tenants are kept apart. Raises SandboxError."""
    from dbwright.sandbox import start
    from dbwright.sandbox.twin.declare import declare

    progress("trying the access model")
    with start() as server:
        server.create_database(TRIAL)
        url = server.url(TRIAL)
        with psycopg.connect(url, autocommit=True) as connection:
            for _ in declare(connection, snapshot.catalog, progress):
                pass
            connection.execute("RESET search_path")
            _roles(connection, model, made)
            refused = _run(connection, list(_as_it_is(made, snapshot.catalog)))
            if refused:
                return refused, []
            before, is_whole = _catalog(url)
            refused = _run(connection, made.up)
            if refused:
                return refused, []
            fill(connection, before, ROWS, unusual=False, progress=progress)
            progress("reading rows of two tenants as each")
            kept = isolation(connection, made.pairs, before)
            refused = _run(connection, made.down)
        if not refused and is_whole:
            after, is_whole = _catalog(url)
            left = differences(before, after, owners=False) if is_whole else ()
            refused = f"the way back leaves {left[0].text}" if left else ""
        if not refused and not is_whole:
            refused = "the schema could not be read whole in time, so the way back is not proven"
    return refused, kept


def _roles(connection: psycopg.Connection[Any], model: Sequence[Access], made: Statements) -> None:
    wanted = {access.role for access in model} | {ANYBODY}
    wanted |= {role for _, table in made.pairs for one in table.policies for role in one.roles}
    there = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
    for role in sorted(wanted - there):
        if role.lower() != "public":
            connection.execute(f"CREATE ROLE {quote(role)} NOLOGIN".encode())


def _as_it_is(made: Statements, catalog: Catalog) -> Iterator[str]:
    """The row security that the tables have already, and their sequences."""
    tables = {table.qualified: table for _, table in made.pairs}
    for name, table in tables.items():
        for column in table.columns:
            sequence = catalog.sequence_of(table, column)
            if sequence is not None and not column.identity:
                yield f"CREATE SEQUENCE IF NOT EXISTS {sequence.qualified}"
        if table.row_security:
            yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"
        for one in table.policies:
            yield _policy(table, one)


def _policy(table: Table, one: Policy) -> str:
    roles = ", ".join("PUBLIC" if r.lower() == "public" else quote(r) for r in one.roles)
    text = f"CREATE POLICY {quote(one.name)} ON {table.qualified} AS "
    text += "PERMISSIVE" if one.permissive else "RESTRICTIVE"
    text += f" FOR {one.command} TO {roles or 'PUBLIC'}"
    text += f" USING ({one.using})" if one.using else ""
    return text + (f" WITH CHECK ({one.check})" if one.check else "")


def _run(connection: psycopg.Connection[Any], statements: Sequence[str]) -> str:
    for statement in statements:
        try:
            connection.execute(statement.encode())
        except psycopg.Error as problem:
            if connection.closed:
                raise
            said = problem.diag.message_primary or str(problem)
            return f"a server refused `{statement}`: {said}"
    return ""


def _catalog(url: str) -> tuple[Catalog, bool]:
    """And whether all of it could be read."""
    with Session.open(url, SECONDS) as session:
        return introspect(session), not session.skipped
