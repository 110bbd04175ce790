"""Updates that stop being HOT, as the model says and as the server counts them."""

from __future__ import annotations

import pytest

from dbwright.engines.postgresql.read import read
from dbwright.engines.postgresql.session import Session
from dbwright.model.catalog import Index, IndexColumn, Table
from dbwright.model.snapshot import Snapshot
from dbwright.model.statistics import Statistics
from dbwright.tune.indexes.estimate import estimated_size
from dbwright.tune.indexes.insert_cost import InsertCost
from dbwright.tune.indexes.widths import KeyWidth
from dbwright.tune.indexes.write_estimate import (
    estimated_writes,
    insert_places,
    table_writes,
    used_columns,
)
from dbwright.tune.indexes.writes import TableWrites, UpdateKind, write_cost
from servers.postgresql import Database

ENTRY = InsertCost(64.0, 16.0, 3.0, 0.5)


def writes(**changes: object) -> TableWrites:
    usual: dict[str, object] = {
        "inserted": 1000.0,
        "updated": 10_000.0,
        "deleted": 100.0,
        "hot_share": 0.9,
        "columns": ("a", "b", "c", "d", "e"),
        "indexed": frozenset({"id"}),
        "other_indexes": (ENTRY, ENTRY),
    }
    return TableWrites(**{**usual, **changes})  # type: ignore[arg-type]


def look(database: Database) -> tuple[Snapshot, Table, Statistics]:
    with Session.open(database.url, 30) as session:
        snapshot = read(session)
    assert snapshot.statistics is not None
    return snapshot, snapshot.catalog.table("public.account"), snapshot.statistics


def counted(database: Database) -> tuple[int, int]:
    """Updates, and those that were HOT, up to now."""
    (row,) = database.execute(
        "SELECT pg_stat_force_next_flush(); SELECT n_tup_upd, n_tup_hot_upd "
        "FROM pg_stat_user_tables WHERE relname = 'account'"
    )
    updates, hot = row
    return int(updates), int(hot)


@pytest.fixture
def account(database: Database) -> Database:
    """With room on its pages; two of three updates set the balance, one sets the note."""
    database.execute(
        """CREATE TABLE account (id int PRIMARY KEY, balance int, note text, city text)
            WITH (fillfactor = 40, autovacuum_enabled = off);
        INSERT INTO account SELECT g, g, 'note ' || g, 'city' FROM generate_series(1, 3000) g"""
    )
    database.execute("VACUUM ANALYZE account")
    return database


def update(database: Database) -> None:
    """3,000 updates, of a third of the rows each."""
    database.execute("UPDATE account SET balance = balance + 1 WHERE id % 3 = 0")
    database.execute("UPDATE account SET balance = balance + 1 WHERE id % 3 = 1")
    database.execute("UPDATE account SET note = note || '.' WHERE id % 3 = 2")


def test_updates_that_lose_hot(account: Database) -> None:
    update(account)
    assert counted(account) == (3000, 3000)
    account.execute("VACUUM account")
    snapshot, table, statistics = look(account)
    before = table_writes(table, snapshot.catalog, statistics)
    assert before.hot_share == 1
    index = Index(1, "public", "new", "btree", (IndexColumn("balance"),))
    size = estimated_size(index, table, snapshot.catalog, statistics)
    cost = estimated_writes(
        index,
        table,
        snapshot.catalog,
        statistics,
        size,
        before,
        updates=[UpdateKind(frozenset({"balance"}), 2000), UpdateKind(frozenset({"note"}), 1000)],
    )
    account.execute("CREATE INDEX ON account (balance)")
    account.execute("SELECT pg_stat_reset()")
    update(account)
    updates, hot = counted(account)
    assert updates == 3000
    assert cost.updates_that_lose_hot_share == pytest.approx(1 - hot / updates, abs=0.01)
    assert cost.updates_that_write_share == pytest.approx(2 / 3, abs=0.01)
    assert cost.updates_known


def test_columns_that_an_index_uses(account: Database) -> None:
    account.execute(
        "CREATE INDEX ON account (lower(note)) INCLUDE (balance) WHERE city IS NOT NULL"
    )
    _, table, _ = look(account)
    found = {index.name: used_columns(index, table) for index in table.indexes}
    assert found.pop("account_pkey") == {"id"}
    assert list(found.values()) == [{"note", "balance", "city"}]


def test_what_can_not_be_read_uses_everything(account: Database) -> None:
    _, table, _ = look(account)
    unread = Index(1, "public", "new", "btree", (IndexColumn(None, None),))
    assert used_columns(unread, table) == {"id", "balance", "note", "city"}


def test_statements_decide() -> None:
    """A column that nobody sets costs the updates nothing."""
    kinds = [UpdateKind(frozenset({"a", "b"}), 9), UpdateKind(frozenset({"c"}), 1)]
    harmless = write_cost(ENTRY, {"d"}, writes(), updates=kinds)
    assert harmless.updates_that_lose_hot_share == 0
    assert harmless.updates_that_write_share == pytest.approx(0.1)  # not HOT for lack of room
    harmful = write_cost(ENTRY, {"a"}, writes(), updates=kinds)
    assert harmful.updates_that_lose_hot_share == pytest.approx(0.81)
    assert harmful.bytes_per_update == pytest.approx(0.91 * 80 + 0.81 * 160)
    assert harmful.bytes_per_day is not None
    assert harmless.bytes_per_day is not None
    assert harmful.bytes_per_day > 5 * harmless.bytes_per_day


def test_indexed_already_loses_nothing() -> None:
    cost = write_cost(ENTRY, {"a"}, writes(indexed=frozenset({"id", "a"}), hot_share=0.4))
    assert cost.updates_that_lose_hot_share == 0
    assert cost.updates_that_write_share == pytest.approx(0.6)


def test_unknown_statements_suppose_two_columns() -> None:
    cost = write_cost(ENTRY, {"a"}, writes())
    assert not cost.updates_known
    assert cost.updates_that_lose_hot_share == pytest.approx(0.9 * 2 / 5)


def test_summarizing_index_keeps_hot() -> None:
    kinds = [UpdateKind(frozenset({"a"}))]
    cost = write_cost(ENTRY, {"a"}, writes(), updates=kinds, summarizing=True)
    assert cost.updates_that_lose_hot_share == 0


def test_partial_index_costs_its_share() -> None:
    whole = write_cost(ENTRY, {"a"}, writes(updated=0.0))
    tenth = write_cost(ENTRY, {"a"}, writes(updated=0.0), share=0.1)
    assert whole.bytes_per_day is not None
    assert tenth.bytes_per_day == pytest.approx(whole.bytes_per_day / 10)


def test_no_rate_without_a_window() -> None:
    cost = write_cost(ENTRY, {"a"}, writes(inserted=None, updated=None, deleted=None))
    assert (cost.bytes_per_day, cost.dirtied_per_day) == (None, None)
    assert cost.bytes_per_write == 80


def test_rates_follow_the_window(account: Database) -> None:
    snapshot, table, statistics = look(account)
    found = table_writes(table, snapshot.catalog, statistics)
    days = statistics.window_days
    if days is None:  # counters that were never reset since the cluster was made
        assert found.inserted is None
    else:
        assert found.inserted == pytest.approx(3000 / days)
    assert found.columns == ("balance", "note", "city")
    assert len(found.other_indexes) == 1


def test_partitions_are_counted_together(database: Database) -> None:
    database.execute(
        """SELECT pg_stat_reset();
        CREATE TABLE account (id int PRIMARY KEY, balance int) PARTITION BY RANGE (id);
        CREATE TABLE account_1 PARTITION OF account FOR VALUES FROM (0) TO (500);
        CREATE TABLE account_2 PARTITION OF account FOR VALUES FROM (500) TO (2000)"""
    )
    database.execute(
        "INSERT INTO account SELECT g, g FROM generate_series(1, 1000) g; "
        "UPDATE account SET balance = 0 WHERE id % 100 = 0"
    )
    database.execute("ANALYZE account")
    snapshot, table, statistics = look(database)
    found = table_writes(table, snapshot.catalog, statistics)
    days = statistics.window_days
    assert days is not None
    assert (found.inserted, found.updated) == (
        pytest.approx(1000 / days),
        pytest.approx(10 / days),
    )
    assert 0 < found.hot_share <= 1
    index = Index(1, "public", "new", "btree", (IndexColumn("balance"),))
    size = estimated_size(index, table, snapshot.catalog, statistics)
    cost = estimated_writes(index, table, snapshot.catalog, statistics, size, found)
    assert cost.bytes_per_day is not None
    assert cost.bytes_per_day > 1000 / days * 60


def test_places_where_entries_come() -> None:
    customer = KeyWidth("customer", ((4, 1.0),), correlation=0.02)
    at = KeyWidth("at", ((8, 1.0),), correlation=1.0)
    assert insert_places([at], [1e6]) == 1
    assert insert_places([customer, at], [500, 1e6]) == 500
    assert insert_places([customer], [500]) == 500
