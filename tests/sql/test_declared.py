from __future__ import annotations

from dbwright.engines.postgresql.introspect import introspect
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import Catalog
from dbwright.sql.declared import declared
from dbwright.sql.split import split
from servers.postgresql import Database

SCRIPT = """
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('new', 'paid');
CREATE TYPE money_range AS RANGE (subtype = numeric);
CREATE TYPE point3 AS (x int, y int);
CREATE DOMAIN shop.email AS text CONSTRAINT at_sign CHECK (value ~ '@');
CREATE SEQUENCE shop.numbers;
CREATE TABLE customers (
    id bigserial PRIMARY KEY,
    "E-Mail" shop.email UNIQUE NOT NULL,
    born date CHECK (born > '1900-01-01'),
    a int, b int,
    CHECK (a > b), CHECK (a < 100),
    UNIQUE (a, b) INCLUDE (born),
    CONSTRAINT odd CHECK (a % 2 = 1)
);
CREATE TABLE shop.orders (
    id int GENERATED ALWAYS AS IDENTITY,
    customer bigint REFERENCES customers,
    placed date NOT NULL,
    PRIMARY KEY (id, placed),
    EXCLUDE USING btree (id WITH =, placed WITH =)
) PARTITION BY RANGE (placed);
CREATE TABLE a_table_with_a_name_that_is_nearly_as_long_as_can_be (
    and_a_column_that_is_long_as_well int UNIQUE
);
ALTER TABLE shop.orders ADD COLUMN note text, ADD FOREIGN KEY (customer, id) REFERENCES customers
    (a, b);
CREATE INDEX ON customers (a, lower("E-Mail"), (a + b), upper("E-Mail")) INCLUDE (b);
CREATE INDEX named ON shop.orders (note);
CREATE VIEW shop.v AS SELECT 1 AS x;
CREATE MATERIALIZED VIEW m AS SELECT 1 AS x;
CREATE TABLE copied AS SELECT 1 AS x;
CREATE FUNCTION shop.f(a int, INOUT b varchar(10)[], VARIADIC c text[]) LANGUAGE sql
    AS 'SELECT $2';
CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE PROCEDURE p(a timestamptz, OUT b double precision) LANGUAGE sql AS 'SELECT 1.0::float8';
CREATE TRIGGER tr BEFORE INSERT ON customers FOR EACH ROW EXECUTE FUNCTION t();
CREATE POLICY "only mine" ON customers;
CREATE EXTENSION pg_trgm;
ALTER TABLE copied RENAME TO renamed;
ALTER TABLE renamed RENAME COLUMN x TO y;
CREATE TEMPORARY TABLE gone (a int PRIMARY KEY);
"""


def names(catalog: Catalog) -> set[str]:
    """Every object of a catalog that a script declares, by its reference."""
    found = {str(schema.ref) for schema in catalog.schemas if schema.name != "public"}
    found |= {str(e.ref) for e in catalog.extensions if e.name != "plpgsql"}
    for group in (catalog.views, catalog.materialized_views, catalog.sequences, catalog.functions,
                  catalog.types):  # fmt: skip
        found |= {str(item.ref) for item in group}
    for table in catalog.tables:
        found.add(str(table.ref))
        found |= {str(table.column_ref(column)) for column in table.columns}
        found |= {str(index.ref) for index in table.indexes}
        found |= {str(table.trigger_ref(t.name)) for t in table.triggers}
        found |= {str(table.policy_ref(p.name)) for p in table.policies}
        for group in (table.keys, table.foreign_keys, table.checks, table.exclusions):
            found |= {str(table.constraint_ref(item.name)) for item in group}
    return found


def test_names_are_those_of_the_catalog(database: Database) -> None:
    said: set[str] = set()
    for statement in split(SCRIPT):
        database.execute(statement.text)
        said |= {str(item.ref) for item in declared(statement.text, "public")}
    with Session.open(database.url, 60) as session:
        catalog = introspect(session)
    real = names(catalog)
    columns_of_queries = {"column public.renamed.x"}
    assert real - said - columns_of_queries == set()
    not_null = {name for name in said if name.endswith(("_not_null", '_not_null"'))}
    assert said - real - not_null == {"table public.copied"}


def test_offsets_are_characters() -> None:
    text = "/* é */ CREATE TABLE t (\n  é int,\n  b int CHECK (b > 0)\n)"
    found = {str(item.ref): item.offset for item in declared(text, "s")}
    assert found == {
        "table s.t": 8,
        'column s.t."é"': text.index("é int"),
        "column s.t.b": text.index("b int"),
        "constraint s.t.t_b_check": text.index("CHECK"),
    }


def test_objects_of_a_create_schema() -> None:
    found = declared("CREATE SCHEMA s CREATE TABLE t (a int) CREATE VIEW v AS SELECT 1", "public")
    assert [str(item.ref) for item in found] == [
        "schema s",
        "table s.t",
        "column s.t.a",
        "view s.v",
    ]


def test_functions_with_types_of_others_are_left_out() -> None:
    text = "CREATE FUNCTION f(a app.thing) RETURNS int LANGUAGE sql AS 'SELECT 1'"
    assert declared(text, "public") == ()
