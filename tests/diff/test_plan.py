"""What a plan makes of a schema is the other schema, on real servers; and the way back."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from tests.diff.applied import apply, catalog_of, fresh, run, there_and_back
from tests.diff.awkward import PAIRS
from tests.diff.schemas import ddl

from dbwright.diff.compare import differences
from dbwright.diff.plan import plan
from dbwright.diff.write import parts
from dbwright.sandbox import Server
from dbwright.sql.split import split
from servers.postgresql import OUTER_MAJORS, majors

HERE = Path(__file__).parent
EVERYTHING = [one.text for one in split((HERE / "everything.sql").read_text(encoding="utf-8"))]
CHANGED = [one.text for one in split((HERE / "changed.sql").read_text(encoding="utf-8"))]
OWN_SCHEMA = re.compile(r"\bs(?=\.|, pg_temp)|(?<=SCHEMA )s\b")
QUIET = tuple(HealthCheck)


@pytest.mark.parametrize("any_postgresql", OUTER_MAJORS, indirect=True)
def test_every_kind_of_object_comes_changes_and_goes(any_postgresql: Server) -> None:
    with fresh(any_postgresql) as empty, fresh(any_postgresql, EVERYTHING) as whole:
        there_and_back(empty, whole)
        with fresh(any_postgresql, [*EVERYTHING, *CHANGED]) as changed:
            there_and_back(whole, changed)


@pytest.mark.parametrize("any_postgresql", OUTER_MAJORS, indirect=True)
def test_what_stands_in_the_way(any_postgresql: Server) -> None:
    """Each pair in a schema of its own, all at once."""
    before: list[str] = []
    after: list[str] = []
    for number, (major, old, new) in enumerate(PAIRS.values()):
        if any_postgresql.major >= major:
            for statements, text in ((before, old), (after, new)):
                statements.append(f"CREATE SCHEMA s{number}")
                statements.append(OWN_SCHEMA.sub(f"s{number}", text))
    with fresh(any_postgresql, before) as url, fresh(any_postgresql, after) as other:
        there_and_back(url, other)


def test_rows_outlive_changes(postgresql: Server) -> None:
    """Types that are made anew, narrower columns, identities: the rows stay what they are."""
    before = [
        "CREATE TYPE state AS ENUM ('new', 'gone', 'paid')",
        "CREATE TABLE t (id serial PRIMARY KEY, s state DEFAULT 'new', many state[], n bigint)",
        "INSERT INTO t (s, many, n) VALUES ('paid', '{new,paid}', 7), ('new', NULL, 8)",
        "CREATE VIEW v AS SELECT id, s, n FROM t",
        "GRANT SELECT ON v TO PUBLIC",
        "CREATE MATERIALIZED VIEW m AS SELECT s, count(*) AS c FROM v GROUP BY s",
        "CREATE UNIQUE INDEX m_s ON m (s)",
    ]
    after = [
        "CREATE TYPE state AS ENUM ('paid', 'new')",
        "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
        "s state DEFAULT 'paid', many state[], n smallint NOT NULL)",
        "CREATE VIEW v AS SELECT id, s, n FROM t",
        "GRANT SELECT ON v TO PUBLIC",
        "CREATE MATERIALIZED VIEW m AS SELECT s, count(*) AS c FROM v GROUP BY s",
        "CREATE UNIQUE INDEX m_s ON m (s)",
    ]
    with fresh(postgresql, before) as url, fresh(postgresql, after) as other:
        found = plan(catalog_of(url), catalog_of(other))
        losing = {str(step.object): step.loses for step in found.steps if step.loses}
        assert losing == {
            "column public.t.n": "values of bigint that smallint can't hold",
            "type public.state": "rows with gone are refused",
        }
        apply(url, found)
        assert differences(catalog_of(url), catalog_of(other)) == ()
        run(url, ["INSERT INTO t (n) VALUES (9)"])
        with psycopg.connect(url) as connection:
            rows = connection.execute("SELECT id, s::text, many::text, n FROM t ORDER BY id")
            assert rows.fetchall() == [
                (1, "paid", "{new,paid}", 7),
                (2, "new", None, 8),
                (3, "paid", None, 9),
            ]


def test_values_stay_with_their_names(postgresql: Server) -> None:
    """An old composite becomes the new one by place; a text that is too long is refused, not cut."""
    before = [
        "CREATE TYPE c AS (a text, b text, n integer, gone text)",
        "CREATE TABLE t (c c, many c[], note text)",
        "INSERT INTO t VALUES (ROW('A', 'B', 1, 'g'), ARRAY[ROW('C', 'D', 2, 'g')]::c[], 'long')",
    ]
    after = [
        "CREATE TYPE c AS (b text, a text, n bigint, plus text)",
        "CREATE TABLE t (c c, many c[], note varchar(3))",
        "CREATE VIEW v AS SELECT (c).plus FROM t",
    ]
    with fresh(postgresql, before) as url, fresh(postgresql, after) as other:
        found = plan(catalog_of(url), catalog_of(other))
        losing = {str(step.object): step.loses for step in found.steps if step.loses}
        assert losing == {
            "column public.t.note": "values of text that character varying(3) can't hold",
            "type public.c": "values of gone",
        }
        with pytest.raises(psycopg.errors.StringDataRightTruncation):
            apply(url, found)
    with fresh(postgresql, before) as url, fresh(postgresql, after) as other:
        run(url, ["UPDATE t SET note = 'x'"])
        first, second = catalog_of(url), catalog_of(other)
        (part,) = parts(first, second, ())
        for way, there in ((part.up, second), (part.down, first)):
            apply(url, way)
            assert differences(catalog_of(url), there) == ()
            with psycopg.connect(url) as connection:
                row = connection.execute("SELECT (c).a, (c).b, (many[1]).a, (many[1]).n FROM t")
                assert row.fetchone() == ("A", "B", "C", 2)


def test_a_partition_key_keeps_its_type(postgresql: Server) -> None:
    """No statement changes it: that is told, and not tried."""
    text = "CREATE TABLE t (k {}) PARTITION BY RANGE (k)"
    with (
        fresh(postgresql, [text.format("integer")]) as url,
        fresh(postgresql, [text.format("bigint")]) as other,
    ):
        found = plan(catalog_of(url), catalog_of(other))
        assert [(str(ref), why) for ref, why in found.unwritten] == [
            ("column public.t.k", "a column of a partition key can't change its type")
        ]
        assert found.steps == ()


def test_generated_pairs(postgresql: Server) -> None:
    @settings(max_examples=5, deadline=None, derandomize=True, suppress_health_check=QUIET)
    @given(ddl(), ddl())
    def pairs(before: list[str], after: list[str]) -> None:
        with fresh(postgresql, before) as url, fresh(postgresql, after) as other:
            there_and_back(url, other)

    pairs()


@pytest.mark.slow
@pytest.mark.parametrize("major", majors())
def test_many_generated_pairs(server_of: Callable[[int], Server], major: int) -> None:
    server = server_of(major)

    @settings(max_examples=300, deadline=None, suppress_health_check=QUIET)
    @given(ddl(major), ddl(major))
    def pairs(before: list[str], after: list[str]) -> None:
        with fresh(server, before) as url, fresh(server, after) as other:
            there_and_back(url, other)

    pairs()
