"""Rewrites after one another, what is refused and how it is told, figures, and what a file sets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from tests.tune.rewrites.place import execute, snapshot_of

from dbwright.configuration import Configuration
from dbwright.errors import BadConfiguration
from dbwright.model.catalog import Catalog
from dbwright.model.finding import Severity
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.sandbox import Server
from dbwright.sandbox.twin.twin import Twin, twin
from dbwright.sql.fingerprint import fingerprint
from dbwright.tune.rewrites.advise import DEEP, advise_rewrites
from dbwright.tune.rewrites.configure import ChosenRewrites, choose_rewrites
from dbwright.tune.rewrites.counts import told
from dbwright.tune.rewrites.describe import described_rewrites
from dbwright.tune.rewrites.proof import Prover
from dbwright.tune.rewrites.registry import all_rewrites
from dbwright.tune.rewrites.rewrite import Rewrite, Rewritten, rewrite
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.rules.huge_in_list import huge_in_list
from dbwright.tune.rewrites.source import Source, read_source
from dbwright.tune.workload.weighted import Weighted, weighted

MORE = """
CREATE TABLE clicks (id int, day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE clicks_1 PARTITION OF clicks FOR VALUES FROM ('2024-01-01') TO ('2024-02-01');
CREATE TABLE clicks_2 PARTITION OF clicks FOR VALUES FROM ('2024-02-01') TO ('2024-03-01');
INSERT INTO clicks SELECT n, date '2024-01-01' + n % 60 FROM generate_series(1, 1000) n;
ANALYZE clicks;
"""
THREE_FAULTS = (
    "SELECT DISTINCT c.id, c.name FROM customers c LEFT JOIN orders o ON o.customer_id = c.id "
    "WHERE c.joined::date = '2024-02-01'"
)
COUNTED = (
    "SELECT customer_id, count(*) FROM (SELECT * FROM orders ORDER BY total, status, placed) o "
    "GROUP BY customer_id"
)
OVER = "SELECT customer_id, count(*) OVER (PARTITION BY customer_id) FROM orders"


@pytest.fixture(scope="module")
def snapshot(postgresql: Server) -> Snapshot:
    postgresql.create_database("further")
    index = "CREATE INDEX customers_joined ON customers (joined);"
    execute(postgresql.url("further"), SHOP + index + MORE)
    return snapshot_of(postgresql.url("further"))


@pytest.fixture(scope="module")
def copy(snapshot: Snapshot) -> Iterator[Twin]:
    with twin(snapshot) as found:
        yield found


def statements(snapshot: Snapshot, copy: Twin, *texts: str) -> list[Weighted]:
    queries = [Query(text, calls=10, fingerprint=fingerprint(text)) for text in texts]
    with copy.connect() as connection:
        return weighted(queries, snapshot, connection)[0]


def test_rewrites_follow_one_another(snapshot: Snapshot, copy: Twin) -> None:
    queries = statements(snapshot, copy, THREE_FAULTS)
    (finding,), counts = advise_rewrites(queries, snapshot, copy)
    steps = finding.evidence["steps"]
    assert isinstance(steps, list) and 1 < len(steps) <= DEEP
    rules = {str(step).partition(":")[0] for step in steps}
    assert rules <= {
        "rewrites/left-join-without-effect",
        "rewrites/redundant-distinct",
        "rewrites/function-on-compared-column",
    }
    assert finding.rule in rules
    (text,) = cast(list[str], finding.evidence["rewritten"])
    assert "orders" not in text and "joined >= '2024-02-01'" in text
    assert finding.advice.startswith("1. rewrites/") and "\n2. rewrites/" in finding.advice
    assert f"in {len(steps)} steps" in finding.message
    assert counts.different == 0 and counts.broken == {}
    with Prover(snapshot, copy.server) as prover:
        assert prover.prove(THREE_FAULTS, text).equal


def tempting() -> Rewrite:
    def counted_over(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
        if "GROUP BY" in source.text:
            yield Rewritten(OVER, "each row has the count of its group")

    return replace(all_rewrites()[0], id="rewrites/counted-over", function=counted_over)


def test_a_tempting_one_is_refused_and_its_counter_example_told(
    snapshot: Snapshot, copy: Twin
) -> None:
    queries = statements(snapshot, copy, COUNTED, "SELECT id FROM customers WHERE id = 7")
    findings, counts = advise_rewrites(queries, snapshot, copy, rewrites=[tempting()])
    assert findings == [] and counts.different == 1
    (line,) = told(counts)
    assert line.part == "tune.rewrites" and line.rules == ("rewrites/counted-over",)
    assert "\n" not in line.reason and "gave other rows" in line.reason
    assert "2 rows instead of 1 row" in line.reason and "public.orders: (id=" in line.reason
    assert line.objects[0].startswith("SELECT customer_id")


def source_of(query: str, snapshot: Snapshot) -> Source:
    found = read_source(query, snapshot.catalog, snapshot.statistics)
    assert found is not None
    return found


def rewrites_of(name: str, source: Source, **thresholds: object) -> list[Rewritten]:
    (found,) = (each for each in all_rewrites() if each.id == f"rewrites/{name}")
    return list(found.function(source, source.catalog, **thresholds))


def test_a_count_of_partitions_is_the_sum_of_their_estimates(
    snapshot: Snapshot, postgresql: Server
) -> None:
    import psycopg

    source = source_of("SELECT count(*) AS n FROM clicks", snapshot)
    assert rewrites_of("count-of-whole-table", source) == []
    (found,) = rewrites_of("count-of-whole-table", source, min_rows=1000)
    assert found.evidence["estimated_rows"] == 1000
    with psycopg.connect(postgresql.url("further")) as connection:
        cursor = connection.execute(found.text.encode())
        assert cursor.fetchall() == [(1000,)]
        assert cursor.description is not None and cursor.description[0].name == "n"


@pytest.mark.parametrize(
    ("condition", "major"),
    [
        ("status IN ('new', 'paid', 'a''b')", 13),
        ("coupon_id NOT IN (1, 2, 3)", 14),
        ("customer_id NOT IN (1, 2, 3)", 14),
        ("due IN ('2024-01-01', '2024-01-02', '2024-02-29')", 12),
    ],
)
def test_a_list_that_an_old_server_searches_is_joined(
    snapshot: Snapshot, copy: Twin, condition: str, major: int
) -> None:
    server = replace(snapshot.catalog.server, version_number=major * 10000)
    old = replace(snapshot.catalog, server=server)
    query = f"SELECT id FROM orders WHERE {condition}"
    source = read_source(query, old)
    assert source is not None
    joined, array = huge_in_list.function(source, old, min_values=3)
    assert "VALUES" in joined.text and "$1" in array.text
    with Prover(snapshot, copy.server) as prover:
        assert prover.prove(query, joined.text).equal
    new = huge_in_list.function(source_of(query, snapshot), snapshot.catalog, min_values=3)
    assert [rewritten.text for rewritten in new] == [array.text]


def chosen(**rules: Any) -> ChosenRewrites:
    return choose_rewrites(Configuration(rules=rules, file=Path("dbwright.toml")))


def test_what_a_file_sets(snapshot: Snapshot, copy: Twin) -> None:
    found = chosen(
        **{
            "rewrites/offset-pagination": {"enabled": False},
            "rewrites/huge-in-list": {"min_values": 3, "severity": "warning"},
            "rewrites/function-on-compared-column": {"ignore": ["*orders*"]},
            "plans/heap-fetches": {"enabled": False},
        }
    )
    assert {each.id for each in all_rewrites()} - {each.id for each in found.rewrites} == {
        "rewrites/offset-pagination"
    }
    (off,) = found.rules.switched_off
    assert off.rules == ("rewrites/offset-pagination",)
    queries = statements(
        snapshot,
        copy,
        "SELECT id FROM orders ORDER BY id LIMIT 20 OFFSET 5000",
        "SELECT id FROM orders WHERE coupon_id IN (1, 2, 3)",
        "SELECT id FROM orders WHERE placed::date = '2024-05-17'",
    )
    findings, _ = advise_rewrites(
        queries, snapshot, copy, rewrites=found.rewrites, thresholds=found.rules.thresholds
    )
    shown, skipped = found.rules.applied(findings)
    assert [(one.rule, one.severity) for one in shown] == [
        ("rewrites/huge-in-list", Severity.WARNING)
    ]
    (ignored,) = skipped
    assert ignored.rules == ("rewrites/function-on-compared-column",)


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("rewrites/huge-in-lists", {}, ["no such rewrite", "rewrites/huge-in-list"]),
        ("rewrites/huge-in-list", {"values": 3}, ["no such threshold", "min_values"]),
        ("rewrites/huge-in-list", {"min_values": "many"}, ["min_values", "integer"]),
    ],
)
def test_what_can_t_be_set(name: str, settings: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(BadConfiguration) as problem:
        chosen(**{name: settings})
    text = f"{problem.value.message} {problem.value.next_step}"
    assert all(word in text for word in words)


def test_each_has_a_page() -> None:
    for found in described_rewrites():
        assert found.topic == "rewrites" and found.title and found.found and found.not_found
        assert found.found[1].rstrip().endswith(";")


def test_a_rewrite_reads_the_query_and_the_catalog_only() -> None:
    def other(source: Source, statistics: object) -> Iterator[Rewritten]:
        yield from ()

    def bare(source: Source, catalog: Catalog, *, most: int = 3) -> Iterator[Rewritten]:
        yield from ()

    example = all_rewrites()[0].bad
    for function in (other, bare):
        with pytest.raises(TypeError):
            rewrite(severity=Severity.NOTICE, bad=example, good=example)(function)
