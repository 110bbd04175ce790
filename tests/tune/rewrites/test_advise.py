"""From a workload to findings: cheaper on the twin, equal by running, the wrong ones thrown away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.tune.rewrites.place import execute, snapshot_of

from dbwright.model.catalog import Catalog
from dbwright.model.finding import ProofLevel
from dbwright.model.measured import MeasuredRewrite, Run
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.sandbox import Server
from dbwright.sandbox.twin.twin import Twin, twin
from dbwright.tune.rewrites.advise import advise_rewrites
from dbwright.tune.rewrites.counts import told
from dbwright.tune.rewrites.registry import all_rewrites
from dbwright.tune.rewrites.rewrite import Rewrite, Rewritten
from dbwright.tune.rewrites.rules._shop import SHOP
from dbwright.tune.rewrites.source import Source
from dbwright.tune.workload.weighted import Weighted, weighted

COUNTED = (
    "SELECT name FROM customers c "
    "WHERE (SELECT count(*) FROM orders o WHERE o.customer_id = c.id AND o.total > $1) > 0"
)
QUERIES = (
    Query(COUNTED, calls=10, example=COUNTED.replace("$1", "5"), parameters=("5",)),
    Query("SELECT id FROM orders WHERE placed::date = '2024-05-17' -- the day", calls=1000),
    Query("SELECT DISTINCT id FROM orders WHERE random() < 0.5"),
    Query("SELECT id FROM customers WHERE id = 7"),
    Query("UPDATE orders SET total = 1 WHERE id = 7"),
)


@pytest.fixture(scope="module")
def snapshot(postgresql: Server) -> Snapshot:
    postgresql.create_database("advised")
    execute(postgresql.url("advised"), SHOP)
    return snapshot_of(postgresql.url("advised"))


@pytest.fixture(scope="module")
def copy(snapshot: Snapshot) -> Iterator[Twin]:
    with twin(snapshot) as found:
        yield found


@pytest.fixture(scope="module")
def statements(snapshot: Snapshot, copy: Twin) -> list[Weighted]:
    with copy.connect() as connection:
        found, skipped = weighted(QUERIES, snapshot, connection)
    assert skipped == []
    return found


def test_what_is_equal_and_cheaper_is_found(
    statements: list[Weighted], snapshot: Snapshot, copy: Twin
) -> None:
    findings, counts = advise_rewrites(statements, snapshot, copy)
    assert sorted(finding.rule for finding in findings) == [
        "rewrites/count-compared-with-zero",
        "rewrites/function-on-compared-column",
    ]
    for finding in findings:
        assert finding.fix is None
        assert finding.proof.level is ProofLevel.ESTIMATED
        before, after = finding.evidence["cost_before"], finding.evidence["cost_after"]
        assert isinstance(before, float) and isinstance(after, float) and after <= 0.9 * before
        assert "equal results on" in finding.proof.reproduce
    (counted,) = (f for f in findings if f.rule == "rewrites/count-compared-with-zero")
    others = counted.evidence["other_rewrites"]
    assert isinstance(others, list) and "correlated-scalar-subquery: cost" in others[0]
    by_rule = {finding.rule: finding for finding in findings}
    shown = {rule: str(finding.evidence["rewritten"]) for rule, finding in by_rule.items()}
    assert "EXISTS (SELECT 1" in shown["rewrites/count-compared-with-zero"]
    assert "placed < '2024-05-18'" in shown["rewrites/function-on-compared-column"]
    assert counts.queries == 4
    assert counts.shown == 2 and counts.different == 0
    assert counts.not_comparable == 1  # it calls random()
    assert counts.broken == {} and counts.not_planned == 0


def test_two_runs_say_the_same(statements: list[Weighted], snapshot: Snapshot, copy: Twin) -> None:
    assert advise_rewrites(statements, snapshot, copy) == advise_rewrites(
        statements, snapshot, copy
    )


def test_a_wrong_rewrite_is_thrown_away_with_its_counter_example(
    statements: list[Weighted], snapshot: Snapshot, copy: Twin
) -> None:
    def too_short(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
        text = "SELECT id FROM orders WHERE placed BETWEEN '2024-05-17' AND '2024-05-17 23:59:59'"
        if "placed" in source.text:
            yield Rewritten(text, "it is the whole day")

    wrong = replace(all_rewrites()[0], id="rewrites/too-short", function=too_short)
    findings, counts = advise_rewrites(statements, snapshot, copy, rewrites=[wrong])
    assert findings == []
    assert counts.different == 1
    (refused,) = counts.refused
    assert refused.rule == "rewrites/too-short"
    example = refused.verdict.counter_example
    assert example is not None
    assert any("23:59:59." in str(row["placed"]) for row in example.rows["public.orders"])


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (Run(0.020), Run(0.010), 2),
        (Run(0.020), Run(0.0201), 0),  # an estimate alone gains nobody anything
        (Run(1.0, timed_out=True), Run(0.9), 2),
        (Run(0.9), Run(1.0, timed_out=True), 0),
    ],
)
def test_what_is_no_faster_when_run_is_not_shown(
    statements: list[Weighted],
    snapshot: Snapshot,
    copy: Twin,
    before: Run,
    after: Run,
    shown: int,
) -> None:
    found, counts = advise_rewrites(
        statements, snapshot, copy, timed=lambda *_: MeasuredRewrite(before, after, equal=True)
    )
    assert len(found) == shown
    assert bool(counts.slower) is not bool(shown)
    assert [skipped.reason for skipped in told(counts)] == (
        [] if shown else ["3 texts are no faster when run, whatever the planner says: not shown"]
    )


def test_one_that_breaks_does_not_hide_the_others(
    statements: list[Weighted], snapshot: Snapshot, copy: Twin
) -> None:
    def broken(source: Source, catalog: Catalog) -> Iterator[Rewritten]:
        raise ZeroDivisionError("of a rewrite")

    rewrites: list[Rewrite] = list(all_rewrites())
    rewrites[0] = replace(rewrites[0], id="rewrites/broken", function=broken)
    findings, counts = advise_rewrites(statements, snapshot, copy, rewrites=rewrites)
    assert findings
    assert counts.broken == {"rewrites/broken": "ZeroDivisionError: of a rewrite"}


def test_without_time_it_says_what_was_not_tried(
    statements: list[Weighted], snapshot: Snapshot, copy: Twin
) -> None:
    findings, counts = advise_rewrites(statements, snapshot, copy, seconds=-1.0)
    assert findings == []
    assert counts.untried == 5
