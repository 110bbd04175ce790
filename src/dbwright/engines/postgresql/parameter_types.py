"""The types of a statement's parameters, as a server infers them.

The statement is only parsed and described (the extended protocol's Parse and Describe, unnamed):
nothing is planned or run, and nothing stays behind on the server.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

from dbwright.engines.postgresql.type_search import TypeSearch, described, state
from dbwright.errors import StatementRejected
from dbwright.sql.parameter_places import parameter_places
from dbwright.sql.parameters import apart, with_values

__all__ = ["is_taken", "parameter_types"]

TEXT = 25
"""The type's number (pg_type.dat)."""

TWO_TYPES = "42P08"
"""The SQLSTATE of a parameter that is used as two types, or first as none."""

CONSTANTS = {"extract": "epoch", "interval": "1 day"}
"""What may stand where the grammar wants a constant; else a moment."""
MOMENT = "2000-01-01 00:00:00+00"


def parameter_types(connection: psycopg.Connection[Any], text: str) -> tuple[str, ...]:
    """The types of `$1`, `$2` …, as the server writes them (`integer`, `text[]`); empty for one
    that stands only where the grammar wants a constant. Of those that fit equally well, the ones
    that applications send most.

    Raises StatementRejected where the server can't analyse the statement; SyntaxProblem.
    """
    places = parameter_places(text)
    if not places:
        return ()
    fixed = {
        number: f"'{CONSTANTS.get(place.cast or place.function, MOMENT)}'"
        for number, place in places.items()
        if place.constant_only
    }
    whole = with_values(text, fixed)
    count = max(places)
    absent = {number for number in range(1, count + 1) if number not in places} | set(fixed)
    # Without a type given, those would have none to be found.
    given = [TEXT if number in absent else 0 for number in range(1, count + 1)]
    answer = described(connection.pgconn, whole.encode(), given)
    if answer.status == ExecStatus.COMMAND_OK:
        types: tuple[str, ...] | None = _named(connection, answer)
    elif state(answer) == TWO_TYPES:  # each place alone tells more than any trial
        types = _by_places(connection, whole, count) or _by_trial(connection, whole, given, answer)
    else:
        types = _by_trial(connection, whole, given, answer) or _by_places(connection, whole, count)
    if types is not None:
        return tuple("" if n in absent else name for n, name in enumerate(types, start=1))
    message = answer.error_message.decode(errors="replace").strip().partition("\n")[0]
    raise StatementRejected(
        message.removeprefix("ERROR:").strip(),
        "check that its tables exist in this database, and search_path",
    )


def is_taken(connection: psycopg.Connection[Any], text: str) -> bool:
    """Can the server analyse the statement? Nothing of it is left behind there."""
    return connection.pgconn.prepare(b"", text.encode()).status == ExecStatus.COMMAND_OK


def _by_trial(
    connection: psycopg.Connection[Any], text: str, given: Sequence[int], refused: PGresult
) -> tuple[str, ...] | None:
    """With types that the server takes; None where none were found."""
    found = TypeSearch(connection, text).found(refused, given)
    return None if found is None else _named(connection, found)


def _by_places(
    connection: psycopg.Connection[Any], text: str, count: int
) -> tuple[str, ...] | None:
    """With each place for itself (`$1 IS NULL OR id = $1`): the first one tells no type, and where
    two tell different ones (a driver named one of them) a constant fits both. Of several, the first
    that is no text tells more. None where that changes nothing."""
    several, owners = apart(text)
    if len(owners) == len(set(owners)):
        return None
    given = [0] * len(owners)
    answer = described(connection.pgconn, several.encode(), given)
    if answer.status == ExecStatus.COMMAND_OK:
        types: tuple[str, ...] | None = _named(connection, answer)
    else:
        types = _by_trial(connection, several, given, answer)
    if types is None:
        return None
    found = [""] * count
    for owner, name in sorted(zip(owners, types, strict=True), key=lambda pair: pair[1] == "text"):
        found[owner - 1] = found[owner - 1] or name
    return tuple(found)


def _named(connection: psycopg.Connection[Any], answer: PGresult) -> tuple[str, ...]:
    numbers = [answer.param_type(place) for place in range(answer.nparams)]
    rows = connection.execute(
        "SELECT pg_catalog.format_type(t.oid, NULL) FROM pg_catalog.unnest(%s::oid[]) "
        "WITH ORDINALITY AS t (oid, place) ORDER BY t.place",
        [numbers],
        prepare=False,
    ).fetchall()
    return tuple(row[0] for row in rows)
