"""What is told of two schemas that are not the same, and what is not."""

from __future__ import annotations

from tests.diff.applied import catalog_of, fresh

from dbwright.diff.compare import differences
from dbwright.sandbox import Server

BEFORE = [
    "CREATE SCHEMA shop",
    "CREATE TABLE shop.orders (id bigint PRIMARY KEY, total bigint DEFAULT 0, note text)",
    "CREATE INDEX orders_total ON shop.orders (total)",
    "CREATE VIEW shop.cheap AS SELECT id FROM shop.orders WHERE total < 5",
    "CREATE FUNCTION shop.one() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
]
AFTER = [
    "CREATE SCHEMA shop",
    "CREATE TABLE shop.orders (id bigint PRIMARY KEY, total integer, note text NOT NULL)",
    "CREATE INDEX orders_total ON shop.orders (total DESC)",
    "CREATE VIEW shop.cheap AS SELECT id FROM shop.orders WHERE total < 9",
    "CREATE FUNCTION shop.one() RETURNS integer LANGUAGE sql STABLE AS 'SELECT 1'",
    "CREATE TABLE shop.items (id bigint PRIMARY KEY, n integer)",
    "COMMENT ON TABLE shop.orders IS 'what people want'",
    "GRANT SELECT, INSERT ON shop.orders TO PUBLIC",
]


def test_each_property_in_a_line(postgresql: Server) -> None:
    with fresh(postgresql, BEFORE) as old, fresh(postgresql, AFTER) as new:
        before, after = catalog_of(old), catalog_of(new)
    told = [one.text for one in differences(before, after)]
    assert [line for line in told if not line.startswith("view")] == [
        "column shop.orders.note: not null yes, was no",
        "column shop.orders.total: type integer, was bigint",
        "column shop.orders.total: default none, was 0",
        "function shop.one(): volatility stable, was volatile",
        "index shop.orders_total: keys total DESC, was total",
        "table shop.items: added",
        "table shop.orders: comment what people want, was none",
        "table shop.orders: privileges PUBLIC INSERT, SELECT, was none",
    ]
    assert [line for line in told if line.startswith("view")] == [
        "view shop.cheap: definition differs"
    ]
    back = [one.text for one in differences(after, before)]
    assert "table shop.items: removed" in back and len(back) == len(told)
    fewer = differences(before, after, privileges=False)
    assert len(fewer) == len(told) - 1


def test_what_no_statement_can_choose_is_left_out(postgresql: Server) -> None:
    """The order of columns, where sequences stand, oids, grants that only say what is so anyway."""
    first = ["CREATE TABLE t (a serial, b text, c date)", "CREATE TABLE s (x integer)"]
    second = [
        "CREATE TABLE s (x integer)",
        "CREATE TABLE t (c date, gone integer, a serial, b text)",
        "ALTER TABLE t DROP gone",
        "INSERT INTO t (b) VALUES ('x'), ('y')",
        "GRANT SELECT ON s TO PUBLIC",
        "REVOKE SELECT ON s FROM PUBLIC",
        "CREATE TEMPORARY TABLE passing (a integer)",
    ]
    with fresh(postgresql, first) as old, fresh(postgresql, second) as new:
        assert differences(catalog_of(old), catalog_of(new)) == ()
