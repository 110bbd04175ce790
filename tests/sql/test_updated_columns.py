"""Which indexes the workload's updates keep from being heap-only."""

from __future__ import annotations

from datetime import UTC, datetime

from dbwright.model.catalog import Catalog, Index, IndexColumn, Server, Table
from dbwright.model.workload import Query, Workload
from dbwright.sql.updated_columns import indexes_of, updated_columns

ORDERS = Table(
    1,
    "shop",
    "orders",
    indexes=(
        Index(2, "shop", "orders_pkey", "btree", (IndexColumn("id"),), primary=True),
        Index(3, "shop", "by_state", "btree", (IndexColumn("state"),)),
        Index(4, "shop", "by_day", "brin", (IndexColumn("changed_at"),)),
        Index(5, "shop", "with_total", "btree", (IndexColumn("id"),), include=("total",)),
        Index(6, "shop", "lower_note", "btree", (IndexColumn(None, "lower(note)"),)),
        Index(
            7,
            "shop",
            "open",
            "btree",
            (IndexColumn("id"),),
            partial=True,
            predicate="(done IS NULL)",
        ),
    ),
)


def catalog(major: int = 18, *more: Table) -> Catalog:
    server = Server(str(major), major * 10000)
    return Catalog("postgresql", server, datetime(2026, 1, 1, tzinfo=UTC), tables=(ORDERS, *more))


def updated(*texts: str, more: tuple[Table, ...] = ()) -> dict[str, frozenset[str]]:
    queries = tuple(Query(text) for text in texts)
    return dict(updated_columns(catalog(18, *more), Workload("a file", queries)))


def test_updates_are_found_however_they_are_written() -> None:
    found = updated(
        "UPDATE orders SET state = $1 WHERE id = $2",
        "with u as (update shop.orders o set total = $1 returning *) select * from u",
        "UPDATE orders SET (done, note) = ($1, $2)",
        "INSERT INTO orders VALUES (1) ON CONFLICT (id) DO UPDATE SET seen = excluded.seen",
        "INSERT INTO orders VALUES (1) ON CONFLICT DO NOTHING",
        "UPDATE orders SET broken = ",
        "SELECT 'UPDATE orders SET quoted = 1'",
    )
    assert found == {"shop.orders": {"state", "total", "done", "note", "seen"}}


def test_a_name_that_two_schemas_have_tells_nothing() -> None:
    other = Table(9, "old", "orders")
    assert updated("UPDATE orders SET state = 1", more=(other,)) == {}
    assert updated("UPDATE old.orders SET state = 1", more=(other,)) == {"old.orders": {"state"}}


def test_without_a_workload_nothing_is_known() -> None:
    assert updated_columns(catalog(), None) == {}


def test_each_way_an_index_can_hold_a_column() -> None:
    def blocking(*columns: str, major: int = 18) -> tuple[str, ...]:
        return indexes_of(catalog(major), ORDERS, frozenset(columns))

    assert blocking("state") == ("shop.by_state",)
    assert blocking("total") == ("shop.with_total",)
    assert blocking("note") == ("shop.lower_note",)
    assert blocking("done") == ("shop.open",)
    assert blocking("changed_at") == ()
    assert blocking("changed_at", major=15) == ("shop.by_day",)
    assert blocking() == ()
