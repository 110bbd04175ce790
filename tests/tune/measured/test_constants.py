"""Cost constants: fitted to real runs, tried on real queries, set and taken back on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from tests.tune.measured.place import STAGE, advised, copied, queries, snapshot_of

from dbwright.model.finding import ProofLevel
from dbwright.model.measured import Measured
from dbwright.model.snapshot import Snapshot
from dbwright.sandbox import Server
from dbwright.tune.measured.findings import CONSTANTS_RULE, constants_finding
from dbwright.tune.measured.fit import DEFAULTS
from dbwright.tune.measured.measure import measure

DATABASE = "Constants"


@dataclass(frozen=True)
class Case:
    url: str
    snapshot: Snapshot
    measured: Measured


@pytest.fixture(scope="module")
def case(postgresql: Server) -> Iterator[Case]:
    """A database whose random_page_cost is far too high, so that it avoids its indexes."""
    postgresql.create_database(DATABASE)
    url = postgresql.url(DATABASE)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(STAGE.read_bytes())
        connection.execute("CREATE INDEX by_customer ON shop.events (customer_id)")
        connection.execute("VACUUM ANALYZE")
        connection.execute(f'ALTER DATABASE "{DATABASE}" SET random_page_cost = 100')
    snapshot = snapshot_of(url)
    statements = queries(
        snapshot,
        *(f"SELECT * FROM shop.events WHERE created = {n}" for n in (5, 6, 7)),
        *(f"SELECT count(*) FROM shop.events WHERE created < {n}" for n in (3000, 9000, 20000)),
        *(f"SELECT sum(amount) FROM shop.events WHERE created < {n}" for n in (2, 4, 6)),
        "SELECT sum(amount) FROM shop.events WHERE customer_id = 77",
        "SELECT sum(amount) FROM shop.events WHERE customer_id IN (78, 79)",
    )
    one = advised(snapshot, "shop.events (created)")
    with copied(url, ["shop.events"]) as made:
        found, _ = measure(made, statements, one.tuning, one.candidates)
    yield Case(url, snapshot, found)


def test_they_are_fitted_and_tried(case: Case) -> None:
    constants = case.measured.constants
    assert constants is not None
    assert constants.plans >= 6
    assert constants.before["random_page_cost"] == 100
    assert constants.fitted["seq_page_cost"] == 1
    assert 1 <= constants.fitted["random_page_cost"] <= 10
    assert set(constants.fitted) == set(DEFAULTS)
    assert constants.changed >= 1
    assert constants.better is (constants.reason == "")


def test_the_finding_sets_them_and_takes_them_back(case: Case) -> None:
    finding = constants_finding(case.snapshot.catalog, case.measured)
    assert finding is not None, case.measured.constants
    assert finding.rule == CONSTANTS_RULE
    assert finding.proof.level is ProofLevel.MEASURED
    assert finding.fix is not None
    with psycopg.connect(case.url, autocommit=True) as connection:
        connection.execute(finding.fix.up.encode())
    with psycopg.connect(case.url, autocommit=True) as connection:
        row = connection.execute("SHOW random_page_cost").fetchone()
        assert row is not None and 1 <= float(row[0]) <= 10
        connection.execute(finding.fix.down.encode())
    with psycopg.connect(case.url, autocommit=True) as connection:
        rows = connection.execute(
            "SELECT name, setting::float8 FROM pg_settings WHERE name = ANY (%s)", [list(DEFAULTS)]
        ).fetchall()
    assert dict(rows) == {**DEFAULTS, "random_page_cost": 100}


def test_nothing_is_said_where_nothing_was_fitted(case: Case) -> None:
    assert constants_finding(case.snapshot.catalog, Measured()) is None
