"""Types for parameters that a server can't tell the type of: those are tried that the operator or
the function takes of which it complains (`date + $1`: a number of days, or an interval?).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from dbwright.sql.operands import Operand, operands

__all__ = ["TypeSearch", "described", "state"]

TYPE_PROBLEMS = frozenset(
    (
        "42725",  # an operator or a function is not unique
        "42883",  # there is none for these types
        "42804",  # the types do not match
        "42846",  # one can't be cast to the other
        "42P08",  # one parameter, two types
        "42P18",  # nothing tells its type
    )
)
MOST_TRIALS = 150
"""Each is a fraction of a millisecond."""

INTEGER, TEXT, TIMESTAMPTZ, INTERVAL, NUMERIC = 23, 25, 1184, 1186, 1700
DATE, UUID, BOOLEAN, JSONB, BIGINT, DOUBLE = 1082, 2950, 16, 3802, 20, 701
ARRAYS = (1007, 1009, 1016, 2951, 1231, 1185)
"""Of integer, text, bigint, uuid, numeric, timestamptz."""
LIKELY = (
    INTEGER, TIMESTAMPTZ, INTERVAL, TEXT, NUMERIC, DATE, UUID, JSONB, BOOLEAN, BIGINT, DOUBLE,
    *ARRAYS,
)  # fmt: skip
"""Types by their numbers (pg_type.dat), what applications send most first. A date and an integer
give a date, as what is compared with dates mostly is: hence integers first."""
LISTED = (INTEGER, TEXT, UUID, TIMESTAMPTZ, DATE, NUMERIC, INTERVAL, BOOLEAN, JSONB)
"""For what is only listed (a column of a SELECT, a row of VALUES): text, where nothing is said."""
ANY_ARRAY = frozenset((2277, 5078))
ANY_ELEMENT = frozenset((2276, 2283, 2776, 3500, 5077, 5079))
"""Pseudo-types: of what is put there any type will do."""

OF_OPERATOR = """
SELECT DISTINCT CASE WHEN %s = 0 THEN oprleft ELSE oprright END::pg_catalog.int8
FROM pg_catalog.pg_operator WHERE oprname OPERATOR(pg_catalog.=) %s
"""
OF_FUNCTION = """
SELECT DISTINCT proargtypes[%s]::pg_catalog.int8
FROM pg_catalog.pg_proc WHERE proname OPERATOR(pg_catalog.=) %s AND pronargs >= %s
"""

ENUMS = (
    "SELECT oid::pg_catalog.int8 FROM pg_catalog.pg_type WHERE typtype = 'e' ORDER BY oid LIMIT 20"
)

Given = tuple[int, ...]
"""The numbers of the types of `$1`, `$2` …; 0 leaves it to the server."""


def described(server: PGconn, encoded: bytes, given: Sequence[int]) -> PGresult:
    """What the server says of a statement's parameters. Nothing stays behind there."""
    parsed = server.prepare(b"", encoded, list(given))
    return server.describe_prepared(b"") if parsed.status == ExecStatus.COMMAND_OK else parsed


def state(result: PGresult) -> str:
    """The SQLSTATE of a refusal."""
    return (result.error_field(DiagnosticField.SQLSTATE) or b"").decode()


class TypeSearch:
    """For one statement. Raises SyntaxProblem."""

    def __init__(self, connection: psycopg.Connection[Any], text: str) -> None:
        self._connection = connection
        self._encoded = text.encode()
        self._operands = operands(text)
        self._trials = 0
        self._taken: dict[tuple[str, str, int], tuple[int, ...]] = {}
        self._enums: tuple[int, ...] | None = None

    def found(self, refused: PGresult, given: Sequence[int]) -> PGresult | None:
        """The server's answer with types that it takes, the fewest; None where none were found.
        `refused` is its answer to `given`."""
        waiting: deque[tuple[PGresult, Given]] = deque([(refused, tuple(given))])
        met = {_complaint(refused)}
        while waiting:
            failed, known = waiting.popleft()
            if state(failed) not in TYPE_PROBLEMS:
                continue
            for tried in self._options(failed, known):
                self._trials += 1
                if self._trials > MOST_TRIALS:
                    return None
                answer = described(self._connection.pgconn, self._encoded, tried)
                if answer.status == ExecStatus.COMMAND_OK:
                    return answer
                # Another complaint is a step ahead, or aside.
                if _complaint(answer) not in met:
                    met.add(_complaint(answer))
                    waiting.append((answer, tried))
        return None

    def _options(self, failed: PGresult, known: Given) -> Iterator[Given]:
        """One more type in what is known: the parameters nearest to the complaint first."""
        place = failed.error_field(DiagnosticField.STATEMENT_POSITION)
        position = int(place) - 1 if place else -1
        nearest = sorted(self._operands, key=lambda one: (one.distance(position), one.number))
        done: set[int] = set()
        for operand in nearest:
            is_listed = not operand.operator and not operand.function
            if position not in operand.above and not is_listed:
                continue
            if known[operand.number - 1] or operand.number in done:
                continue
            done.add(operand.number)
            untold = state(failed) in ("42P08", "42P18")
            for number in self._listed(untold) if is_listed else self._types(operand):
                yield (*known[: operand.number - 1], number, *known[operand.number :])

    def _listed(self, untold: bool) -> tuple[int, ...]:
        """For what is only listed: text where nothing needs another type, enumerations at last."""
        if self._enums is None:
            rows = self._connection.execute(ENUMS, prepare=False).fetchall()
            self._enums = tuple(row[0] for row in rows)
        return (*((TEXT,) if untold else ()), *LISTED, *self._enums)

    def _types(self, operand: Operand) -> tuple[int, ...]:
        """What an operator or a function takes there."""
        key = (operand.operator, operand.function, operand.place)
        if key not in self._taken:
            if operand.operator:
                values: list[Any] = [operand.place, operand.operator]
            else:
                values = [operand.place, operand.function, operand.arguments]
            query = OF_OPERATOR if operand.operator else OF_FUNCTION
            rows = self._connection.execute(query, values, prepare=False).fetchall()
            self._taken[key] = _likely_first({row[0] for row in rows if row[0]})
        return self._taken[key]


def _likely_first(taken: set[int]) -> tuple[int, ...]:
    if taken & ANY_ELEMENT:
        taken |= {number for number in LIKELY if number not in ARRAYS}
    if taken & ANY_ARRAY:
        taken |= set(ARRAYS)
    taken -= ANY_ELEMENT | ANY_ARRAY
    return (*(n for n in LIKELY if n in taken), *sorted(taken.difference(LIKELY)))


def _complaint(failed: PGresult) -> tuple[bytes | None, ...]:
    fields = (
        DiagnosticField.SQLSTATE,
        DiagnosticField.STATEMENT_POSITION,
        DiagnosticField.MESSAGE_PRIMARY,
    )
    return tuple(failed.error_field(field) for field in fields)
