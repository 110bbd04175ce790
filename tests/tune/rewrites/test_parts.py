"""What rewrites are made of: patterns, periods, arms; and that old servers take what they write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.tune.rewrites.place import execute, snapshot_of

from dbwright.model.snapshot import Snapshot
from dbwright.sandbox import Server
from dbwright.sql.parse import parse
from dbwright.tune.rewrites.registry import all_rewrites
from dbwright.tune.rewrites.rewrite import Rewrite, RewriteExample
from dbwright.tune.rewrites.rules._moments import UNITS, following, is_start, one_midnight, written
from dbwright.tune.rewrites.rules._texts import like_text, prefix_of
from dbwright.tune.rewrites.source import Source, read_source
from dbwright.tune.rewrites.trees import kind_of

LETTERS = some.text(some.sampled_from("ab%_\\'"), min_size=1)


@given(LETTERS)
def test_a_text_as_a_pattern_is_its_own_prefix(text: str) -> None:
    assert prefix_of(f"{like_text(text)}%") == text


@pytest.mark.parametrize("pattern", ["%", "a", "a%b%", "_a%", "a\\%", "a%%", ""])
def test_what_is_no_prefix(pattern: str) -> None:
    assert prefix_of(pattern) is None


@given(some.integers(1, 60), some.sampled_from(UNITS))
def test_periods_follow_one_another(many: int, unit: str) -> None:
    start = datetime(2024, 1, 1)  # a Monday
    for _ in range(many):
        end = following(start, unit)
        assert end > start and is_start(end, unit)
        assert not is_start(end - timedelta(microseconds=1), unit)
        assert datetime.fromisoformat(written(end)) == end
        start = end


@pytest.mark.parametrize(
    ("moment", "zone", "once"),
    [
        (datetime(2024, 3, 31), "Europe/Berlin", True),
        (datetime(2010, 11, 7), "America/St_Johns", False),  # set back at a minute past midnight
        (datetime(2010, 11, 8), "America/St_Johns", True),
        (datetime(2018, 11, 4), "America/Sao_Paulo", True),  # midnight is left out
        (datetime(2024, 11, 3), "America/Havana", False),  # one o'clock is midnight again
        (datetime(2024, 1, 1), "UTC", True),
        (datetime(2024, 1, 1), "Mars/Olympus", False),
    ],
)
def test_midnights(moment: datetime, zone: str, once: bool, postgresql: Server) -> None:
    """The server's own days say so: is each hour around on the side of its own day?"""
    assert one_midnight(moment, zone) is once
    if zone == "Mars/Olympus":
        return
    with psycopg.connect(postgresql.url()) as connection:
        (whole,) = connection.execute(
            "SELECT bool_and((at >= %(start)s::timestamp AT TIME ZONE %(zone)s) "
            "= ((at AT TIME ZONE %(zone)s)::date >= %(start)s::date)) FROM generate_series("
            "%(start)s::timestamp AT TIME ZONE %(zone)s - interval '3 hours', "
            "%(start)s::timestamp AT TIME ZONE %(zone)s + interval '3 hours', '30 seconds') at",
            {"start": moment, "zone": zone},
        ).fetchone() or (None,)
    assert whole is once


def sourced(query: str, snapshot: Snapshot) -> Source:
    found = read_source(query, snapshot.catalog, snapshot.statistics)
    assert found is not None
    return found


def test_each_node_belongs_to_one_level(postgresql: Server) -> None:
    postgresql.create_database("nodes")
    execute(postgresql.url("nodes"), "CREATE TABLE a (x int, y int)")
    source = sourced(
        "WITH c AS (SELECT x FROM a WHERE y = 1) SELECT x, (SELECT max(y) FROM a) FROM c "
        "WHERE x IN (SELECT y FROM a) UNION SELECT x, y FROM (SELECT * FROM a) s ORDER BY 1",
        snapshot_of(postgresql.url("nodes")),
    )
    places = [path for level in source.levels for path, _, _ in source.expressions(level)]
    assert len(places) == len(set(places))

    def count(node: Any) -> int:
        children: list[Any] = []
        if isinstance(node, dict):
            children = list(node.values())
        elif isinstance(node, list):
            children = node
        own = isinstance(node, dict) and kind_of(node) is not None
        return own + sum(map(count, children))

    assert len(places) == count(source.tree) - 1  # the whole statement is of no level
    assert [path for path, kind, _ in source.expressions(source.levels[0]) if kind == "SortBy"]


def _cases() -> Iterator[tuple[Rewrite, RewriteExample]]:
    for each in all_rewrites():
        for example in each.bad:
            if example.oldest <= 12:
                yield each, example


def test_the_oldest_server_takes_what_is_written(server_of: Callable[[int], Server]) -> None:
    """Read on the oldest one, a rewrite writes nothing that only newer ones know."""
    server = server_of(12)
    known: dict[str, tuple[str, Snapshot]] = {}
    tried = 0
    for rewrite, example in _cases():
        if example.sql not in known:
            name = f"oldest_{len(known)}"
            server.create_database(name)
            execute(server.url(name), example.sql)
            known[example.sql] = server.url(name), snapshot_of(server.url(name))
        url, snapshot = known[example.sql]
        source = sourced(example.query, snapshot)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.prepare_threshold = None
            for rewritten in rewrite.function(source, source.catalog):
                assert len(parse(rewritten.text).statements) == 1
                connection.execute(f"PREPARE tried AS {rewritten.text}".encode())
                connection.execute(b"DEALLOCATE tried")
                tried += 1
    assert tried > 40
