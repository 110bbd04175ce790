"""Views that are advised give the queries' own rows, on a real server, also after a refresh."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from tests.tune.views.place import SHOP, advised, execute, snapshot_of

from dbwright.model.finding import ProofLevel
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.sandbox import Server
from dbwright.sandbox.twin.twin import Twin, twin
from dbwright.tune.views.candidates import Limits
from servers.postgresql import Database

SERVED = {
    "an equality": "SELECT day, count(*), avg(total) FROM shop.orders WHERE status = 'paid' GROUP BY day",
    "no condition": "SELECT status, sum(total), max(at) FROM shop.orders GROUP BY status ORDER BY 2 DESC",
    "a range, combined": "SELECT status, sum(pieces), count(total), min(total), avg(pieces) FROM shop.orders "
    "WHERE day BETWEEN '2025-01-05' AND '2025-01-20' GROUP BY status ORDER BY sum(pieces), status LIMIT 2",
    "a list, combined": "SELECT sum(total) AS s, count(*) FROM shop.orders WHERE day IN ('2025-01-05', '2025-01-06')",
    "no rows at all": "SELECT count(*), sum(pieces), avg(total) FROM shop.orders WHERE day = '1999-01-01'",
    "a null test": "SELECT day, count(*) FROM shop.orders WHERE status IS NULL GROUP BY day",
    "not equal": "SELECT day, sum(pieces) FROM shop.orders WHERE status <> 'paid' GROUP BY 1 HAVING sum(pieces) > 500",
    "having of one group": "SELECT day AS d, count(*) AS n FROM shop.orders WHERE status = 'open' GROUP BY d "
    "HAVING count(*) > 100 ORDER BY n DESC, d",
    "a join": "SELECT c.country, count(*), sum(o.total) / count(*) AS mean FROM shop.orders o "
    "JOIN shop.customers c ON c.id = o.customer_id WHERE o.status = 'paid' GROUP BY c.country",
    "what a key determines": "SELECT c.id, upper(c.name) AS name, sum(o.pieces) FROM shop.orders o "
    "JOIN shop.customers c ON c.id = o.customer_id GROUP BY c.id ORDER BY c.name, c.id",
    "an expression": "SELECT date_trunc('month', at AT TIME ZONE 'UTC') AS month, count(DISTINCT customer_id) "
    "FROM shop.orders WHERE status = 'paid' GROUP BY 1 ORDER BY 1",
    "a filter and a case": "SELECT day, count(*) FILTER (WHERE status = 'open'), sum(CASE WHEN total > 5 THEN 1 ELSE 0 END) "
    "FROM shop.orders GROUP BY day",
    "odd names": 'SELECT "Size", "Size"::text || \'!\' AS "Shown As", max(pieces) FROM shop.orders WHERE pieces > 2 GROUP BY "Size"',
    "a left join": "SELECT c.country, count(o.id) FROM shop.customers c LEFT JOIN shop.orders o ON o.customer_id = c.id "
    "GROUP BY c.country",
    "a day of a time": "SELECT (at AT TIME ZONE 'UTC')::date AS day, extract(dow FROM at AT TIME ZONE 'UTC') AS dow, "
    "sum(pieces) FROM shop.orders GROUP BY 1, 2 ORDER BY 1",
    "a month by name": "SELECT count(*), sum(total) FROM shop.orders WHERE date_trunc('month', day) = date '2025-01-01'",
    "an enum": "SELECT status, count(*) FROM shop.orders WHERE \"Size\" = 'small' GROUP BY status",
    "a time's day": "SELECT status, max(total) FROM shop.orders WHERE at::date >= '2025-01-20' "
    "AND at::date < '2025-02-03' GROUP BY status",
    "a changing day": "SELECT status, count(*) FROM shop.orders WHERE day >= CURRENT_DATE - 100000 GROUP BY status",
}
LEFT = {
    "other groups than rows": "SELECT id, count(*) FROM shop.orders GROUP BY id",
    "distinct over a range": "SELECT count(DISTINCT customer_id) FROM shop.orders WHERE day > '2025-01-05'",
    "sums that round": "SELECT status, sum(weight) FROM shop.orders WHERE day > '2025-01-05' GROUP BY status",
    "a window": "SELECT day, rank() OVER (ORDER BY count(*)) FROM shop.orders GROUP BY day",
    "no aggregate": "SELECT day FROM shop.orders GROUP BY day",
    "grouping sets": "SELECT day, status, count(*) FROM shop.orders GROUP BY ROLLUP (day, status)",
    "a constant in a subquery": "SELECT day, count(*) FROM shop.orders WHERE customer_id IN "
    "(SELECT id FROM shop.customers WHERE country = 'c1') GROUP BY day",
    "a cast of a numeric": "SELECT day, count(*) FROM shop.orders WHERE total::text = '1.00' GROUP BY day",
}
SAID = {
    "SELECT kind, sum(amount) FROM shop.secrets GROUP BY kind": "row level security",
    "SELECT shop.rate(pieces), count(*) FROM shop.orders GROUP BY 1": "calls rate",
    "SELECT CURRENT_DATE - day, count(*) FROM shop.orders GROUP BY 1": "present time",
    "SELECT random() < 0.5, count(*) FROM shop.orders GROUP BY day": "calls random",
    "SELECT age(at) > interval '1 day', count(*) FROM shop.orders GROUP BY 1": "calls age",
}


@pytest.fixture(scope="module")
def url(postgresql: Server) -> str:
    postgresql.create_database("viewed")
    execute(postgresql.url("viewed"), SHOP)
    return postgresql.url("viewed")


@pytest.fixture(scope="module")
def snapshot(url: str) -> Snapshot:
    return snapshot_of(url)


@pytest.fixture(scope="module")
def copy(snapshot: Snapshot) -> Iterator[Twin]:
    with twin(snapshot) as found:
        yield found


def _rows(connection: psycopg.Connection[object], query: str) -> list[str]:
    cursor = connection.execute(query.encode())
    names = [column.name for column in cursor.description or ()]
    types = [column.type_code for column in cursor.description or ()]
    rows = [repr((names, types, row)) for row in cursor.fetchall()]
    return rows if " ORDER BY " in query else sorted(rows)


@pytest.mark.parametrize("name", SERVED)
def test_a_view_gives_the_same_rows(name: str, url: str, snapshot: Snapshot, copy: Twin) -> None:
    query = SERVED[name]
    (advice,), skipped = advised(snapshot, copy, [query])
    assert skipped == [] and advice.fix is not None
    assert advice.proof.level is ProofLevel.ESTIMATED
    view = advice.fix.down.removeprefix("DROP MATERIALIZED VIEW ").removesuffix(";")
    reading = advice.advice.partition("\n\n")[2]
    with psycopg.connect(url) as connection:
        connection.execute(advice.fix.up.encode())
        assert _rows(connection, reading) == _rows(connection, query)
        connection.execute(
            b"UPDATE shop.orders SET status = 'paid', pieces = NULL, total = 3.50 WHERE id % 5 = 0;"
            b"DELETE FROM shop.orders WHERE day = '2025-01-07' OR id % 9 = 0"
        )
        connection.execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {view}".encode())
        assert _rows(connection, reading) == _rows(connection, query)
        connection.execute(advice.fix.down.encode())
        connection.rollback()


@pytest.mark.parametrize("name", LEFT)
def test_what_no_view_serves_is_left_alone(name: str, snapshot: Snapshot, copy: Twin) -> None:
    assert advised(snapshot, copy, [LEFT[name]]) == ([], [])


@pytest.mark.parametrize("query", SAID)
def test_why_there_is_no_view_is_said(query: str, snapshot: Snapshot, copy: Twin) -> None:
    found, (skipped,) = advised(snapshot, copy, [query])
    assert found == [] and SAID[query] in skipped.reason


def test_queries_that_differ_in_constants_and_order_share_a_view(
    snapshot: Snapshot, copy: Twin
) -> None:
    queries = [
        "SELECT day, count(*) FROM shop.orders WHERE status = 'paid' GROUP BY day",
        "SELECT day, sum(total) FROM shop.orders o WHERE o.status = 'paid' GROUP BY 1 ORDER BY 2 LIMIT 3",
        "SELECT max(total), o.day FROM shop.orders o WHERE 'open' = status GROUP BY o.day",
    ]
    found, _ = advised(snapshot, copy, queries)
    assert sorted(len(advice.evidence["queries"]) for advice in found) == [1, 2]  # type: ignore[arg-type]
    shared = max(found, key=lambda advice: len(str(advice.evidence["queries"])))
    assert shared.fix is not None and "max(o.total) AS max_total" in shared.fix.up
    assert "sum(o.total) AS sum_total" in shared.fix.up
    assert "GROUP BY o.day, o.status" in shared.fix.up


def test_what_refreshes_cost_is_weighed(snapshot: Snapshot, copy: Twin) -> None:
    query = "SELECT day, count(*) FROM shop.orders WHERE status = 'paid' GROUP BY day"
    (advice,), _ = advised(snapshot, copy, [query])
    paid = advice.evidence["refreshes_paid"]
    assert isinstance(paid, float) and 20 < paid < 100  # of a hundred calls
    assert "between refreshes" in advice.advice
    assert advised(snapshot, copy, [query], Limits(50.0, 0.5, paid + 1)) == ([], [])
    assert advised(snapshot, copy, [query], Limits(50.0, 0.0001, 2)) == ([], [])
    assert advised(snapshot, copy, [query], Limits(5000.0, 0.5, 2)) == ([], [])


def test_the_cost_on_the_twin_is_that_of_the_real_view(
    url: str, snapshot: Snapshot, copy: Twin
) -> None:
    query = "SELECT pieces, count(*) FROM shop.orders WHERE day = '2025-01-09' GROUP BY pieces"
    (advice,), _ = advised(snapshot, copy, [query])
    assert advice.fix is not None
    with psycopg.connect(url) as connection:
        connection.execute(advice.fix.up.encode())
        reading = advice.advice.partition("\n\n")[2]
        row = connection.execute(f"EXPLAIN (FORMAT JSON) {reading}".encode()).fetchone()
        assert row is not None
        real = row[0][0]["Plan"]["Total Cost"] * 100
        count = connection.execute(b"SELECT count(*) FROM shop.orders_by_pieces_day").fetchone()
        connection.rollback()
    assert advice.evidence["cost_after"] == pytest.approx(real, rel=0.3)
    assert count is not None and advice.evidence["view_rows"] == pytest.approx(count[0], rel=0.5)


def test_constants_that_are_only_guessed_never_get_into_a_view(
    snapshot: Snapshot, copy: Twin
) -> None:
    text = "SELECT pieces, sum(total + $1) FROM shop.orders GROUP BY pieces"
    found, (skipped,) = advised(snapshot, copy, [Query(text, calls=100)])
    assert found == [] and "constants that are not known" in skipped.reason
    lifted = "SELECT pieces, count(*) FROM shop.orders WHERE status = $1 GROUP BY pieces"
    (advice,), _ = advised(snapshot, copy, [Query(lifted, calls=1000)])
    assert advice.fix is not None and "GROUP BY orders.pieces, orders.status" in advice.fix.up


def test_a_view_that_is_there_is_not_advised_again(postgresql: Server) -> None:
    postgresql.create_database("viewed_again")
    url = postgresql.url("viewed_again")
    execute(url, SHOP)
    query = (
        "SELECT date_trunc('day', at AT TIME ZONE 'UTC') AS d, sum(pieces) FROM shop.orders o "
        "WHERE status = 'paid' GROUP BY 1"
    )
    for advised_before in (False, True):
        snapshot = snapshot_of(url)
        with twin(snapshot) as copy:
            found, skipped = advised(snapshot, copy, [query])
        if advised_before:
            assert found == [] and "holds already" in skipped[0].reason
        else:
            assert found[0].fix is not None
            execute(url, found[0].fix.up)


def test_null_keys_can_be_refreshed_concurrently(any_database: Database) -> None:
    """Also where the index takes NULLs as equal (15 and later): what is deleted and inserted again
    is the same row."""
    tails = ["", " NULLS NOT DISTINCT"] if any_database.server.major >= 15 else [""]
    for tail in tails:
        any_database.execute(
            "CREATE TABLE t (a text, b int, c int); "
            "INSERT INTO t VALUES (NULL, 1, 5), ('x', NULL, 6), (NULL, NULL, 7), ('x', 2, 8);"
            "CREATE MATERIALIZED VIEW v AS SELECT a, b, sum(c) AS s FROM t GROUP BY a, b;"
            f"CREATE UNIQUE INDEX ON v (a, b){tail}"
        )
        any_database.execute("INSERT INTO t VALUES (NULL, 1, 1), (NULL, 9, 1)")
        any_database.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY v")
        same = any_database.execute(
            "SELECT count(*) FROM (TABLE v EXCEPT SELECT a, b, sum(c) FROM t GROUP BY a, b) d"
        )
        assert same == [(0,)] and any_database.execute("SELECT count(*) FROM v") == [(5,)]
        any_database.execute("DROP TABLE t CASCADE")
