"""A reading session goes on, whatever became of what it read."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from dbwright.engines.postgresql.session import Row, Session
from servers.postgresql import Database


def test_who_reads_breaks_in_the_middle(database: Database) -> None:
    database.execute(
        "DO $$ BEGIN FOR n IN 1..600 LOOP EXECUTE format("
        "'CREATE TABLE t%s (a integer, b integer)', n); END LOOP; END $$"
    )

    def broken(rows: Iterable[Row]) -> list[Row]:
        raise ZeroDivisionError(next(iter(rows)))

    with Session.open(database.url, 30) as session:
        with pytest.raises(ZeroDivisionError):
            session.try_collect("columns", "catalog.columns", broken)
        (row,) = session.ask("SELECT 1 AS one", 5)
        assert row.one == 1
