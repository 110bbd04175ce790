"""The demo shop: a database that a tired team has run for two years.

`build` fills an empty database with 24 tables and about 320,000 rows. Most of it is sound; what
is not is listed in `DEFECTS`, so that it can be seen whether a check finds all of it and nothing
else. `workload` is what the shop asks of its database.

The shop makes roles, one of them with a password that anybody guesses: it belongs on a throw-away
server only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, cast

from dbwright.demo.defects import DEFECTS, Defect
from dbwright.errors import UsageError
from dbwright.progress import Progress, silent

if TYPE_CHECKING:
    import psycopg

__all__ = ["DEFECTS", "Defect", "DemoQuery", "build", "workload"]

STEP = "-- step: "
WHOLE = ("schema.sql", "data.sql", "post_data.sql")
"""The files that are one transaction: the shop is there whole or not at all."""
WORN = "wear.sql"
PARTITIONS = "SELECT relid::regclass::text FROM pg_partition_tree('shop.events') WHERE isleaf"


@dataclass(frozen=True, slots=True)
class DemoQuery:
    """A query of the shop's workload."""

    name: str
    calls: int
    """How often the shop sends it in a day."""
    text: str
    """One statement, without its semicolon, with typical values in it."""


def build(
    connection: psycopg.Connection, progress: Progress = silent, *, today: date | None = None
) -> None:
    """Make the schemas shop and analytics and the roles shop_owner, shop_app and shop_report.

    The connection must be a superuser's, outside a transaction, to a database without these
    schemas; its autocommit is given back as it was. All dates count back from `today` (UTC; today
    when None): two shops of one day are equal.

    Raises UsageError when the database has such a schema, or the user is no superuser.
    """
    steps = [step for name in (*WHOLE, WORN) for step in _steps(name)]
    whole = sum(1 for name in WHOLE for _ in _steps(name))
    autocommit = connection.autocommit
    connection.autocommit = True
    try:
        _refuse_unfit(connection)
        day = today or datetime.now(UTC).date()
        with connection.transaction():
            connection.execute("SELECT set_config('shop.today', %s, true)", [day.isoformat()])
            for number, (doing, text) in enumerate(steps[:whole]):
                progress(doing, number, len(steps))
                connection.execute(text)
        for number, (doing, text) in enumerate(steps[whole:], whole):
            progress(doing, number, len(steps))
            _wear(connection, text)
        _vacuum_partitions(connection)
        progress("the shop is open", len(steps), len(steps))
    finally:
        connection.autocommit = autocommit


def workload() -> tuple[DemoQuery, ...]:
    """The queries of the shop in the order of workload.sql; any of them runs on a built shop."""
    return tuple(_queries(_read("workload.sql")))


def _refuse_unfit(connection: psycopg.Connection) -> None:
    row = connection.execute(
        "SELECT current_database(), rolsuper, to_regnamespace('shop') IS NULL"
        " AND to_regnamespace('analytics') IS NULL FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    database, superuser, free = cast("tuple[str, bool, bool]", row)
    if not superuser:
        raise UsageError(
            "The demo shop makes roles, and this user may not.",
            "Build it as a superuser, on a throw-away server.",
        )
    if not free:
        raise UsageError(
            f'The database "{database}" has a schema shop or analytics already.',
            "Build the demo shop in a new, empty database.",
        )


def _wear(connection: psycopg.Connection, text: str) -> None:
    """Run one statement outside a transaction; the unique index is there to fail."""
    from psycopg.errors import UniqueViolation

    try:
        connection.execute(text)
    except UniqueViolation as error:
        if error.diag.constraint_name != "users_email_lower_key":
            raise


def _vacuum_partitions(connection: psycopg.Connection) -> None:
    from psycopg.sql import SQL

    for (partition,) in connection.execute(PARTITIONS).fetchall():
        # regclass::text is quoted already, where it must be.
        connection.execute(SQL("VACUUM (ANALYZE) {}").format(SQL(partition)))


def _steps(name: str) -> Iterator[tuple[str, str]]:
    """What each step of the file does, and its SQL."""
    for part in _read(name).split("\n" + STEP)[1:]:
        doing, _, text = part.partition("\n")
        yield doing, text


def _queries(text: str) -> Iterator[DemoQuery]:
    for part in text.split("\n-- name: ")[1:]:
        name, calls, statement = part.split("\n", 2)
        yield DemoQuery(
            name, int(calls.removeprefix("-- calls: ")), statement.strip().removesuffix(";")
        )


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")
