from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from tests.agent.safe_sql.conftest import Place
from tests.agent.safe_sql.honest import HONEST

from dbwright.agent.safe_sql import Limits, SafeSession
from dbwright.errors import DbwrightError, StatementRejected

LIMITS = Limits(rows=5000, cell_bytes=1_000_000, result_bytes=20_000_000)
AS_THE_GUARD = (
    "SET datestyle = 'ISO, MDY'; SET intervalstyle = 'postgres'; SET extra_float_digits = 1; "
    "SET max_parallel_workers_per_gather = 0"
)


def plainly(connection: psycopg.Connection[Any], sql: str) -> list[list[str | None]] | None:
    """The rows as text without any guard; None where the server does not take the query."""
    result = connection.pgconn.exec_(sql.encode())
    if result.error_message:
        return None
    return [
        [
            None if (value := result.get_value(row, n)) is None else value.decode()
            for n in range(result.nfields)
        ]
        for row in range(result.ntuples)
    ]


def same(found: Any, text: str | None) -> bool:
    """Is the value of JSON what the server's text says?"""
    if found is None or text is None:
        return found is text
    if isinstance(found, bool):
        return text == ("t" if found else "f")
    if isinstance(found, int | float):
        return type(found)(text) == found
    return found == text or json.dumps(found) == json.dumps(json.loads(text))


@pytest.mark.parametrize("who", [pytest.param("superuser", marks=pytest.mark.slow), "reader"])
def test_honest_queries_get_the_same_rows(place: Place, who: str) -> None:
    wrong: list[str] = []
    url: str = getattr(place, who)
    with SafeSession.open(url, LIMITS) as session, psycopg.connect(url, autocommit=True) as plain:
        plain.execute(AS_THE_GUARD)
        for sql in (one for queries in HONEST.values() for one in queries):
            expected = plainly(plain, sql)
            try:
                result = session.run(sql)
            except DbwrightError as error:
                if expected is not None or not isinstance(error, StatementRejected):
                    wrong.append(f"{sql} -> {error.message}")
                continue
            pairs = zip(result.rows, expected or [], strict=False)
            equal = all(all(map(same, got, row)) for got, row in pairs)
            if len(result.rows) != len(expected or []) or not equal or result.truncated:
                wrong.append(f"{sql} -> {result.rows[:3]} and not {(expected or [])[:3]}")
    assert wrong == []


def test_the_list_is_long() -> None:
    every = [sql for queries in HONEST.values() for sql in queries]
    assert len(set(every)) == len(every) >= 150
