"""Databases, snapshots and provers for the tests of rewrites."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.snapshot import Snapshot
from dbwright.sql.split import split

__all__ = ["cost", "execute", "snapshot_of"]


def execute(url: str, sql: str) -> None:
    """Each statement by itself."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in split(sql):
            connection.execute(statement.text.encode())


def snapshot_of(url: str) -> Snapshot:
    with Session.open(url, 30) as session:
        return read(session)


@contextmanager
def planner(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def cost(url: str, query: str) -> float:
    """What the planner says."""
    with planner(url) as connection:
        row = connection.execute(f"EXPLAIN (FORMAT JSON) {query}".encode()).fetchone()
    assert row is not None
    return float(row[0][0]["Plan"]["Total Cost"])
