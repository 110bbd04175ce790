"""Indexes that are to be dropped are away in the runs, and stay where a query needs them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
import pytest
from tests.tune.measured.place import STAGE, advised, copied, queries, tables_of

from dbwright.model.measured import Measured
from dbwright.progress import silent
from dbwright.sandbox import Server
from dbwright.sandbox.copy.copy import Copy
from dbwright.tune.measured.findings import left_of
from dbwright.tune.measured.measure import measure
from dbwright.tune.measured.mend import mended
from dbwright.tune.measured.runs import Limits
from dbwright.tune.measured.stage import Stage
from dbwright.tune.measured.trial import on_trial

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


def replaced(
    place: Copy, keeper: str, also: str | None, *statements: str
) -> tuple[Measured, list[str]]:
    """by_customer goes for the new index `keeper`, by_amount and spare go for nothing."""
    advice = advised(
        place.snapshot,
        *((keeper,) if also is None else (keeper, also)),
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


def test_drops_that_need_no_new_index_go_where_all_new_ones_are_refused(place: Copy) -> None:
    found, drops = replaced(place, "shop.events (created, customer_id)", None, FIRST_RARE)
    assert found.refused and "each of the indexes" in found.reason
    assert found.kept == ()
    assert drops == [AMOUNT, SPARE, "shop.gone"]


def test_where_no_time_is_left_to_mend_a_set_only_known_drops_go(place: Copy) -> None:
    advice = advised(
        place.snapshot, "shop.events (created)", drops={AMOUNT: None, SPARE: None, CUSTOMER: None}
    )
    limits = Limits(60.0, time.monotonic() + 600)
    over = Limits(60.0, time.monotonic())
    with place.connect() as connection:
        stage = Stage(place, connection)
        assert not [*stage.build(advice.tuning.indexes, advice.candidates, limits.deadline, silent)]
        stage.add_drops(advice.tuning.drops, advice.tuning.indexes, advice.candidates)
        try:
            found = [
                on_trial(stage, query, one)
                for query, one in zip(
                    queries(place.snapshot, FIRST_RARE, ONE_AMOUNT), (limits, over), strict=True
                )
            ]
            trials = [trial for trial in found if trial is not None]
            assert trials[0].slower(stage.everything)
            left = mended(stage, trials, {0: 1.0}, over, silent)
        finally:
            stage.drop(stage.there)
    assert left.refused and "no time was left" in left.reason
    assert [advice.tuning.drops[number - 1].name for number in sorted(left.state.made)] == [
        SPARE,
        CUSTOMER,
    ], "nobody knows what the query by amount takes without its index"
