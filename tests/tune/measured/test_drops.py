"""Indexes that are to be dropped are away in the runs, and stay where a query needs them."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from tests.tune.measured.place import STAGE, advised, copied, queries, tables_of

from dbwright.model.measured import Measured
from dbwright.sandbox import Server
from dbwright.sandbox.copy.copy import Copy
from dbwright.tune.measured.findings import left_of
from dbwright.tune.measured.measure import measure

ONE_CUSTOMER = "SELECT * FROM shop.events WHERE customer_id = 77"
ONE_AMOUNT = "SELECT * FROM shop.events WHERE amount = 5"
FIRST_RARE = (
    "SELECT id, created FROM shop.events WHERE status = 'rare' ORDER BY created, id LIMIT 10"
)
CUSTOMER, AMOUNT, SPARE = "shop.by_customer", "shop.by_amount", "shop.spare"


@pytest.fixture(scope="module")
def place(postgresql: Server) -> Iterator[Copy]:
    postgresql.create_database("measured_drops")
    url = postgresql.url("measured_drops")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(STAGE.read_bytes())
        connection.execute(
            "CREATE INDEX by_customer ON shop.events (customer_id);"
            "CREATE INDEX by_amount ON shop.events (amount);"
            "CREATE INDEX spare ON shop.events (token, amount)"
        )
        connection.execute("VACUUM ANALYZE")
    with copied(url, ["shop.events"]) as made:
        yield made


def replaced(place: Copy, keeper: str, also: str, *statements: str) -> tuple[Measured, list[str]]:
    """by_customer goes for the new index `keeper`, by_amount and spare go for nothing."""
    advice = advised(
        place.snapshot,
        *(keeper, also),
        drops={CUSTOMER: "shop.advised_0_idx", AMOUNT: None, SPARE: None, "shop.gone": None},
    )
    before = tables_of(place, ["shop.events"])
    found, skipped = measure(
        place, queries(place.snapshot, *statements), advice.tuning, advice.candidates
    )
    assert skipped == ()
    assert tables_of(place, ["shop.events"]) == before
    left, _ = left_of(advice.tuning, advice.candidates, found)
    assert all(set(index.replaces) <= {d.name for d in left.drops} for index in left.indexes)
    return found, [drop.name for drop in left.drops]


def test_a_drop_that_slows_a_query_is_taken_back(place: Copy) -> None:
    found, drops = replaced(
        place,
        *("shop.events (customer_id, id)", "shop.events (note)"),
        *(ONE_CUSTOMER, ONE_AMOUNT),
    )
    assert [(index.name, index.query) for index in found.taken_back] == [(AMOUNT, ONE_AMOUNT)]
    assert found.taken_back[0].reason.startswith("without it a query takes")
    assert found.dropped == () and found.kept == (0, 1)
    assert drops == [CUSTOMER, SPARE, "shop.gone"]
    by_text = {query.statement: query for query in found.queries}
    assert by_text[ONE_CUSTOMER].changed, "the new index stands in for the old one"
    assert by_text[ONE_CUSTOMER].equal is True
    assert not by_text[ONE_CUSTOMER].slower
    assert not by_text[ONE_AMOUNT].changed
    (write,) = found.writes
    assert write.insert_wal_bytes_before is not None and write.insert_wal_bytes_after is not None
    # Two are new and two are away; but the new one on note is wide.
    assert write.insert_wal_bytes_after < 2 * write.insert_wal_bytes_before


def test_what_a_new_index_replaces_stays_where_it_does_not_come(place: Copy) -> None:
    found, drops = replaced(
        place,
        *("shop.events (created, customer_id)", "shop.events (note)"),
        *(FIRST_RARE, "SELECT count(*) FROM shop.events WHERE note = 'y'"),
    )
    assert [index.name for index in found.dropped] == ["advised_0_idx"]
    assert [index.name for index in found.taken_back] == [CUSTOMER]
    assert found.kept == (1,)
    assert drops == [AMOUNT, SPARE, "shop.gone"]
