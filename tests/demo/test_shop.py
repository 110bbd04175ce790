"""The demo shop on real servers: whole, equal, and with the faults it promises."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest

from dbwright.demo.shop import DEFECTS, Defect, DemoQuery, build, workload
from dbwright.errors import UsageError
from servers.postgresql import OUTER_MAJORS

TODAY = date(2026, 3, 15)
ROLES = "shop_owner, shop_app, shop_report"
TABLES = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relnamespace = 'shop'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    ORDER BY relname
"""


def clear(url: str) -> None:
    """Take the shop and its roles away: roles belong to the server, and others test there."""
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT to_regrole('shop_owner')").fetchone() == (None,):
            return
        connection.execute(f"DROP OWNED BY {ROLES} CASCADE")
        try:
            connection.execute(f"DROP ROLE {ROLES}")
        except psycopg.errors.DependentObjectsStillExist:
            # Another database of this server has a shop, and takes them away later.
            return


def one(connection: psycopg.Connection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture(scope="module")
def shop(postgresql: Any) -> Iterator[psycopg.Connection]:
    postgresql.create_database("demo_shop")
    url = postgresql.url("demo_shop")
    with psycopg.connect(url, autocommit=True) as connection:
        build(connection)
        connection.execute("SET statement_timeout = '2s'")
        yield connection
    clear(url)
    with psycopg.connect(postgresql.url("postgres"), autocommit=True) as connection:
        connection.execute("DROP DATABASE demo_shop")


@pytest.fixture
def empty(database: Any) -> Iterator[str]:
    yield database.url
    clear(database.url)


def test_it_has_about_twenty_tables_and_300000_rows(shop: psycopg.Connection) -> None:
    tables = [name for (name,) in shop.execute(TABLES)]
    rows = {name: one(shop, f"SELECT count(*) FROM {name}") for name in tables}
    assert 20 <= len(rows) <= 25
    assert all(rows.values())
    assert 270_000 <= sum(rows.values()) <= 330_000


def test_two_shops_of_one_day_are_equal(empty: str) -> None:
    sums = []
    for _ in range(2):
        with psycopg.connect(empty, autocommit=True) as connection:
            build(connection, today=TODAY)
            sums.append(
                [
                    one(connection, f"SELECT sum(hashtext(t::text)::bigint) FROM {table} AS t")
                    for (table,) in connection.execute(TABLES).fetchall()
                ]
            )
        clear(empty)
    assert sums[0] == sums[1]
    assert len(set(sums[0])) == len(sums[0])


@pytest.mark.parametrize("query", workload(), ids=lambda query: query.name)
def test_each_query_of_the_workload_runs(shop: psycopg.Connection, query: DemoQuery) -> None:
    assert shop.execute(f"EXPLAIN {query.text}").fetchall()
    shop.execute(query.text).fetchall()


def test_nearly_each_query_finds_something(shop: psycopg.Connection) -> None:
    empty = {query.name for query in workload() if not shop.execute(query.text).fetchall()}
    assert empty <= {"orders and payments that differ", "customers with a birthday today"}


def test_the_workload_is_well_formed() -> None:
    queries = workload()
    assert 40 <= len(queries) <= 60
    assert len({query.name for query in queries}) == len(queries)
    assert all(query.calls > 0 and not query.text.endswith(";") for query in queries)


def test_defects_are_unique() -> None:
    assert len({(defect.rule, defect.object) for defect in DEFECTS}) == len(DEFECTS)
    assert len({defect.planted for defect in DEFECTS}) == len(DEFECTS)
    assert len({defect.rule for defect in DEFECTS}) >= 30


EXISTS = {
    "table": "SELECT to_regclass(%(name)s) IS NOT NULL",
    "partitioned table": "SELECT to_regclass(%(name)s) IS NOT NULL",
    "index": "SELECT to_regclass(%(name)s) IS NOT NULL",
    "sequence": "SELECT to_regclass(%(name)s) IS NOT NULL",
    "materialized view": "SELECT to_regclass(%(name)s) IS NOT NULL",
    "function": "SELECT EXISTS (SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace"
    " WHERE format('%%s.%%s(%%s)', nspname, proname, pg_get_function_identity_arguments(p.oid))"
    " = %(name)s)",
    "role": "SELECT to_regrole(%(name)s) IS NOT NULL",
    "column": "SELECT EXISTS (SELECT FROM pg_attribute"
    " WHERE attrelid = to_regclass(%(table)s) AND attname = %(part)s)",
    "constraint": "SELECT EXISTS (SELECT FROM pg_constraint"
    " WHERE conrelid = to_regclass(%(table)s) AND conname = %(part)s)",
    "trigger": "SELECT EXISTS (SELECT FROM pg_trigger"
    " WHERE tgrelid = to_regclass(%(table)s) AND tgname = %(part)s)",
}


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: f"{defect.rule}-{defect.object}")
def test_the_object_of_each_defect_exists(shop: psycopg.Connection, defect: Defect) -> None:
    name = defect.object.name
    table, _, part = name.rpartition(".")
    values = {"name": name, "table": table, "part": part}
    assert shop.execute(EXISTS[defect.object.kind], values).fetchone() == (True,)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (
            "SELECT count(*) FROM shop.payments WHERE order_id NOT IN (SELECT id FROM shop.orders)",
            12,
        ),
        (
            "SELECT count(*) FROM shop.reviews"
            " WHERE product_id NOT IN (SELECT id FROM shop.products)",
            9,
        ),
        ("SELECT count(*) - count(DISTINCT lower(email)) FROM shop.users", 40),
        ("SELECT last_value FROM shop.product_images_id_seq", 7420),
        ("SELECT max(id) FROM shop.product_images", 8000),
        ("SELECT last_value * 100 / 2147483647 FROM shop.email_queue_id_seq", 93),
        ("SELECT last_value FROM shop.coupons_id_seq", 30479),
        (
            "SELECT indisvalid FROM pg_index"
            " WHERE indexrelid = 'shop.users_email_lower_key'::regclass",
            False,
        ),
        ("SELECT count(*) FROM pg_index WHERE NOT indisvalid", 1),
        ("SELECT relispopulated FROM pg_class WHERE relname = 'monthly_sales'", False),
        ("SELECT count(*) FROM pg_index WHERE indrelid = 'shop.inventory'::regclass", 9),
        (
            "SELECT count(*) FROM pg_stats WHERE schemaname = 'shop'"
            " AND tablename IN ('supplier_price_import', 'events')",
            0,
        ),
        (
            "SELECT count(*) > 1 FROM shop.carts WHERE closed_at IS NULL"
            " GROUP BY user_id ORDER BY 1 DESC LIMIT 1",
            True,
        ),
        ("SELECT count(*) > 5000 FROM shop.events_default", True),
        (
            "SELECT bool_and(tableoid = 'shop.events_default'::regclass) FROM shop.events"
            " WHERE occurred_at > now() - interval '1 month'",
            True,
        ),
    ],
)
def test_what_the_defects_say_is_true(shop: psycopg.Connection, query: str, found: object) -> None:
    assert one(shop, query) == found


def test_rows_that_belong_together_agree(shop: psycopg.Connection) -> None:
    """Apart from what is planted, the shop's books are in order."""
    assert one(shop, "SELECT count(*) FROM shop.orders WHERE total <> shop.order_total(id)") == 0
    early = (
        "SELECT count(*) FROM shop.orders JOIN shop.users ON users.id = orders.user_id"
        " WHERE orders.ordered_at < users.created_at"
    )
    assert one(shop, early) == 0


@pytest.mark.parametrize("any_postgresql", OUTER_MAJORS, indirect=True)
def test_it_builds_and_runs_on_each_major(any_database: Any) -> None:
    url = any_database.url
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            build(connection)
            for query in workload():
                connection.execute(query.text)
    finally:
        clear(url)


def test_it_tells_its_progress(empty: str) -> None:
    told: list[tuple[str, int | None, int | None]] = []
    with psycopg.connect(empty) as connection:
        build(connection, lambda doing, done=None, total=None: told.append((doing, done, total)))
        assert connection.autocommit is False
    assert len({doing for doing, _, _ in told}) == len(told)
    assert [done for _, done, _ in told] == list(range(len(told)))
    assert {total for _, _, total in told} == {len(told) - 1}


def test_a_build_that_is_stopped_leaves_nothing(empty: str) -> None:
    def stop(doing: str, done: int | None = None, total: int | None = None) -> None:
        if doing == "taking orders":
            raise KeyboardInterrupt

    with psycopg.connect(empty) as connection:
        with pytest.raises(KeyboardInterrupt):
            build(connection, stop)
        assert one(connection, "SELECT count(*) FROM pg_namespace WHERE nspname = 'shop'") == 0


def test_a_database_that_has_a_shop_is_left_alone(empty: str) -> None:
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA shop")
        with pytest.raises(UsageError, match="has a schema shop"):
            build(connection)


def test_a_user_who_is_no_superuser_is_refused(empty: str) -> None:
    with psycopg.connect(empty, autocommit=True) as connection:
        connection.execute("SET SESSION AUTHORIZATION pg_monitor")
        with pytest.raises(UsageError, match="may not"):
            build(connection)
