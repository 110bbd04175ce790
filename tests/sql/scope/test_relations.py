"""What the catalog says of relations and functions is what the server finds."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql

from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import Catalog
from dbwright.sql.scope import CatalogRelations, analyse
from dbwright.sql.scope.nouns import RelationKind
from dbwright.sql.scope.relations import search_path
from servers.postgresql import Database
from sql.scope.place import Place

FUNCTIONS = """
CREATE TABLE people (id int, "Name" text);
CREATE TYPE pair AS (first int, "Second" text);
CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION many() RETURNS SETOF int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION listed() RETURNS TABLE (a int, "B c" numeric(10, 2), d text[]) LANGUAGE sql AS 'SELECT 1, 1.0, null::text[]';
CREATE FUNCTION everybody() RETURNS SETOF people LANGUAGE sql AS 'SELECT * FROM people';
CREATE FUNCTION somebody() RETURNS people LANGUAGE sql AS 'SELECT * FROM people LIMIT 1';
CREATE AGGREGATE total (int) (sfunc = int4pl, stype = int);
"""


def read(database: Database) -> Catalog:
    with Session.open(database.url, 60) as session:
        return introspect(session)


@pytest.mark.parametrize(
    "call", ["one()", "one() AS x", "many() AS x", "listed()", "listed() AS x", "everybody() e",
             "somebody() AS s (k)", "listed() WITH ORDINALITY AS l", "generate_series(1, 2) AS g",
             "jsonb_each('{}') AS j", "jsonb_array_elements('[]') AS j", "unnest(ARRAY[1]) AS u (v)",
             "unnest(ARRAY[1], ARRAY[2]) AS u (v, w)", "json_to_record('{}') AS r (a int, b text)"],
)  # fmt: skip
def test_the_columns_of_a_function(call: str, database: Database) -> None:
    database.execute(FUNCTIONS)
    relations = CatalogRelations(read(database))
    statement = analyse(f"SELECT * FROM {call}", relations)
    with psycopg.connect(database.url) as connection:
        cursor = connection.execute(f"SELECT * FROM {call}".encode())
        expected = [column.name for column in cursor.description or ()]
    assert [output.name for output in statement.scopes[0].output] == expected
    assert not statement.unresolved


def test_a_users_aggregate_and_set_are_known(database: Database) -> None:
    database.execute(FUNCTIONS)
    relations = CatalogRelations(read(database))
    scope = analyse("SELECT total(id), many() FROM people", relations).scopes[0]
    assert [aggregate.name for aggregate in scope.aggregates] == ["total"]
    assert scope.set_returning


def test_the_search_path_decides_between_relations_of_one_name(database: Database) -> None:
    database.execute(
        'CREATE SCHEMA "First One"; CREATE SCHEMA second; CREATE TABLE t (a int);'
        'CREATE TABLE "First One".t (b int); CREATE TABLE second.t (c int);'
    )
    assert search_path(read(database))[-1] == "public"
    with psycopg.connect(database.url, autocommit=True) as connection:
        name = sql.Identifier(database.name)
        path = sql.SQL('ALTER DATABASE {} SET search_path = "First One", \'second\', "$user"')
        connection.execute(path.format(name))
    catalog = read(database)
    assert search_path(catalog)[:2] == ("First One", "second")
    (found,) = analyse("SELECT b FROM t", CatalogRelations(catalog)).relations
    assert (found.schema, found.columns) == ("First One", ("b",))
    (found,) = analyse("SELECT a FROM t", CatalogRelations(catalog, ["public"])).relations
    assert (found.schema, found.kind) == ("public", RelationKind.TABLE)
    (found,) = analyse("SELECT c FROM second.t", CatalogRelations(catalog)).relations
    assert found.qualified == "second.t"


def test_the_names_of_outputs_are_the_servers(place_of: Callable[[str], Place]) -> None:
    place = place_of("shop")
    text = (
        'SELECT id, u.email AS "E", lower(name), id::text, (home).city, tags[1], count(*) OVER (), 1, '
        "'x', '2020-01-01'::date, CASE WHEN active THEN 1 END, CASE WHEN active THEN 1 ELSE id END, coalesce(id, 1), "
        "nullif(id, 1), greatest(1, 2), least(1, 2), current_date, current_timestamp, current_timestamp(2), "
        "localtime, session_user, ARRAY[1], ARRAY(SELECT 1), (SELECT id), (SELECT 5 AS five), EXISTS (SELECT 1), "
        'row(1, 2), -id, id + 1, id IS NULL, not active, name COLLATE "C", extract(year FROM created_at), '
        "created_at AT TIME ZONE 'UTC', substring(name FROM 1), trim(name), position('a' IN name), "
        "overlay(name PLACING 'x' FROM 1), settings -> 'a', name LIKE 'x', id IN (1, 2), interval '1 day', "
        "cast(id AS numeric(5, 1)), id::numeric::int, json_array(1), json_object('a': 1), json_scalar(1), "
        "json_exists(settings, '$.a'), json_value(settings, '$.a'), json_query(settings, '$.a'), "
        "(VALUES (1)), u.*, max(id) FILTER (WHERE active) OVER () FROM users u"
    )
    statement = analyse(text, CatalogRelations(place.catalog, ["public"]))
    cursor = place.connection.execute(text.encode())
    expected = [column.name for column in cursor.description or ()]
    assert [output.name for output in statement.scopes[0].output] == expected
