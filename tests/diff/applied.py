"""Running what a plan says, and reading what came of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg

from dbwright.diff.compare import differences
from dbwright.diff.plan import Plan, plan
from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import Catalog
from dbwright.sandbox import Server

__all__ = ["apply", "catalog_of", "fresh", "run", "there_and_back"]

NUMBERS = itertools.count(1)


@contextmanager
def fresh(server: Server, statements: Iterable[str] = ()) -> Iterator[str]:
    """The URL of a database of its own, with these in it."""
    name = f"diff_{next(NUMBERS)}"
    server.create_database(name)
    try:
        run(server.url(name), statements)
        yield server.url(name)
    finally:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name}".encode())


def run(url: str, statements: Iterable[str]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def catalog_of(url: str) -> Catalog:
    with Session.open(url, 60) as session:
        return introspect(session)


def apply(url: str, found: Plan) -> None:
    assert not found.unwritten
    run(url, ["SET check_function_bodies = off", *(step.sql for step in found.steps)])


def there_and_back(url: str, other: str) -> None:
    """The database at `url` gets the schema of the other, and its own again."""
    before, after = catalog_of(url), catalog_of(other)
    apply(url, plan(before, after))
    there = catalog_of(url)
    assert [one.text for one in differences(there, after)] == []
    apply(url, plan(there, before))
    assert [one.text for one in differences(catalog_of(url), before)] == []
