"""One runner at a time: who has the turn is named, with what its session does."""

from __future__ import annotations

import threading

import psycopg
import pytest

from dbwright.errors import AnotherRunner
from dbwright.migrate.history.turn import Turn, turn
from dbwright.progress import silent
from servers.postgresql import Database


def take(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    with turn(connection, "public.history", 0, silent):
        pass


def test_who_has_the_turn_and_what_it_does(database: Database) -> None:
    with (
        psycopg.connect(database.url, autocommit=True) as one,
        psycopg.connect(database.url, autocommit=True) as other,
    ):
        mine = Turn(one, "public.history")
        assert mine.take()
        with pytest.raises(AnotherRunner, match=rf"pid {mine.pid}, .* for \d+ s$"):
            take(other)
        work = threading.Thread(target=one.execute, args=("SELECT pg_sleep(2)\n\n;",))
        work.start()
        while not other.execute(
            "SELECT FROM pg_stat_activity WHERE state = 'active' AND query ~ '^SELECT pg_sleep'"
        ).rowcount:
            pass
        with pytest.raises(AnotherRunner, match=r"s: SELECT pg_sleep\(2\) ;$") as said:
            take(other)
        before = other.info.server_version < 140000
        assert ("ends with its statement" in said.value.next_step) is before
        work.join()
        with turn(other, "public.other", 0, silent):
            pass
