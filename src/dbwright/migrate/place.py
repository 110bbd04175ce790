"""The database whose schema is migrated, opened for writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import psycopg
from psycopg.errors import LockNotAvailable

from dbwright.configuration import Configuration
from dbwright.engines.postgresql.connect import connect, display_name
from dbwright.errors import ConnectionLost, TargetError, UsageError
from dbwright.migrate.history.own_session import require_own_session
from dbwright.migrate.history.table import DEFAULT_TABLE, History
from dbwright.migrate.history.turn import Turn, turn
from dbwright.migrate.runner.session import settle
from dbwright.operation import Parameter
from dbwright.progress import Progress
from dbwright.target import DEFAULT_TARGET, Live, resolve

__all__ = ["DEFAULT_FOLDER", "Folder", "Place", "Table", "Target", "Wait", "opened", "taking_turn"]

DEFAULT_FOLDER = Path("migrations")

Target = Annotated[
    str | None,
    Parameter(f"a URL, or a name in dbwright.toml; {DEFAULT_TARGET}", "TARGET", argument=True),
]
Folder = Annotated[Path, Parameter("the folder of migrations", "DIR")]
Table = Annotated[str, Parameter("the history's table", "NAME")]
Wait = Annotated[float, Parameter("seconds to wait for another runner", "SECONDS")]


@dataclass(frozen=True, slots=True)
class Place:
    """An open database and its history."""

    connection: psycopg.Connection[Any]
    history: History
    url: str
    name: str
    """As a person would name it; never with a password."""


@contextmanager
def opened(
    target: str | None, configuration: Configuration, table: str = DEFAULT_TABLE
) -> Iterator[Place]:
    """Raises UnknownTarget, UsageError where it is no live database, ConnectionRefused,
    UnsupportedServer, BadMigration."""
    found = resolve(target, configuration)
    if not isinstance(found, Live):
        raise UsageError(
            "migrations run on a live database, and this is none",
            "give its URL: postgresql://user@host/database",
        )
    name = display_name(found.url)
    # Files are UTF-8, whatever the database, the user's settings or the environment say.
    connection = connect(found.url, application_name="dbwright migrate", client_encoding="UTF8")
    try:
        yield Place(connection, History(connection, table), found.url, name)
    except psycopg.Error as problem:
        raise _refused(name, problem, connection) from None
    finally:
        connection.close()


@contextmanager
def taking_turn(place: Place, wait: float, progress: Progress) -> Iterator[Turn]:
    """Alone on this history, which is made where there is none. Raises AnotherRunner,
    TargetError where nothing can be written."""
    _require_writable(place)
    require_own_session(place.connection, place.url, place.name)
    settle(place.connection)  # not before: in a pool it would stay for the application
    with turn(place.connection, place.history.table, wait, progress) as taken:
        place.history.create()
        yield taken


def _require_writable(place: Place) -> None:
    """Said before the first statement would say it."""
    row = place.connection.execute(
        "SELECT pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'"
    ).fetchone()
    if row is None or not any(row):
        return
    why = "a standby" if row[0] else "read-only for this user (default_transaction_read_only)"
    raise TargetError(f"{place.name} is {why}", "run migrations on a server that can be written")


def _refused(name: str, problem: psycopg.Error, connection: psycopg.Connection[Any]) -> TargetError:
    """The server's word on the history itself, or on the turn."""
    said = problem.diag.message_primary or " ".join(str(problem).split())
    if connection.closed:
        return ConnectionLost(f"the connection to {name} broke: {said}", "run it again")
    if isinstance(problem, LockNotAvailable):
        return TargetError(
            f"{name}: the history's table is locked by another session, for more than 5 s",
            "end that session, or wait for it, and run again",
        )
    return TargetError(
        f"{name}: {said}",
        "migrations need a database that can be written, and a user who may create, read and "
        "write the history's table (see --table)",
    )
