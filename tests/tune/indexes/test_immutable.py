"""What is called immutable the server takes as an index's key; what is usual is not refused."""

from __future__ import annotations

import psycopg
import pytest

from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import Catalog
from dbwright.tune.indexes.immutable import column_types, is_immutable
from servers.postgresql import Database

TABLE = """
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE FUNCTION tidy(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION messy(text) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1';
CREATE TABLE t (id int, big bigint, price numeric(9, 2), share float8, name text, short varchar(9),
    code char(3), active boolean, day date, at timestamp, "when" timestamptz, took interval,
    clock time, token uuid, data jsonb, words text[], document tsvector, mood mood, raw bytea,
    cost money, during tstzrange, address inet);
"""
COLUMNS = (
    "id big price share name short code active day at when took clock token data words document "
    "mood raw cost during address"
).split()
FORMS = [
    "lower({})", "upper({})", "length({})", "md5({})", "abs({})", "round({})", "trim({})", "substr({}, 1, 2)",
    "coalesce({}, {})", "{}::text", "{}::int", "{}::date", "{}::timestamp", "{}::timestamptz", "{}::numeric",
    "{} || 'x'", "'x' || {}", "{} + 1", "{} + {}", "{} - {}", "{} * 2", "{} = {}", "{} < {}", "{} IS NULL",
    "date_trunc('day', {})", "date_part('year', {})", "extract(year FROM {})", "{} + interval '1 day'",
    "{} AT TIME ZONE 'UTC'", "to_char({}, 'YYYY')", "age({})", "{} ->> 'a'", "{} -> 'a'", "({} ->> 'a')::int",
    "({} ->> 'a')::date", "({} ->> 'a')::timestamptz", "{}[1]", "array_length({}, 1)", "to_tsvector('simple', {})",
    "to_tsvector({})", "concat({}, 'a')", "format('%s', {})", "tidy({})", "messy({})", "encode({}, 'hex')",
    "CASE WHEN {} IS NULL THEN 1 ELSE 2 END", "{} LIKE 'a%'", "{} IN ({}, {})", "nullif({}, {})", "greatest({}, {})",
    "{} COLLATE \"C\"", "jsonb_array_length({})", "{} @> '{{}}'", "now() - {}", "random() > 0", "{} > now()",
    "current_date - {}", "count({})", "(SELECT 1)", "lower({}::text)", "({} || name)", "{} = 'ok'", "upper({}) = 'A'",
    "host({})", "sum({}) OVER ()", "$1 = {}", "ctid = '(0,1)' AND {} IS NULL", "{} IS NOT DISTINCT FROM {}",
    "({} AT TIME ZONE 'UTC')::date", "date_trunc('day', {} AT TIME ZONE 'UTC')", "date_trunc('day', {}::date)",
    "extract(hour FROM {} AT TIME ZONE 'Europe/Rome')", "({} AT TIME ZONE 'UTC') AT TIME ZONE 'CET'", "{}::text || name",
    "date_trunc('day', {}::timestamptz)", "({}::timestamp)::text", "({} AT TIME ZONE 'UTC')::text",
    "({}::date)::timestamptz", "({} ->> 'a')::int + 1", "id || {}::text",
]  # fmt: skip
USUAL = [
    "lower(name)", "upper(short)", "md5(name)", "coalesce(name, short)", "data ->> 'a'", "(data ->> 'a')::int",
    "date_trunc('day', at)", "extract(year FROM day)", "at::date", "price * 2", "name || short", "id + big",
    "substr(name, 1, 2)", "to_tsvector('simple', name)", "tidy(name)", "words[1]", "id::text",
    "(\"when\" AT TIME ZONE 'UTC')::date", "date_trunc('day', \"when\" AT TIME ZONE 'UTC')", "id::text || name",
    "extract(hour FROM \"when\" AT TIME ZONE 'Europe/Rome')",
]  # fmt: skip


def read(database: Database) -> Catalog:
    with Session.open(database.url, 60) as session:
        return introspect(session)


def parses(connection: psycopg.Connection, expression: str) -> bool:
    """Can a query hold the expression at all (have its operators such types)?"""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(f"SELECT {expression} FROM t".encode())
    except psycopg.Error:
        return False
    return True


def accepted(connection: psycopg.Connection, expression: str) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(f"CREATE INDEX ON t (({expression}))".encode())
    except psycopg.Error:
        return False
    return True


def test_the_server_takes_what_is_called_immutable(database: Database) -> None:
    database.execute(TABLE)
    catalog = read(database)
    types = column_types(catalog.table("public.t").columns)
    wrong, taken = [], 0
    with psycopg.connect(database.url, autocommit=True) as connection:
        for form in FORMS:
            for column in COLUMNS:
                expression = form.replace("{}", f'"{column}"').replace("{{", "{").replace("}}", "}")
                if is_immutable(expression, types, catalog) and parses(connection, expression):
                    taken += 1
                    if not accepted(connection, expression):
                        wrong.append(expression)
    assert not wrong, "; ".join(wrong)
    assert taken > 150


@pytest.mark.parametrize("expression", USUAL)
def test_what_is_usual_is_taken(expression: str, database: Database) -> None:
    database.execute(TABLE)
    catalog = read(database)
    types = column_types(catalog.table("public.t").columns)
    assert is_immutable(expression, types, catalog)


def test_what_does_not_parse_is_refused(database: Database) -> None:
    database.execute(TABLE)
    catalog = read(database)
    assert not is_immutable("lower(", {"name": "text"}, catalog)
    assert not is_immutable("lower(nothing::text)", {"name": "text"}, catalog)
