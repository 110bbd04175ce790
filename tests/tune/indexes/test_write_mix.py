"""What a workload writes keeps indexes away that its reads alone would have."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.tune.indexes.workload import advised, snapshot_of

from dbwright.model.snapshot import Snapshot
from servers.postgresql import Database

SCHEMA = """
CREATE TABLE accounts (id bigint PRIMARY KEY, owner int NOT NULL, balance int NOT NULL,
    city int NOT NULL, kind int NOT NULL, opened date NOT NULL, note text NOT NULL)
    WITH (fillfactor = 70);
INSERT INTO accounts SELECT n, n % 9000, (n::bigint * 7919) % 20011, n % 400, n % 500,
    date '2020-01-01' + n % 2000, repeat('x', 90) FROM generate_series(1, 60000) n;
"""
READS = (
    (100, "SELECT note FROM accounts WHERE owner = 17"),
    (20, "SELECT note FROM accounts WHERE city = 17"),
    (20, "SELECT note FROM accounts WHERE kind = 17"),
    (20, "SELECT note FROM accounts WHERE opened = '2021-03-04'"),
    (20, "SELECT note FROM accounts WHERE balance = 17"),
)
INSERT = "INSERT INTO accounts VALUES (0, 1, 2, 3, 4, '2024-01-01', 'x')"
UPDATE = "UPDATE accounts SET balance = balance + 1 WHERE id = 5"


@pytest.fixture
def snapshot(database: Database) -> Snapshot:
    database.execute(SCHEMA)
    database.execute("SET default_statistics_target = 300; ANALYZE")
    database.execute("VACUUM accounts")
    # HOT, as nothing that is set is in an index, and the pages have room.
    database.execute(
        "UPDATE accounts SET balance = balance + 0 WHERE id % 60 = 0; "
        "SELECT pg_stat_force_next_flush()"
    )
    return snapshot_of(database.url)


def tables(definitions: set[str]) -> set[str]:
    """The first key of each."""
    return {text.partition("(")[2].partition(")")[0].partition(",")[0] for text in definitions}


def test_more_writes_fewer_indexes(snapshot: Snapshot) -> None:
    reading = advised(snapshot, READS)
    assert tables(reading.definitions) == {"owner", "city", "kind", "opened", "balance"}
    written = [advised(snapshot, (*READS, (calls, INSERT))) for calls in (300_000, 3_000_000)]
    counts = [len(one.definitions) for one in (reading, *written)]
    assert counts[0] > counts[1] > counts[2]
    assert "owner" in tables(written[0].definitions)


def test_a_statement_that_writes_many_rows_counts_for_many(snapshot: Snapshot) -> None:
    """Where nobody counted them, the planner knows."""
    many = INSERT.replace("VALUES (0, ", "SELECT n, ").replace("(0, 1, 2", "n, 1, 2")
    many = many.replace("'x')", "'x' FROM generate_series(1, 100) n")
    one = advised(snapshot, (*READS, (3_000, INSERT)))
    hundred = advised(snapshot, (*READS, (3_000, many)))
    assert len(hundred.definitions) < len(one.definitions) == 5


def test_a_column_that_updates_set_is_avoided_unless_it_pays(snapshot: Snapshot) -> None:
    """With no index on it all updates are HOT; with one each of them writes to all indexes."""
    updates = (300_000, UPDATE)
    found = advised(snapshot, (*READS, updates))
    assert tables(found.definitions) == {"owner", "city", "kind", "opened"}
    pays = (20_000, "SELECT note FROM accounts WHERE balance = 18")
    found = advised(snapshot, (*READS, updates, pays))
    assert "balance" in tables(found.definitions)
    (index,) = [i for i in found.tuning.indexes if i.definition.startswith("USING btree (balance")]
    assert index.updates_that_lose_hot_share > 0.9


def test_the_workloads_updates_reach_the_write_model(snapshot: Snapshot) -> None:
    """Those of a column that no new index holds lose nothing; where no update is known, each is
    supposed to set any two columns."""

    def lost(texts: Sequence[tuple[int, str]]) -> float:
        (index,) = [
            index
            for index in advised(snapshot, texts).tuning.indexes
            if index.definition.startswith("USING btree (owner")
        ]
        return index.updates_that_lose_hot_share

    assert lost(READS) > 0.1
    assert lost((*READS, (1000, UPDATE))) == 0.0
