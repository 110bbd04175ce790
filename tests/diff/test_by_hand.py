"""What is right, or else told: bits of another length, rights that newer servers know, base types, moves
between schemas."""

from __future__ import annotations

import psycopg
import pytest
from tests.diff.applied import apply, catalog_of, fresh, there_and_back

from dbwright.diff.compare import differences
from dbwright.diff.plan import plan
from dbwright.diff.renames import asked_for, moved
from dbwright.errors import UsageError
from dbwright.sandbox import Server

BITS = "CREATE TABLE t (a bit({n}) DEFAULT B'{zeros}', b bit({n})[])"
BASE_TYPE = """
CREATE TYPE odd; CREATE FUNCTION odd_in(cstring) RETURNS odd LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION odd_out(odd) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE odd (INPUT = odd_in, OUTPUT = odd_out, INTERNALLENGTH = 4, PASSEDBYVALUE);
CREATE TABLE strange (a odd)
"""


def _rows(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT a::text, b::text FROM t ORDER BY 1").fetchall()


def test_bits_with_rows(postgresql: Server) -> None:
    rows = "INSERT INTO t VALUES (B'10101', ARRAY[B'11111']), (NULL, NULL)"
    before, after = BITS.format(n=5, zeros="0" * 5), BITS.format(n=6, zeros="0" * 6)
    with fresh(postgresql, [before, rows]) as url, fresh(postgresql, [after]) as other:
        start = _rows(url)
        apply(url, plan(catalog_of(url), catalog_of(other)))
        assert _rows(url)[0] == ("101010", "{111110}")
        with fresh(postgresql, [before]) as first:
            apply(url, plan(catalog_of(url), catalog_of(first)))
        assert _rows(url) == start


def test_what_an_owner_may(postgresql: Server) -> None:
    """Each of them, also the one that is known from version 17 on."""
    tables = ["CREATE TABLE t (a integer)", "CREATE VIEW v AS SELECT a FROM t"]
    taken = [
        "REVOKE MAINTAIN ON t FROM CURRENT_USER",
        "REVOKE MAINTAIN, SELECT ON v FROM CURRENT_USER",
        "ALTER DEFAULT PRIVILEGES REVOKE MAINTAIN ON TABLES FROM CURRENT_USER",
    ]
    with fresh(postgresql, tables) as url, fresh(postgresql, [*tables, *taken]) as other:
        texts = [one.text for one in differences(catalog_of(url), catalog_of(other))]
        assert sum("no MAINTAIN" in text for text in texts) == 2 and len(texts) == 3
        there_and_back(url, other)


def test_rights_of_an_older_server(postgresql: Server, postgresql_15: Server) -> None:
    """An owner there lacks nothing that nobody has."""
    made = ["CREATE TABLE t (a integer)", "GRANT SELECT ON t TO PUBLIC"]
    with fresh(postgresql_15, made) as old, fresh(postgresql, made) as new:
        for one, other in ((old, new), (new, old)):
            found = plan(catalog_of(one), catalog_of(other), owners=False)
            assert not [step.sql for step in found.steps if "MAINTAIN" in step.sql]


def test_base_types_are_left_to_do(postgresql: Server) -> None:
    with fresh(postgresql) as url, fresh(postgresql, [BASE_TYPE]) as other:
        unwritten = plan(catalog_of(url), catalog_of(other)).unwritten
        assert "type public.odd" in {str(ref) for ref, _ in unwritten}


def test_moves_between_schemas(postgresql: Server) -> None:
    before = ['CREATE SCHEMA "New"', "CREATE TABLE t (id serial PRIMARY KEY, a integer)"]
    after = ['CREATE SCHEMA "New"', 'CREATE TABLE "New".t (id serial PRIMARY KEY, a integer)']
    with fresh(postgresql, before) as url, fresh(postgresql, after) as other:
        old, new = catalog_of(url), catalog_of(other)
        assert list(moved(old, new)) == ['ALTER TABLE public.t SET SCHEMA "New"']
        for name in ("New.t", '"New".t'):
            with pytest.raises(UsageError) as told:
                asked_for(old, [f"public.t={name}"])
            assert 'ALTER TABLE public.t SET SCHEMA "New"' in told.value.next_step
        # A name with a dot in it is none of another schema.
        assert asked_for(old, ['t="New.t"'])[1][0].name == "New.t"
