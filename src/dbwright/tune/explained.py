"""EXPLAIN of a statement that the server may not be able to plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg

__all__ = ["explained"]


def explained(
    connection: psycopg.Connection[Any], statement: str, *, verbose: bool = False
) -> Mapping[str, Any] | None:
    """EXPLAIN's document (JSON); None where the server can't plan the statement, which leaves the
    transaction around it as it was. Raises psycopg.Error where the server is gone."""
    options = "FORMAT JSON, VERBOSE" if verbose else "FORMAT JSON"
    try:
        with connection.transaction():
            row = connection.execute(f"EXPLAIN ({options}) {statement}".encode()).fetchone()
    except psycopg.Error as problem:
        if problem.sqlstate is None:
            raise
        return None
    assert row is not None
    document: Mapping[str, Any] = row[0][0]
    return document
