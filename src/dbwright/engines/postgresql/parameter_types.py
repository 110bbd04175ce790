"""The types of a statement's parameters, as a server infers them.

The statement is only parsed and described (the extended protocol's Parse and Describe, unnamed):
nothing is planned or run, and nothing stays behind on the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from dbwright.errors import StatementRejected
from dbwright.sql.parameters import ParameterPlace, parameter_places, with_values

__all__ = ["parameter_types"]

TEXT, INTEGER, INTERVAL = 25, 23, 1186
"""The types' numbers (pg_type.dat)."""

CONSTANTS = {"extract": "epoch", "interval": "1 day"}
"""What may stand where the grammar wants a constant; else a moment."""
MOMENT = "2000-01-01 00:00:00+00"


def parameter_types(connection: psycopg.Connection[Any], text: str) -> tuple[str, ...]:
    """The types of `$1`, `$2` …, as the server writes them (`integer`, `text[]`); empty for one
    that stands only where the grammar wants a constant.

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
    encoded = with_values(text, fixed).encode()
    described = _described(connection.pgconn, encoded, places, fixed, guess=False)
    if described.status != ExecStatus.COMMAND_OK:
        described = _described(connection.pgconn, encoded, places, fixed, guess=True)
    if described.status != ExecStatus.COMMAND_OK:
        message = described.error_message.decode(errors="replace").strip().partition("\n")[0]
        raise StatementRejected(
            f"the server can't analyse the statement: {message.removeprefix('ERROR:').strip()}",
            "check that its tables exist in this database, and search_path",
        )
    numbers = [described.param_type(place) for place in range(described.nparams)]
    rows = connection.execute(
        "SELECT pg_catalog.format_type(t.oid, NULL) FROM pg_catalog.unnest(%s::oid[]) "
        "WITH ORDINALITY AS t (oid, place) ORDER BY t.place",
        [numbers],
        prepare=False,
    ).fetchall()
    return tuple("" if n in fixed else row[0] for n, row in enumerate(rows, start=1))


def _described(
    server: PGconn,
    encoded: bytes,
    places: Mapping[int, ParameterPlace],
    fixed: Mapping[int, str],
    *,
    guess: bool,
) -> PGresult:
    """The server's answer; with `guess`, types are named where a server takes an unknown one for
    what no function or operator fits."""
    given = [0] * max(places)
    for number, place in places.items():
        if number in fixed:  # gone from the text, it would have no type to be found
            given[number - 1] = TEXT
        elif guess and (place.result or place.function == "generate_series"):
            given[number - 1] = INTEGER
        elif guess and place.beside == "interval":  # now() - $1 is taken for two moments
            given[number - 1] = INTERVAL
    parsed = server.prepare(b"", encoded, given)
    return server.describe_prepared(b"") if parsed.status == ExecStatus.COMMAND_OK else parsed
