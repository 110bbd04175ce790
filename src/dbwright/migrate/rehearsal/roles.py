"""The role that will run the migrations, on the copy with the rights that it has on the target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg

from dbwright.errors import UsageError
from dbwright.migrate.history.table import History
from dbwright.migrate.rehearsal.findings import finding
from dbwright.migrate.rehearsal.runs import Outcome
from dbwright.migrate.rehearsal.stage import Stage
from dbwright.model.catalog import Catalog, Role
from dbwright.model.finding import Finding, Severity
from dbwright.model.migration import Migration
from dbwright.model.names import enclosing, quote
from dbwright.model.report import Skipped
from dbwright.sandbox.settings import USER

__all__ = ["NO_RIGHT", "lacks_right", "made_for", "use_role", "without_history"]

NO_RIGHT = "42501"
RULE = "migrate/lacks-privilege"
OTHER = "name who will run it: --role"
ATTRIBUTES = (
    ("create_role", "CREATEROLE"),
    ("create_database", "CREATEDB"),
    ("bypass_rls", "BYPASSRLS"),
    ("superuser", "SUPERUSER"),
    ("replication", "REPLICATION"),
)


def use_role(stage: Stage, catalog: Catalog, asked: str | None) -> None:
    """Let files run on the stage as the role `asked`, or as the one that read the target; as a
    superuser where that is one. Raises UsageError where the target has no such role."""
    name = catalog.server.user if asked is None else asked
    role = next((one for one in catalog.roles if one.name == name), None)
    if role is None:
        if asked is not None:
            known = ", ".join(one.name for one in catalog.roles if not one.predefined)
            raise UsageError(f"--role {asked}: the target has no such role", f"it has: {known}")
        return
    if role.superuser:
        return
    if name == USER:
        reason = f"the copy's own superuser is called {USER} too: files run with its rights"
        stage.skipped.append(Skipped("rehearsal.role", reason, OTHER))
        return
    with psycopg.connect(stage.server.url(), autocommit=True) as connection:
        for statement in _statements(catalog):
            try:
                connection.execute(statement.encode())
            except psycopg.Error as problem:
                said = problem.diag.message_primary or str(problem)
                stage.skipped.append(Skipped("rehearsal.role", f"{statement}: {said}"))
    stage.role = name
    stage.database = catalog.database
    stage.set_up()


def _statements(catalog: Catalog) -> Iterator[str]:
    """What roles may do, and whose members they are; the roles are there."""
    roles = [one for one in catalog.roles if not one.predefined and one.name != USER]
    for role in roles:
        words = [_word(role, field, word) for field, word in ATTRIBUTES]
        words.append("INHERIT" if role.inherit else "NOINHERIT")
        yield f"ALTER ROLE {quote(role.name)} LOGIN {' '.join(words)}"
    for role in roles:
        for group in role.member_of:
            if group != USER:
                yield f"GRANT {quote(group)} TO {quote(role.name)}"


def _word(role: Role, field: str, word: str) -> str:
    return word if getattr(role, field) else f"NO{word}"


def lacks_right(migration: Migration, outcome: Outcome, role: str, way: str) -> Finding:
    """What the server refused the role. `way`: UP or DOWN."""
    assert outcome.problem is not None
    return finding(
        RULE,
        Severity.ERROR,
        migration,
        f"{way} fails for the role {quote(role)}: {outcome.problem.message}",
        detail=way,
        evidence={"role": role, "sqlstate": outcome.sqlstate},
        advice=f"grant it what it lacks, or have the owner run it ({OTHER} NAME). What follows was "
        "tried as a superuser.",
    )


def made_for(stage: Stage, history: History, connection: psycopg.Connection[Any]) -> bool:
    """Make the history's table where there is none, for the role that is to write it; may that one
    make it on the target?"""
    there = history.exists
    history.create()
    if there or not stage.role:
        return True
    schema = next(enclosing(history.table))
    row = connection.execute(
        "SELECT has_schema_privilege(%s, %s::regnamespace, 'CREATE')", (stage.role, schema)
    ).fetchone()
    connection.execute(f"ALTER TABLE {history.table} OWNER TO {quote(stage.role)}".encode())
    return bool(row and row[0])


def without_history(migration: Migration, role: str, history: str) -> Finding:
    """Where the role can't make the table in which `up` notes what it did."""
    return finding(
        RULE,
        Severity.ERROR,
        migration,
        f"the role {quote(role)} may not create the history {history}, which the target has not",
        detail="history",
        evidence={"role": role},
        advice=f"GRANT CREATE ON SCHEMA {next(enclosing(history))} TO {quote(role)}; or another "
        "table in a schema of its own: --table",
    )
