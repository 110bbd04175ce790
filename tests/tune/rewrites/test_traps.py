"""What tempts a rewrite to be wrong where few rows show it: each rule itself must know better."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.tune.rewrites.place import execute, snapshot_of

from dbwright.model.catalog import ForeignKey, Key
from dbwright.model.finding import Confidence
from dbwright.model.snapshot import Snapshot
from dbwright.model.workload import Query
from dbwright.sandbox import Server
from dbwright.sandbox.twin.twin import twin
from dbwright.tune.rewrites.advise import advise_rewrites
from dbwright.tune.rewrites.data import with_referred
from dbwright.tune.rewrites.keys import holds
from dbwright.tune.rewrites.parameters import sent_with_parameters
from dbwright.tune.rewrites.proof import Prover
from dbwright.tune.rewrites.registry import all_rewrites
from dbwright.tune.rewrites.rules._moments import always_one_midnight
from dbwright.tune.rewrites.rules._shop import SALES
from dbwright.tune.rewrites.source import read_source
from dbwright.tune.rewrites.verdict import Outcome
from dbwright.tune.workload.weighted import weighted

SCHEMA = """
CREATE TYPE two AS (x int, y int);
CREATE TABLE dept (id int PRIMARY KEY, boss int);
CREATE TABLE emp (
    id int PRIMARY KEY, dept_id int NOT NULL REFERENCES dept, score float8, level int, both_ two,
    code text NOT NULL, big bigint NOT NULL UNIQUE, hired timestamptz, born timestamp
);
CREATE TABLE flags (id int PRIMARY KEY, on_ boolean);
CREATE TABLE part (id int NOT NULL, k int NOT NULL) PARTITION BY LIST (k);
CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
ALTER TABLE ONLY part ADD UNIQUE (id, k);
"""
NUMBERED = (
    "(SELECT e.*, row_number() OVER (PARTITION BY dept_id ORDER BY level, id) AS n FROM emp e) e"
)


@pytest.fixture(scope="module")
def snapshot(postgresql: Server) -> Snapshot:
    postgresql.create_database("traps")
    execute(postgresql.url("traps"), SCHEMA)
    return snapshot_of(postgresql.url("traps"))


def texts(snapshot: Snapshot, name: str, query: str) -> list[str]:
    source = read_source(query, snapshot.catalog, snapshot.statistics)
    assert source is not None
    (rule,) = (rule for rule in all_rewrites() if rule.id == f"rewrites/{name}")
    return [rewritten.text for rewritten in rule.function(source, source.catalog)]


@pytest.mark.parametrize("counted", ["e", "e.both_", "ROW(e.level, e.score)"])
def test_a_row_of_nulls_is_counted(snapshot: Snapshot, counted: str) -> None:
    (text,) = texts(
        snapshot,
        "count-compared-with-zero",
        f"SELECT d.id FROM dept d WHERE (SELECT count({counted}) FROM emp e WHERE e.id = d.id) > 0",
    )
    assert f"{counted} IS DISTINCT FROM NULL" in text


@pytest.mark.parametrize(
    ("name", "query"),
    [
        # There is one row for each match: the aggregate is the subquery's.
        (
            "left-join-without-effect",
            "SELECT d.id, (SELECT max(x.level) FROM emp x WHERE x.dept_id = d.id) AS most "
            "FROM dept d LEFT JOIN emp e ON e.dept_id = d.id",
        ),
        # This one is not, and counts.
        (
            "left-join-without-effect",
            "SELECT d.boss, (SELECT count(d.id)) AS n FROM dept d "
            "LEFT JOIN emp e ON e.dept_id = d.id GROUP BY d.boss",
        ),
        # Of departments that are not asked for the sum may be 0.
        (
            "correlated-scalar-subquery",
            "SELECT (SELECT sum(9 / e.level) FROM emp e WHERE e.dept_id = d.id) AS s FROM dept d",
        ),
        # Over no rows this is an array of one element.
        (
            "correlated-scalar-subquery",
            "SELECT (SELECT array_agg(e.id) || 7 FROM emp e WHERE e.dept_id = d.id) AS a FROM dept d",
        ),
        # Both readers must see the same five, the same numbers, the same sums of floats.
        (
            "materialized-cte",
            "WITH e AS (SELECT id, level FROM emp ORDER BY level LIMIT 5) "
            "SELECT a.id FROM e a JOIN e b ON b.level = a.id",
        ),
        (
            "materialized-cte",
            "WITH e AS (SELECT id, row_number() OVER (ORDER BY level) AS n FROM emp) "
            "SELECT a.id FROM e a JOIN e b ON b.n = a.n + 1",
        ),
        (
            "materialized-cte",
            "WITH e AS (SELECT dept_id, avg(score) AS v FROM emp GROUP BY dept_id) "
            "SELECT dept_id FROM e WHERE v = (SELECT max(v) FROM e)",
        ),
        # Two bigints may be one double precision.
        (
            "union-of-distinct-rows",
            "SELECT big, 1 AS k FROM emp UNION SELECT DISTINCT score, 2 FROM emp",
        ),
        # Not all partitions have the key yet.
        ("redundant-distinct", "SELECT DISTINCT id, k FROM part"),
        ("not-in-subquery", "SELECT id FROM emp WHERE id NOT IN (SELECT max(id) FROM dept)"),
        (
            "not-in-subquery",
            "SELECT id FROM emp WHERE id NOT IN (SELECT id FROM dept GROUP BY ROLLUP (id))",
        ),
        # The schema's name has no meaning beside a subquery.
        (
            "or-over-columns",
            "SELECT public.emp.id FROM emp WHERE level = 3 OR id IN (SELECT boss FROM dept)",
        ),
        (
            "or-across-relations",
            "SELECT e.id FROM emp e JOIN dept d ON d.id = e.dept_id WHERE d.boss = 1 OR e.id = 2 "
            "OFFSET 3",
        ),
        # The hour is one of the day.
        (
            "function-on-compared-column",
            "SELECT id FROM emp WHERE date_trunc('hour', born)::date = '2024-05-17'",
        ),
        (
            "function-on-compared-column",
            "SELECT id FROM emp WHERE born::date NOT IN ('2024-05-17')",
        ),
        # ON does not choose among the rows of the side that is kept.
        (
            "every-row-numbered-for-one",
            f"SELECT e.id FROM {NUMBERED} LEFT JOIN dept d ON d.id = e.dept_id AND e.n = 1",
        ),
        (
            "every-row-numbered-for-one",
            f"SELECT e.id FROM dept d LEFT JOIN {NUMBERED} ON d.id = e.dept_id WHERE e.n = 1 OR true",
        ),
        (
            "every-row-numbered-for-one",
            f"SELECT e.id FROM dept d FULL JOIN {NUMBERED} ON d.id = e.dept_id AND e.n = 1",
        ),
        # A department comes once for each level.
        (
            "distinct-over-fan-out-join",
            "SELECT d.id FROM dept d JOIN emp e ON e.dept_id = d.id GROUP BY d.id, e.level",
        ),
        # The name is that of the output column, by which it sorts.
        ("offset-pagination", "SELECT -id AS id FROM emp ORDER BY id LIMIT 9 OFFSET 5000"),
        (
            "every-row-sorted-for-one",
            "SELECT DISTINCT ON (dept_id) dept_id % 2 AS dept_id FROM emp ORDER BY dept_id, id",
        ),
        # Two of the words are one boolean; two columns may both have their value.
        (
            "union-of-distinct-rows",
            "SELECT id FROM flags WHERE on_ = 't' UNION SELECT id FROM flags WHERE on_ = 'true'",
        ),
        (
            "union-of-distinct-rows",
            "SELECT id FROM emp WHERE code = 'a' UNION SELECT id FROM emp WHERE level = 1",
        ),
        # Above 2^24 several whole numbers are one.
        ("constant-of-wider-type", "SELECT id FROM emp WHERE big = 33333333::real"),
    ],
)
def test_what_is_left_alone(snapshot: Snapshot, name: str, query: str) -> None:
    assert texts(snapshot, name, query) == []


@pytest.mark.parametrize(
    ("order", "meant"),
    [("1 DESC", "e.level DESC"), ("id", "e.level"), ("e.id", "e.id"), ("born", "e.born")],
)
def test_what_sorts_is_what_order_by_means(snapshot: Snapshot, order: str, meant: str) -> None:
    (text,) = texts(
        snapshot,
        "top-row-searched-for-each-row",
        "SELECT (SELECT e.level AS id FROM emp e WHERE e.dept_id = d.id "
        f"ORDER BY {order} LIMIT 1) AS first FROM dept d",
    )
    assert f"ORDER BY e.dept_id, {meant})" in text


def test_what_a_condition_asks_of_a_reference_is_there(snapshot: Snapshot) -> None:
    asked = {("public.emp", "dept_id"): ["5"], ("public.emp", "level"): ["7"]}
    assert with_referred(snapshot.catalog, asked) == {**asked, ("public.dept", "id"): ["5"]}


def test_a_reference_to_a_period_gives_no_partner(snapshot: Snapshot) -> None:
    catalog = snapshot.catalog
    (dept, emp) = (catalog.find_table(name) for name in ("public.dept", "public.emp"))
    assert dept is not None and emp is not None
    key = ForeignKey("later", ("dept_id", "born"), "public", "dept", ("id", "boss"))
    temporal = Key("covered", ("id", "boss"), "covered", without_overlaps=True)
    whole = replace(catalog, tables=(dept, emp))
    assert holds(whole, emp, key)
    covered = replace(dept, unique_constraints=(temporal,))
    assert not holds(replace(catalog, tables=(covered, emp)), emp, key)


def test_any_row_among_ties_is_right(postgresql: Server, snapshot: Snapshot) -> None:
    """A sort may pick the same of them from both ends: the others are not wrong for that."""
    ranked = (
        "SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY dept_id ORDER BY level) AS n "
        "FROM emp) e WHERE n = 1"
    )
    each = (
        "SELECT e.id FROM dept d CROSS JOIN LATERAL (SELECT id FROM emp WHERE emp.dept_id = d.id "
        "ORDER BY level LIMIT 1) e"
    )
    with Prover(snapshot, postgresql) as prover:
        assert prover.prove(ranked, each).equal
        last = each.replace("ORDER BY level", "ORDER BY level DESC")
        assert prover.prove(ranked, last).outcome is Outcome.DIFFERENT
        # Rows of today are among those that were made.
        today = "SELECT id FROM emp WHERE born::date = CURRENT_DATE - 3"
        range_ = "SELECT id FROM emp WHERE born >= CURRENT_DATE - 3 AND born {} CURRENT_DATE - 2"
        assert prover.prove(today, range_.format("<")).equal
        assert prover.prove(today, range_.format("<=")).outcome is Outcome.DIFFERENT


@pytest.mark.parametrize(
    ("zone", "condition", "rewritten"),
    [
        ("Europe/Berlin", "hired::date = CURRENT_DATE", True),
        ("Europe/Berlin", "date_trunc('month', hired) = date_trunc('month', now())", True),
        ("Europe/Berlin", "born::date = $1::date", True),
        # Long ago Berlin had a midnight twice; Havana has one each year.
        ("Europe/Berlin", "hired::date = $1::date", False),
        ("America/Havana", "hired::date = CURRENT_DATE", False),
        ("America/Havana", "born::date >= CURRENT_DATE", True),
        # Compared as moments with time zone, of which one may be two of the column's.
        ("Europe/Berlin", "date_trunc('month', born) = date_trunc('month', now())", False),
        ("Etc/UTC", "date_trunc('month', born) = date_trunc('month', now())", True),
        ("Etc/UTC", "extract(year FROM born) = extract(year FROM CURRENT_DATE)", True),
        ("Etc/UTC", "date_trunc('month', born) = date_trunc('year', now())", False),
    ],
)
def test_what_moves_with_the_clock(
    snapshot: Snapshot, zone: str, condition: str, rewritten: bool
) -> None:
    settings = tuple(
        replace(setting, value=zone) if setting.name == "TimeZone" else setting
        for setting in snapshot.catalog.settings
    )
    there = replace(snapshot, catalog=replace(snapshot.catalog, settings=settings))
    query = f"SELECT id FROM emp WHERE {condition}"
    assert bool(texts(there, "function-on-compared-column", query)) is rewritten


def test_midnights_of_a_zone() -> None:
    assert always_one_midnight("Europe/Berlin", since=2000)
    assert not always_one_midnight("Europe/Berlin")
    assert not always_one_midnight("America/Havana", since=2000)
    assert always_one_midnight("UTC")


def test_the_parameters_of_a_query_stay(postgresql: Server) -> None:
    postgresql.create_database("trapped")
    execute(postgresql.url("trapped"), SALES)
    snapshot = snapshot_of(postgresql.url("trapped"))
    counted = (
        "SELECT id, (SELECT count(*) FROM sales s WHERE s.amount = r.id AND s.region_id > $1) AS n "
        "FROM regions r WHERE id <> $2"
    )
    first = (
        "SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY region_id ORDER BY at DESC, id) "
        "AS n FROM sales) s WHERE n <= $1"
    )
    queries = [Query(counted), Query(first)]
    with twin(snapshot) as copy:
        with copy.connect() as connection:
            statements, _ = weighted(queries, snapshot, connection)
        findings, counts = advise_rewrites(statements, snapshot, copy)
    assert counts.different == 0
    by_rule = {finding.rule: finding for finding in findings}
    advice = by_rule["rewrites/correlated-scalar-subquery"]
    shown = str(advice.evidence["rewritten"])
    assert "s.region_id > $1 GROUP BY" in shown and "id <> $2" in shown
    assert advice.confidence is Confidence.MEDIUM
    # That only the first row is wanted is one value's doing.
    doubtful = by_rule["rewrites/every-row-numbered-for-one"]
    assert doubtful.confidence is Confidence.LOW
    assert doubtful.evidence["for_these_values"] is True
    assert "only proven for them" in doubtful.advice
    assert sent_with_parameters(queries[0]) == counted
    assert sent_with_parameters(Query("SELECT $1", example="SELECT 1")) is None
